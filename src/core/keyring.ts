/** The keys of a store, which the store does not hold: the first signs and encrypts, all of them check and decrypt. */

import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";

/** `forged`: the key is known and the signature is not its own. `unknown`: this ring has no such key, so it cannot tell. */
export type Verdict = "held" | "forged" | "unknown" | "unsigned";

/** What came of decrypting: the bytes, or why there are none. */
export type Opened = { readonly bytes: Buffer } | { readonly verdict: "forged" | "unknown" };

export interface Keyring {
  /** Fingerprint of the key that signs: eight hexadecimal digits, which say nothing of the key. */
  readonly id: string;
  /** Fingerprints of all keys. */
  readonly ids: readonly string[];
  /**
   * A signature: the key's fingerprint, a dot, HMAC-SHA256 as base64url.
   *
   * @param bytes what follows the text, signed together with it; the text must say where it ends.
   */
  sign(text: string, bytes?: Uint8Array): string;
  check(text: string, signature: string | undefined, bytes?: Uint8Array): Verdict;
  /** AES-256-GCM under a key of this name alone, which it is bound to. */
  encrypt(name: string, bytes: Uint8Array): Buffer;
  decrypt(name: string, encrypted: Uint8Array): Opened;
}

interface Key {
  readonly id: string;
  readonly signing: KeyObject;
  readonly encrypting: KeyObject;
}

const ID_BYTES = 4;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = ID_BYTES + IV_BYTES + TAG_BYTES;

/** @param secrets at least one, each of 32 bytes or more that nobody can guess; each use has a key derived from it. */
export function createKeyring(secrets: readonly [string, ...string[]]): Keyring {
  const [first, ...others] = secrets;
  const signer = keyOf(first);
  const all = new Map([signer, ...others.map(keyOf)].map((key) => [key.id, key]));

  return {
    id: signer.id,
    ids: [...all.keys()],
    sign: (text, bytes) => `${signer.id}.${mac(signer, text, bytes)}`,
    check(text, signature, bytes) {
      if (signature === undefined) return "unsigned";
      const dot = signature.indexOf(".");
      const key = all.get(signature.slice(0, dot));
      if (key === undefined) return "unknown";
      const [given, right] = [Buffer.from(signature.slice(dot + 1)), Buffer.from(mac(key, text, bytes))];
      return given.length === right.length && timingSafeEqual(given, right) ? "held" : "forged";
    },
    encrypt(name, bytes) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv("aes-256-gcm", namedKey(signer, name), iv).setAAD(Buffer.from(name));
      const text = [cipher.update(bytes), cipher.final()];
      return Buffer.concat([Buffer.from(signer.id, "hex"), iv, cipher.getAuthTag(), ...text]);
    },
    decrypt(name, encrypted) {
      const bytes = Buffer.from(encrypted.buffer, encrypted.byteOffset, encrypted.byteLength);
      const key = all.get(bytes.toString("hex", 0, ID_BYTES));
      if (key === undefined) return { verdict: "unknown" };
      if (bytes.length < HEAD_BYTES) return { verdict: "forged" };
      const iv = bytes.subarray(ID_BYTES, ID_BYTES + IV_BYTES);
      const tag = bytes.subarray(ID_BYTES + IV_BYTES, HEAD_BYTES);
      const options = { authTagLength: TAG_BYTES };
      const cipher = createDecipheriv("aes-256-gcm", namedKey(key, name), iv, options)
        .setAAD(Buffer.from(name))
        .setAuthTag(tag);
      try {
        return { bytes: Buffer.concat([cipher.update(bytes.subarray(HEAD_BYTES)), cipher.final()]) };
      } catch {
        return { verdict: "forged" };
      }
    },
  };
}

function keyOf(secret: string): Key {
  const derived = (use: string, length: number) =>
    Buffer.from(hkdfSync("sha256", secret, "sluice store", use, length));
  return {
    id: derived("fingerprint", ID_BYTES).toString("hex"),
    signing: createSecretKey(derived("sign", 32)),
    encrypting: createSecretKey(derived("encrypt", 32)),
  };
}

function mac({ signing }: Key, text: string, bytes?: Uint8Array): string {
  const begun = createHmac("sha256", signing).update(text);
  return (bytes === undefined ? begun : begun.update(bytes)).digest("base64url");
}

/** A key for each name: however much one ring encrypts, no nonce can meet itself under one key. */
function namedKey({ encrypting }: Key, name: string): Buffer {
  return createHmac("sha256", encrypting).update(name).digest();
}
