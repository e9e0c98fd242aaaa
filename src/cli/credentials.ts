/** Which token is shown to a gateway: the one of the settings, else this user's own, and that on this machine only. */

import type { Environment } from "../config/env.ts";
import { localTokenFile, readLocalToken } from "../config/local-token.ts";
import type { Settings } from "../config/schema.ts";
import { isLoopback } from "../ops/guard.ts";

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
