/** Secrets that stand in files: everything is in memory, so nothing has to be asked for. */

import type { SecretData, Secrets } from "../core/secrets.ts";
import type { Secret } from "./kinds/secret.ts";

/** The port to secrets on a fixed set of them. */
export function fileSecrets(secrets: Iterable<Secret>): Secrets {
  const known = new Map<string, SecretData>();
  for (const { namespace, name, data } of secrets) known.set(`${namespace}/${name}`, data);
  const peek = (namespace: string, name: string): SecretData | null =>
    known.get(`${namespace}/${name}`) ?? null;
  return {
    peek,
    read: async (namespace, name) => peek(namespace, name),
    names: (namespace) =>
      [...known.keys()]
        .filter((key) => key.startsWith(`${namespace}/`))
        .map((key) => key.slice(namespace.length + 1)),
  };
}
