/** Who may do what over the admin port. */

import { createHash } from "node:crypto";

export const PERMISSIONS = ["view", "payload", "operate"] as const;

/** view: read all but values of events. payload: read bodies, headers and what was made of them. operate: replay, retry, drop, pause. */
export type Permission = (typeof PERMISSIONS)[number];

/** A token that the admin port takes. The token itself is not kept. */
export interface AdminToken {
  /** Stands as the actor in the record of what was done with it. */
  readonly name: string;
  /** SHA-256 of the token, 32 bytes. */
  readonly sha256: Buffer;
  readonly permissions: ReadonlySet<Permission>;
}

/** What is kept of a token, and compared. */
export function hashOfToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
