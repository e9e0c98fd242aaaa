/** Who may use the admin port: those with a token, and what is open to those without. */

import { isLoopback } from "../admin/guard.ts";
import type { Settings } from "../config/index.ts";
import { adminTokens, namesTokens, printAddress } from "../config/index.ts";
import { asFault, fault } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";
import type { AdminToken } from "../core/permission.ts";

export interface AdminAccess {
  readonly tokens: readonly AdminToken[];
  /** To whom it is open without a token. */
  readonly open: Settings["adminOpen"];
  /** Further names of this port that a request may have in Host. */
  readonly hosts: Settings["adminHosts"];
}

/** @param localToken the token of this user on this machine; it counts only on a port that others do not reach. */
export function adminAccess(settings: Settings, localToken: string | undefined, tell: Tell): AdminAccess {
  const tokens = tokensOf(settings, localToken, tell);
  tellIgnored(settings, tell);
  return { tokens, open: openTo(settings), hosts: settings.adminHosts };
}

/** A read-only disk is no reason not to take deliveries: nobody can operate then, and the log says why. */
function tokensOf(settings: Settings, localToken: string | undefined, tell: Tell): readonly AdminToken[] {
  try {
    return adminTokens(settings, isLoopback(settings.admin.host) ? localToken : undefined);
  } catch (thrown) {
    const error = asFault(thrown);
    if (error.values["key"] !== "adminToken") throw error;
    tell({ type: "setting.ignored", error });
    return [];
  }
}

/** Who named tokens wants to know who looks: then nothing is open to those who show none. */
function openTo(settings: Settings): Settings["adminOpen"] {
  return namesTokens(settings) ? "never" : settings.adminOpen;
}

/** A port that others reach is never open: whoever asked for that should not have to find out by a 401. */
function tellIgnored(settings: Settings, tell: Tell): void {
  const { admin, adminOpen: open } = settings;
  const why = namesTokens(settings)
    ? "beside tokens"
    : !isLoopback(admin.host) && `on ${printAddress(admin)}, which others than this machine can reach`;
  if (open !== "loopback" || why === false) return;
  tell({ type: "setting.ignored", error: fault("SLUICE_ADMIN_OPEN", { open, why }) });
}
