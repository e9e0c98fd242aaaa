/** Tokens of the admin port, as operators give them: a file of several, or the one of a setting. */

import { closeSync, fstatSync, openSync, readSync, realpathSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { fault, reasonOf } from "../core/errors.ts";
import type { AdminToken } from "../core/permission.ts";
import { hashOfToken, PERMISSIONS } from "../core/permission.ts";
import { keepLocalToken } from "./local-token.ts";
import type { Settings } from "./schema.ts";
import { token as tokenText } from "./values.ts";

const MAX_BYTES = 65_536;
const MAX_TOKENS = 1_000;

const entry = z
  .strictObject({
    name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/),
    sha256: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/)
      .optional(),
    token: tokenText.optional(),
    permissions: z.array(z.enum(PERMISSIONS)).min(1),
  })
  .refine(({ sha256, token }) => (sha256 === undefined) !== (token === undefined), "wants sha256 or token");

/**
 * Reads the operators' file: a YAML or JSON list of `{name, sha256 | token, permissions}`.
 *
 * @throws SluiceError SLUICE_CONFIG_INVALID; it never quotes what stands in the file.
 */
export function readAdminTokens(path: string): readonly AdminToken[] {
  const refuse = (reason: string, cause?: unknown) =>
    fault("SLUICE_CONFIG_INVALID", { key: "adminTokens", reason: `${path}: ${reason}` }, { cause });
  const text = readLimited(path, refuse);
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 0, prettyErrors: false });
  } catch (error) {
    throw refuse("is no valid YAML", error);
  }
  const result = z.array(entry).min(1).max(MAX_TOKENS).safeParse(value);
  if (!result.success) {
    const [first] = result.error.issues;
    const where = first?.path.join(".") ?? "";
    throw refuse(
      `${where || "it"}: expected a list of name, sha256 (64 hex digits) or token, and permissions`,
    );
  }
  const tokens = result.data.map(({ name, sha256, token = "", permissions }) => ({
    name,
    sha256: sha256 === undefined ? hashOfToken(token) : Buffer.from(sha256, "hex"),
    permissions: new Set(permissions),
  }));
  const twice = tokens.find(({ name }, i) => tokens.findIndex((other) => other.name === name) !== i);
  if (twice !== undefined) throw refuse(`the name ${twice.name} stands there twice`);
  return tokens;
}

/**
 * The tokens that a gateway takes: those that the settings name; where they name none, this user's own.
 *
 * @param localFile where this user's token is kept; undefined where no such token may count.
 * @throws SluiceError SLUICE_CONFIG_INVALID.
 */
export function adminTokens(
  { adminToken, adminTokens }: Pick<Settings, "adminToken" | "adminTokens">,
  localFile: string | undefined,
): readonly AdminToken[] {
  const named = [
    ...(adminTokens === undefined ? [] : readAdminTokens(adminTokens)),
    ...(adminToken === undefined ? [] : [fullToken("admin", adminToken)]),
  ];
  if (named.length > 0 || localFile === undefined) return named;
  return [fullToken("local", keepLocalToken(localFile))];
}

/** Whether the settings name tokens, be it one or a file of them. */
export function namesTokens({
  adminToken,
  adminTokens,
}: Pick<Settings, "adminToken" | "adminTokens">): boolean {
  return adminToken !== undefined || adminTokens !== undefined;
}

/** A token that may do everything. @param name the actor of what is done with it. */
function fullToken(name: string, token: string): AdminToken {
  return { name, sha256: hashOfToken(token), permissions: new Set(PERMISSIONS) };
}

function readLimited(path: string, refuse: (reason: string, cause?: unknown) => Error): string {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw refuse(reasonOf(error), error);
  }
  try {
    const { mode } = fstatSync(file);
    if ((mode & 0o007) !== 0 && process.platform !== "win32" && !isMounted(path))
      throw refuse(openToAll(mode));
    const buffer = Buffer.alloc(MAX_BYTES + 1);
    const size = readSync(file, buffer);
    if (size > MAX_BYTES) throw refuse(`is larger than ${MAX_BYTES} bytes`);
    return buffer.toString("utf8", 0, size);
  } finally {
    closeSync(file);
  }
}

const openToAll = (mode: number): string =>
  `every user of this machine may use the file (mode ${(mode & 0o777).toString(8).padStart(4, "0")}): say "chmod o=" of it; in a cluster mount its Secret with defaultMode 0440`;

/** In a pod a kubelet writes Secrets into folders such as `..2026_01_31_…`, and nobody else is there to read them. */
function isMounted(path: string): boolean {
  return realpathSync(path)
    .split("/")
    .some((part) => /^\.\.\d{4}_\d{2}_\d{2}_/.test(part));
}
