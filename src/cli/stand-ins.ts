/** Values in place of Secrets that are in none of the files, so that an example can be signed and its proof be checked. */

import { randomBytes } from "node:crypto";
import type { SecretKey } from "../core/interceptor.ts";
import type { SecretData, Secrets } from "../core/secrets.ts";

export interface StandIns extends Secrets {
  /** Gives a Secret that is not among the files a value; one that is there keeps its own. */
  put(secret: SecretKey, value: Buffer): void;
}

/** @param files the Secrets that were read. */
export function createStandIns(files: Secrets): StandIns {
  const made = new Map<string, Map<string, Buffer>>();
  const placed = (known: SecretData | null, namespace: string, name: string): SecretData | null =>
    known ?? made.get(`${namespace}/${name}`) ?? null;
  const { names } = files;
  return {
    peek(namespace, name) {
      const known = files.peek(namespace, name);
      return known === undefined ? undefined : placed(known, namespace, name);
    },
    read: async (namespace, name) => placed(await files.read(namespace, name), namespace, name),
    ...(names && { names: (namespace: string) => names(namespace) }),
    put({ namespace, name, key }, value) {
      const place = `${namespace}/${name}`;
      made.set(place, new Map(made.get(place)).set(key, value));
    },
  };
}

/** A value such as the scheme takes, of which nobody thinks that it is a real one. */
export function madeUpValue(scheme: string): Buffer {
  const random = randomBytes(24);
  if (scheme === "standard-webhooks") return Buffer.from(`whsec_${random.toString("base64")}`);
  return Buffer.from(
    scheme === "basic" ? `made-up:${random.toString("hex")}` : `made-up-${random.toString("hex")}`,
  );
}
