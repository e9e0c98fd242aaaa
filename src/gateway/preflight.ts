/** Preflight: what a wrong setting would break later is tried before anything is opened, so that a start fails at once. */

import { once } from "node:events";
import { createServer } from "node:net";
import type { Settings } from "../config/index.ts";
import { printAddress } from "../config/index.ts";
import { asFault, fault } from "../core/errors.ts";
import type { Target } from "../core/job.ts";
import { unbound } from "./listen.ts";

type Address = Settings["listen"];

/**
 * Binds both ports and lets go of them again, and writes to the folder that objects go to.
 *
 * @param target undefined where this gateway creates nothing.
 * @throws SluiceError SLUICE_CONFIG_INVALID for a port that cannot be had, SLUICE_CREATE_DIRECTORY for a folder.
 */
export async function preflight(
  { role, listen, admin }: Pick<Settings, "role" | "listen" | "admin">,
  target: Target | undefined,
): Promise<void> {
  if (role !== "worker") twoAddresses(listen, admin);
  await tryPort("admin", admin);
  if (role !== "worker") await tryPort("listen", listen);
  // A cluster that is away at the start comes back; a folder that cannot be written does not.
  if (target?.name.startsWith("directory ")) await target.ready().catch(atTheStart);
}

/** Each alone can be had; both together not. */
function twoAddresses(listen: Address, admin: Address): void {
  const wild = [listen, admin].some(({ host }) => host === "0.0.0.0" || host === "::");
  if (listen.port === 0 || listen.port !== admin.port || !(wild || listen.host === admin.host)) return;
  const reason = `is the port of --admin too (${printAddress(admin)})`;
  const cure = "Give the two ports addresses of their own: --listen and --admin.";
  throw fault("SLUICE_CONFIG_INVALID", { key: "listen", reason, cure });
}

/** A start that fails is not tried again, as an object is that could not be written later. */
function atTheStart(thrown: unknown): never {
  const { code, values } = asFault(thrown);
  throw fault(code, { ...values, cure: UNWRITABLE }, { cause: thrown });
}

/** What helps where the folder for objects cannot be written. */
export const UNWRITABLE =
  "Give this user the right to write there, and room, or name another place: --create directory:<folder>.";

/** @throws SluiceError SLUICE_CONFIG_INVALID where it cannot be had. */
export async function tryPort(key: "listen" | "admin", address: Address): Promise<void> {
  const server = createServer();
  try {
    server.listen({ host: address.host, port: address.port });
    await once(server, "listening");
    server.close();
    await once(server, "close");
  } catch (error) {
    throw unbound(key, address, error);
  }
}
