/** What is shown to a gateway, and what it must show: the token of the settings, else this user's own; trusted certificates. */

import { readFileSync } from "node:fs";
import { isLoopback } from "../admin/guard.ts";
import type { Environment, Settings } from "../config/index.ts";
import { localTokenFile, readLocalToken } from "../config/index.ts";
import { fault, reasonOf } from "../core/errors.ts";

/**
 * Tokens to show, in order; undefined is to show none. A token that nobody named is only a guess: where it is not known,
 * whoever shows none may look all the same.
 *
 * @param url of the gateway. To other machines only a token that was named goes: a stranger there must not learn what
 *   opens the gateway here.
 */
export function tokensFor(
  url: string,
  settings: Settings,
  environment: Environment,
): readonly (string | undefined)[] {
  if (settings.adminToken !== undefined) return [settings.adminToken];
  if (!URL.canParse(url) || !isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ""))) return [undefined];
  // A gateway named by its address may work on another store than the one that this folder's settings name.
  const places = [settings.store, "redis://any"] as const;
  const files = new Set(places.map((store) => localTokenFile({ store }, environment)));
  return [...[...files].flatMap((file) => readLocalToken(file) ?? []), undefined];
}

/**
 * What is trusted at a gateway's admin port beside the usual authorities, as PEM texts: the setting adminCa, and the
 * port's own certificate where its settings are those of this verb.
 *
 * @throws SluiceError SLUICE_CONFIG_INVALID for a file that cannot be read.
 */
export function trustedBy(settings: Pick<Settings, "adminCa" | "adminTlsCert">): readonly string[] {
  return (["adminCa", "adminTlsCert"] as const).flatMap((key) => {
    const place = settings[key];
    if (place === undefined) return [];
    if (place.startsWith("-----BEGIN")) return [place];
    try {
      return [readFileSync(place, "utf8")];
    } catch (error) {
      throw fault("SLUICE_CONFIG_INVALID", { key, reason: reasonOf(error) }, { cause: error });
    }
  });
}
