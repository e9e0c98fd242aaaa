/** How a record's request is sealed: signed together with its proof and listener, its body encrypted where that is set. */

import type { Delivery, ObjectName } from "../../core/delivery.ts";
import { forged, judge, type StoreKeys, unknownKey } from "../../core/integrity.ts";
import type { StoredDelivery } from "../../core/ledger.ts";
import { decodeBody, encodeBody, encodeHead, readHead } from "./codec.ts";

/** The first byte of an encrypted body; codec.ts has the others. */
const ENCRYPTED = 3;

/** Where a body is not kept. */
export const NO_BODY = Buffer.alloc(0);

/** What is signed of a record beside its request. */
export interface Signed {
  readonly id: string;
  readonly listener: ObjectName;
  readonly receivedAt: number;
  readonly proof: string;
  readonly replayOf?: string;
}

export interface Seals {
  /** The body as it is stored: compressed, then encrypted; a large one later, by another thread. */
  body(delivery: Delivery): Buffer | Promise<Buffer>;
  /**
   * Request line and headers as they are stored, with the signature over all that a decision relies on.
   *
   * @param body as it is stored; {@link NO_BODY} where it is not kept. @param digest its SHA-256 then.
   */
  head(delivery: Delivery, facts: Signed, body: Buffer, digest?: string): Buffer;
  /**
   * The delivery that a record holds.
   *
   * @throws SluiceError SLUICE_STORE_FORGED, SLUICE_STORE_KEY, SLUICE_STORE_UNSIGNED, as integrity.ts has them.
   */
  open(facts: Signed, head: Uint8Array, body: Uint8Array): StoredDelivery | Promise<StoredDelivery>;
}

export function createSeals(keys: StoreKeys | undefined): Seals {
  return {
    body({ id, body }) {
      const bytes = encodeBody(body);
      if (!keys?.encrypt) return bytes;
      const { keyring } = keys;
      const encrypted = (plain: Buffer): Buffer =>
        Buffer.concat([Buffer.of(ENCRYPTED), keyring.encrypt(nameOf(id), plain)]);
      return bytes instanceof Promise ? bytes.then(encrypted) : encrypted(bytes);
    },
    head(delivery, facts, body, digest) {
      if (keys === undefined) return encodeHead(delivery, { digest });
      return encodeHead(delivery, {
        digest,
        sign: (head) => keys.keyring.sign(signedText(facts, head), body),
      });
    },
    open(facts, stored, body) {
      const { head, text, mac } = readHead(stored);
      const wrong =
        keys &&
        judge(keys, { text: signedText(facts, text), bytes: body, signature: mac }, `delivery ${facts.id}`);
      if (wrong !== undefined) throw wrong;
      const { id, listener, receivedAt, proof, replayOf } = facts;
      const origin = replayOf === undefined ? {} : { replayOf };
      const whole = (bytes: Buffer): StoredDelivery => ({
        ...{ id, listener, receivedAt, ...head, body: bytes, ...origin, proof },
      });
      const bytes = opened(keys, id, body);
      return bytes instanceof Promise ? bytes.then(whole) : whole(bytes);
    },
  };
}

function opened(keys: StoreKeys | undefined, id: string, body: Uint8Array): Buffer | Promise<Buffer> {
  if (body[0] !== ENCRYPTED) return decodeBody(body);
  const what = `the body of delivery ${id}`;
  const found = keys?.keyring.decrypt(nameOf(id), body.subarray(1));
  if (found !== undefined && "bytes" in found) return decodeBody(found.bytes);
  if (found?.verdict === "forged") throw forged(what);
  throw unknownKey(keys?.keyring, what, Buffer.from(body.subarray(1, 5)).toString("hex"));
}

const nameOf = (delivery: string): string => `body ${delivery}`;

/** What is signed before the bytes of the body as they are stored. Its JSON has no line break, so the first one ends it. */
export function signedText(facts: Signed, head: string): string {
  const { id, listener, receivedAt, proof, replayOf } = facts;
  const { namespace, name } = listener;
  return `record ${JSON.stringify([id, namespace, name, receivedAt, proof, replayOf])} ${head}\n`;
}
