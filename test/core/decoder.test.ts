/** Bodies decoded: small ones as they are, large ones with a limit of values, and only from UTF-8. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createDecoder, DECODED_AT_ONCE, withDecoded } from "../../src/core/decoder.ts";
import { parseJson } from "../../src/core/json.ts";

const filled = (fill: Buffer, size: number): Buffer =>
  Buffer.concat([Buffer.from('{"a":"'), Buffer.alloc(size, fill), Buffer.from('"}')]);

test("a small body that is no UTF-8 is read as Go reads it, a large one has no JSON", async () => {
  const decoder = createDecoder();
  const bytes = Buffer.from([0xff]);
  const small = filled(bytes, 10);
  await withDecoded(decoder, small, async (payload) => {
    assert.deepEqual(payload.json(), { a: "\ufffd".repeat(10) });
  });
  await withDecoded(decoder, filled(bytes, DECODED_AT_ONCE), async (payload) => {
    assert.throws(() => payload.json(), /must be UTF-8/);
  });
});

test("a large body comes out as a small one would", async () => {
  const body = filled(Buffer.from("ü"), DECODED_AT_ONCE);
  await withDecoded(createDecoder(), body, async (payload) => {
    assert.deepEqual(payload.json(), parseJson(body.toString()));
    assert.equal(payload.text, body.toString());
  });
});

test("large bodies wait for room, and the next has it when one is released", async () => {
  const decoder = createDecoder({ room: 1 });
  const body = filled(Buffer.from("x"), DECODED_AT_ONCE);
  const order: string[] = [];
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const one = withDecoded(decoder, body, async () => {
    order.push("first");
    begun.resolve();
    await ended.promise;
    order.push("first ends");
  });
  // Bodies that come together take turns by time, so which one gets the room is open until one has it.
  await begun.promise;
  const two = withDecoded(decoder, body, async () => void order.push("second"));
  const three = withDecoded(decoder, body, async () => void order.push("second"));
  ended.resolve();
  await Promise.all([one, two, three]);
  assert.deepEqual(order, ["first", "first ends", "second", "second"]);
});
