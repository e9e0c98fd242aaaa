/** Dead letters and their replays: what a replay made good is resolved by it, and nothing else is. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { CreateAnswer } from "../../src/core/job.ts";
import { openFlows } from "../helpers/flows.ts";
import { listener, OPEN, push, template, trigger } from "../helpers/objects.ts";

/** A listener with two triggers, and a target that refuses the objects of those that are named. */
async function world() {
  const refused = new Set(["one"]);
  const objects = ["one", "two"].map((name) => trigger(name, [], { template: template(name) }));
  const flows = await openFlows([listener("git", objects, OPEN)], {
    target: {
      async create({ apiVersion, kind, metadata }): Promise<CreateAnswer> {
        const code = "SLUICE_CREATE_REFUSED";
        if ([...refused].some((name) => metadata.name.startsWith(name)))
          return { outcome: "failed", retry: "never", code, reason: "no" };
        const run = { apiVersion, kind, namespace: "ci", name: metadata.name, where: "here" };
        return { outcome: "created", run: { ...run, outcome: "created" } };
      },
    },
  });
  const work = async (id: string) => {
    for (const job of await flows.jobs(id)) await flows.dispatch(job, 1);
  };
  const replay = async (id: string, only?: string) => {
    const made = await flows.accept.replay(id, only === undefined ? {} : { trigger: only });
    await work(made);
    return made;
  };
  const id = await flows.send(push());
  await work(id);
  const dropped = async () => (await flows.store.ledger.find(id))?.dropped;
  return { flows, refused, id, work, replay, dropped };
}

test("a dead letter whose replay succeeded is resolved by it, and says by which", async () => {
  const { flows, refused, id, replay, dropped } = await world();
  await using _closed = flows;
  refused.clear();
  const by = await replay(id);
  const found = await dropped();
  assert.deepEqual(
    { ...found, at: 0 },
    { at: 0, by, actor: "sluice", reason: `replayed as ${by}, which succeeded` },
  );
  assert.equal((await flows.store.ledger.find(id))?.outcome, "dead");
  assert.deepEqual(await flows.store.ledger.deadGroups(), []);
  const { items } = await flows.store.ledger.acts({ limit: 10 });
  assert.deepEqual(
    items.map(({ verb, subject, by }) => [verb, subject, by]),
    [["drop", id, by]],
  );
});

test("a replay that dies too, or leaves out what had failed, resolves nothing; a replay of it resolves both", async () => {
  const { flows, refused, id, replay, dropped } = await world();
  await using _closed = flows;
  const second = await replay(id);
  assert.equal(await dropped(), undefined);
  refused.clear();
  await replay(id, "two");
  assert.equal(await dropped(), undefined, "what had failed was not asked");
  const third = await replay(second, "one");
  assert.equal((await dropped())?.by, third);
  assert.equal((await flows.store.ledger.find(second))?.dropped?.by, third);
});

test("what a person dropped stays as the person said it", async () => {
  const { flows, refused, id, replay, dropped } = await world();
  await using _closed = flows;
  await flows.store.ledger.drop(id, { at: 1, verb: "drop", subject: id, actor: "ann", reason: "old" });
  refused.clear();
  await replay(id);
  assert.deepEqual(await dropped(), { at: 1, actor: "ann", reason: "old" });
});
