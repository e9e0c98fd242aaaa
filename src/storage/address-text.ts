/** What the addresses of all stores share: how a wrong one is refused, and how a login is shown. */

import { fault, type SluiceError } from "../core/errors.ts";

/** Never shows the address itself: a mistyped one holds its password somewhere. */
export function invalid(reason: string): SluiceError {
  return fault("SLUICE_CONFIG_INVALID", { key: "store", reason });
}

/** The login of an address with its password masked, and the `@` behind it; empty without one. */
export function maskedLogin(login: string | undefined): string {
  return login === undefined ? "" : `${login.split(":", 1)[0]}${login.includes(":") ? ":***" : ""}@`;
}
