/** The port to secrets: read by name, only inside a namespace that the asking trigger may see. */

/** Key to bytes, as a Kubernetes Secret's decoded data. */
export type SecretData = ReadonlyMap<string, Buffer>;

export interface Secrets {
  /** What is known without asking: the data, null when the Secret is known to be absent, undefined when not yet read. */
  peek(namespace: string, name: string): SecretData | null | undefined;
  /**
   * Reads a Secret, from memory when it is there.
   *
   * @returns null when it does not exist.
   * @throws SluiceError with retry "soon" when the store of secrets cannot be asked.
   */
  read(namespace: string, name: string): Promise<SecretData | null>;
  /**
   * Reads a Secret that did not prove a sender: it may have been rotated since it was read.
   *
   * @returns undefined when it was read a moment ago.
   * @throws SluiceError as {@link read}.
   */
  again?(namespace: string, name: string): Promise<SecretData | null | undefined>;
  /** Names of the Secrets in a namespace, where they stand in files: those of a cluster are never listed. */
  names?(namespace: string): readonly string[];
  /** Namespaces that have a Secret of this name, likewise. */
  namespaces?(name: string): readonly string[];
}

/**
 * The values that count as valid for a key: the key itself and, while a secret is being rotated, every key
 * `<key>.<anything>` of the same Secret. Empty values never count: an empty key would verify anything.
 */
export function validValues(data: SecretData | null, key: string): Buffer[] {
  const values: Buffer[] = [];
  const main = data?.get(key);
  if (main !== undefined && main.length > 0) values.push(main);
  for (const [name, value] of data ?? []) {
    if (name.startsWith(`${key}.`) && value.length > 0) values.push(value);
  }
  return values;
}
