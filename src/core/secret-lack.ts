/** Why a Secret gives no value for a key: it is not there, lacks the key, or holds nothing under it; and what helps. */

import type { SecretKey } from "./interceptor.ts";
import { nearest } from "./nearest.ts";
import { nearestKey } from "./secret-quality.ts";
import type { SecretData, Secrets } from "./secrets.ts";

/** Values of a fault: `Secret {secret} {lack}`. */
export interface SecretLack {
  /** `ci/hook` */
  readonly secret: string;
  /** `has no key token (did you mean its key tok?)` */
  readonly lack: string;
  readonly cure: string;
}

/** @param data what was read, null for a Secret that does not exist. @param secrets where it was looked for. */
export function lackOf(
  wanted: SecretKey,
  data: SecretData | null,
  secrets: Pick<Secrets, "names" | "namespaces">,
): SecretLack {
  const { namespace, name, key } = wanted;
  const secret = `${namespace}/${name}`;
  const meant = meantInstead(wanted, data, secrets);
  const hint = meant === undefined ? "" : ` (${meant})`;
  if (data === null)
    return {
      ...{ secret, lack: `does not exist${hint}` },
      cure: `Create it in namespace ${namespace} with a value under key ${key}, or correct the name that refers to it.`,
    };
  if (data.has(key))
    return { secret, lack: `holds nothing under key ${key}`, cure: "Put a value under that key." };
  return {
    ...{ secret, lack: `has no key ${key}${hint}` },
    cure: "The Secret is there: put a value under that key, or correct the key that refers to it.",
  };
}

/** What was probably meant instead of a Secret or key that is not there: "did you mean its key token?", or undefined. */
export function meantInstead(
  { namespace, name, key }: SecretKey,
  data: SecretData | null,
  secrets: Pick<Secrets, "names" | "namespaces">,
): string | undefined {
  const [elsewhere] = data === null ? (secrets.namespaces?.(name) ?? []) : [];
  if (elsewhere !== undefined)
    return `there is ${elsewhere}/${name}, but a trigger's Secrets are read in its own namespace`;
  const near = data === null ? nearest(name, secrets.names?.(namespace) ?? []) : nearestKey(data, key);
  if (near === undefined) return undefined;
  return data === null ? `did you mean Secret ${namespace}/${near}?` : `did you mean its key ${near}?`;
}
