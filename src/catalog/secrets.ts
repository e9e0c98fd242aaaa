/** Secrets that stand in files: everything is in memory, so nothing has to be asked for. */

import { fault } from "../core/errors.ts";
import type { SecretData, Secrets } from "../core/secrets.ts";
import type { Secret } from "./kinds/secret.ts";

/**
 * The port to secrets on a fixed set of them.
 *
 * @param broken those that are declared and cannot be used, by `namespace/name`, with the reason: what they prove is
 *   neither proved nor refuted.
 */
export function fileSecrets(
  secrets: Iterable<Secret>,
  broken: ReadonlyMap<string, string> = new Map(),
): Secrets {
  const known = new Map<string, SecretData>();
  for (const { namespace, name, data } of secrets) known.set(`${namespace}/${name}`, data);
  const find = (namespace: string, name: string): SecretData | null =>
    known.get(`${namespace}/${name}`) ?? null;
  return {
    peek: (namespace, name) => (broken.has(`${namespace}/${name}`) ? undefined : find(namespace, name)),
    async read(namespace, name) {
      const reason = broken.get(`${namespace}/${name}`);
      if (reason === undefined) return find(namespace, name);
      throw fault("SLUICE_SECRET_BROKEN", { secret: `${namespace}/${name}`, reason });
    },
    names: (namespace) =>
      [...known.keys()]
        .filter((key) => key.startsWith(`${namespace}/`))
        .map((key) => key.slice(namespace.length + 1)),
    namespaces: (name) =>
      [...known.keys()]
        .filter((key) => key.endsWith(`/${name}`))
        .map((key) => key.slice(0, -name.length - 1)),
  };
}
