/** Pages of runs on a real store: what a page holds is counted in runs, whatever made them. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { cel, listener, OPEN, push, trigger } from "../helpers/objects.ts";
import { type ApiGateway, openApiGateway } from "./gateway.ts";

interface Run {
  readonly name: string;
  readonly delivery: string;
}

describe("a list of runs", () => {
  let api: ApiGateway;
  let all: readonly string[];
  const send = (runs: number) => api.flows.send(push({ body: JSON.stringify({ ref: "main", runs }) }));
  const page = async (query: string) => {
    const { status, json } = await api.ask(`/api/v1/runs?${query}`);
    assert.equal(status, 200, JSON.stringify(json));
    return json as { readonly items: readonly Run[]; readonly next?: string };
  };
  /** All pages to the end; `between` happens after the first. */
  async function pages(limit: number, between: () => Promise<unknown> = async () => undefined) {
    const found = [await page(`limit=${limit}`)];
    await between();
    for (let next = found[0]?.next; next !== undefined; next = found.at(-1)?.next)
      found.push(await page(`limit=${limit}&cursor=${encodeURIComponent(next)}`));
    return found.map(({ items }) => items.map(({ delivery, name }) => `${delivery} ${name}`));
  }
  before(async () => {
    const triggers = [1, 2, 3].map((at) => trigger(`build-${at}`, [cel(`body.runs >= ${at}`)]));
    api = await openApiGateway([listener("git", triggers, OPEN)]);
    for (const runs of [1, 3, 0, 0, 2, 1, 0, 3, 0, 0]) await send(runs);
    await api.flows.drain();
    all = (await pages(200)).flat();
  });
  after(() => api[Symbol.asyncDispose]());

  for (const limit of [1, 2, 3, 4, 7, 10, 11]) {
    test(`has ${limit} on each page but the last, and each run once`, async () => {
      assert.equal(new Set(all).size, 10);
      const found = await pages(limit);
      assert.deepEqual(found.flat(), all);
      // A page that ends with the last run may still say that deliveries follow.
      const full = found.filter(({ length }) => length > 0);
      assert.deepEqual(
        full.map(({ length }) => length),
        Array.from({ length: Math.ceil(10 / limit) }, (_, i) => Math.min(limit, 10 - i * limit)),
      );
    });
  }

  test("goes on where it was, whatever comes in meanwhile: within a delivery, too", async () => {
    const found = await pages(2, async () => {
      await send(2);
      await api.flows.drain();
    });
    assert.deepEqual(found.flat(), all);
  });

  for (const cursor of ["1~..%2Fx~", "x~a~", "1~a~b~c", "1234567~a~", "~~"]) {
    test(`refuses the cursor ${cursor}`, async () => {
      const { status, json } = await api.ask(`/api/v1/runs?cursor=${cursor}`);
      assert.deepEqual([status, json.error.values.field], [400, "cursor"]);
    });
  }
});
