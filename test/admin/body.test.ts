/** Deliveries that are listed and have no body: duplicates, and those whose body is forgotten. Each answer says so. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { listener, OPEN, push, trigger } from "../helpers/objects.ts";
import { type ApiGateway, openApiGateway } from "./gateway.ts";

const AGES_MS = 1e12;
const POLICY = { age: AGES_MS, deadAge: AGES_MS, payloadAge: 0 };

describe("a delivery without a body", () => {
  let api: ApiGateway;
  let first: string;
  let duplicate: string;

  before(async () => {
    api = await openApiGateway([listener("git", [trigger("build", [])], OPEN)]);
    const { flows } = api;
    first = await flows.send(push({ id: "1" }));
    await flows.send(push({ id: "1" }));
    await flows.drain();
    duplicate = (await api.ask("/api/v1/deliveries?outcome=duplicate")).json.items[0].id;
    const forgotten = await flows.store.ledger.prune(POLICY, Date.now() + 1_000, 10);
    assert.deepEqual(forgotten, { deliveries: 0, payloads: 1 });
  });
  after(() => api[Symbol.asyncDispose]());

  const cases = () =>
    [
      [first, 410, "SLUICE_BODY_FORGOTTEN", /the body of delivery \S+, received at 20\S+Z, is forgotten/],
      [duplicate, 409, "SLUICE_DELIVERY_DUPLICATE", new RegExp(`is a duplicate of ${first}`)],
    ] as const;

  test("is shown, but its payload is not, and nobody is recorded to have looked", async () => {
    for (const [id, status, code, words] of cases()) {
      assert.equal((await api.ask(`/api/v1/deliveries/${id}`)).status, 200);
      const answer = await api.ask(`/api/v1/deliveries/${id}/payload`);
      assert.deepEqual([answer.status, answer.json.error.code], [status, code]);
      assert.match(answer.json.error.message, words);
    }
    assert.deepEqual((await api.ask("/api/v1/acts")).json.items, []);
  });

  test("is not decided again, alone or among many, nor in a dry run", async () => {
    for (const [id, status, code, words] of cases()) {
      const alone = await api.ask(`/api/v1/deliveries/${id}/replay`, { method: "POST", body: {} });
      assert.deepEqual([alone.status, alone.json.error.code], [status, code]);
      for (const dryRun of [false, true]) {
        const { failed, results = [] } = await api.batch("/api/v1/replays", { ids: [id], dryRun });
        assert.deepEqual([failed, results[0]?.code], [1, code]);
        assert.match(results[0]?.why ?? "", words);
      }
    }
  });
});
