/** Tokens: whose request this is, and whether it may do what it asks. */

import { timingSafeEqual } from "node:crypto";
import { fault } from "../core/errors.ts";
import type { AdminToken, Permission } from "../core/permission.ts";
import { hashOfToken, PERMISSIONS } from "../core/permission.ts";
import type { Caller } from "./route.ts";

/**
 * What a request without a token may do, and only on a port that this machine alone can reach, as long as the settings
 * name no token. view: read all but values of events. loopback: everything. never: nothing.
 */
export type AdminOpen = "view" | "loopback" | "never";

export interface AccessOptions {
  readonly tokens: readonly AdminToken[];
  readonly open: AdminOpen;
  /** Whether only this machine can reach the port. */
  readonly local: boolean;
}

/** What is asked for. */
export interface Asking {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly permission: Permission;
}

/** Whoever asks inside this process, with the store in his hands already. */
export const OWNER: Caller = { name: "owner", permissions: new Set(PERMISSIONS) };

/**
 * Makes the function that says who asks.
 *
 * @returns the caller. @throws SluiceError SLUICE_ADMIN_TOKEN without a token that counts, SLUICE_ADMIN_PERMISSION when
 *   the token does not allow it.
 */
export function createAccess({ tokens, open, local }: AccessOptions): (asking: Asking) => Caller {
  const anonymous = anonymousCaller(local ? open : "never");
  return ({ method, path, authorization, permission }) => {
    const refuse = (reason: string) =>
      fault("SLUICE_ADMIN_TOKEN", { method, path: path.slice(0, 200), permission, reason });
    if (authorization === undefined) {
      if (anonymous.permissions.has(permission)) return anonymous;
      throw refuse("none was shown");
    }
    const [, shown] = /^Bearer +([\x21-\x7e]{1,512})$/i.exec(authorization) ?? [];
    const caller = shown === undefined ? undefined : holder(tokens, shown);
    if (caller === undefined) throw refuse("the one that was shown is not known here");
    if (!caller.permissions.has(permission))
      throw fault("SLUICE_ADMIN_PERMISSION", { name: caller.name, permission });
    return caller;
  };
}

/**
 * Asks for a right beyond that of the route, after the caller is known.
 *
 * @param what was asked for, for people.
 * @throws SluiceError SLUICE_ADMIN_PERMISSION; SLUICE_ADMIN_TOKEN for callers who have shown no token.
 */
export function demand({ name, permissions }: Caller, permission: Permission, what: string): void {
  if (permissions.has(permission)) return;
  if (name !== ANONYMOUS) throw fault("SLUICE_ADMIN_PERMISSION", { name, permission });
  throw fault("SLUICE_ADMIN_TOKEN", { method: "GET", path: what, permission, reason: "none was shown" });
}

const ANONYMOUS = "anonymous";

/** Every hash is compared, in constant time, so that the time it takes says nothing of which is near. */
function holder(tokens: readonly AdminToken[], shown: string): AdminToken | undefined {
  const hash = hashOfToken(shown);
  let found: AdminToken | undefined;
  for (const token of tokens) if (timingSafeEqual(token.sha256, hash)) found = token;
  return found;
}

function anonymousCaller(open: AdminOpen): Caller {
  const permissions = { view: ["view"] as const, loopback: PERMISSIONS, never: [] }[open];
  return { name: ANONYMOUS, permissions: new Set<Permission>(permissions) };
}

/** The actor as the record keeps it: the token's name, with whom the request named. */
export function actorOf({ name }: Caller, given: string | undefined): string {
  return given === undefined || given === name ? name : `${given} (${name})`;
}
