/** Only who is accepted claims an id, and reopens what died: on each kind of store, also while triggers wait. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { restId } from "../../src/core/identity.ts";
import { decisionsOf, type Flows, openFlows, serveInterceptor } from "../helpers/flows.ts";
import { cel, github, listener, OPEN, push, remote, secret, signed, trigger } from "../helpers/objects.ts";
import { switchedTarget } from "../helpers/target.ts";

const ACME = cel("body.repo == 'acme'");
const acme = (id: string, token?: string) =>
  push({ id, token, body: JSON.stringify({ ref: "main", repo: "acme" }) });
const stranger = (id: string, more = {}) =>
  push({ id, body: JSON.stringify({ ref: "evil", repo: "evil", ...more }) });
const balanced = async ({ store }: Flows) => {
  const { accepted, created, filtered, duplicate, dead, pending, violations } = await store.ledger.audit();
  assert.equal(accepted, created + filtered + duplicate + dead + pending);
  assert.deepEqual(violations, []);
};
const kinds = (flows: Flows) => flows.files().map((path) => path.replace(/^ci\/\w+-?(\w+)-\w+\.yaml$/, "$1"));

for (const store of ["redis", "embedded", "postgres"] as const) {
  describe(`on ${store}`, () => {
    test("a filtered delivery claims nothing: the same id is decided again, and then it is claimed", async () => {
      await using flows = await openFlows([listener("git", [trigger("build", [ACME])], OPEN)], { store });
      const refused = await flows.send(stranger("1"));
      assert.deepEqual(await decisionsOf(flows, refused), ["build filtered"]);
      const [real, again] = [await flows.send(acme("1")), await flows.send(acme("1"))];
      assert.notEqual(real, refused);
      assert.equal(again, real);
      await flows.drain();
      assert.equal(flows.files().length, 1);
      await balanced(flows);
    });

    test("a stranger who passes an open trigger takes no other's id, and each trigger fires once", async () => {
      const objects = [listener("git", [trigger("open"), trigger("build", [ACME])], OPEN)];
      await using flows = await openFlows(objects, { store });
      const first = await flows.send(stranger("1"));
      const real = await flows.send(acme("1"));
      assert.deepEqual(await decisionsOf(flows, real), ["build matched"]);
      assert.equal(await flows.send(acme("1")), first, "now it is a duplicate of both");
      await Promise.all(Array.from({ length: 10 }, () => flows.send(acme("1"))));
      await flows.drain();
      assert.equal(flows.files().length, 2);
      await balanced(flows);
    });

    test("of fifty at once that pass what the first did not, one fires", async () => {
      const objects = [listener("git", [trigger("open"), trigger("build", [ACME])], OPEN)];
      await using flows = await openFlows(objects, { store });
      await flows.send(stranger("1"));
      await Promise.all(Array.from({ length: 50 }, () => flows.send(acme("1"))));
      await flows.drain();
      assert.equal(flows.files().length, 2);
      await balanced(flows);
    });

    test("unproved ones that wait claim nothing till they are accepted: of many one fires, a stranger's takes none", async () => {
      let up = false;
      await using gate = await serveInterceptor(({ body }) =>
        up ? { body: { continue: body.includes("acme") } } : { status: 503, body: "down" },
      );
      const objects = [
        remote("gate", gate.url),
        listener("git", [trigger("build", [{ ref: { name: "gate" } }])], OPEN),
      ];
      await using flows = await openFlows(objects, { store });
      const ids = [await flows.send(stranger("1"))];
      for (let i = 0; i < 5; i++) ids.push(await flows.send(acme("1")));
      up = true;
      await flows.drain();
      ids.push(await flows.send(acme("1")));
      await flows.drain();
      assert.equal(flows.files().length, 1);
      const [mine] = ids;
      assert.ok(mine);
      assert.deepEqual(await decisionsOf(flows, mine), ["build filtered"]);
      await balanced(flows);
    });

    test("a proved one that waits claims its id, and lets it go when it is filtered in the end", async () => {
      let up = false;
      await using gate = await serveInterceptor(() =>
        up ? { body: { continue: true } } : { status: 503, body: "down" },
      );
      const objects = (filter: string) => [
        remote("gate", gate.url),
        ...signed(trigger("build", [{ ref: { name: "gate" } }, cel(filter)])),
      ];
      await using flows = await openFlows(objects("body.repo == 'other'"), { store });
      const first = await flows.send(acme("1", "s3cret"));
      assert.equal(await flows.send(acme("1", "s3cret")), first);
      up = true;
      await flows.drain();
      assert.deepEqual(await decisionsOf(flows, first), ["build filtered"]);
      await flows.declare(objects("body.repo == 'acme'"));
      const second = await flows.send(acme("1", "s3cret"));
      assert.notEqual(second, first);
      assert.equal(await flows.send(acme("1", "s3cret")), second);
      await flows.drain();
      assert.equal(flows.files().length, 1);
      await balanced(flows);
    });

    test("a dead job is reopened only by a delivery that passes its trigger", async () => {
      const { state, made, target } = switchedTarget();
      const objects = [listener("git", [trigger("open"), trigger("build", [ACME])], OPEN)];
      await using flows = await openFlows(objects, { store, target });
      const real = await flows.send(acme("1"));
      await flows.drain();
      state.refusing = false;
      await flows.send(stranger("1"));
      await flows.drain();
      assert.deepEqual(
        made.map((name) => name.split("-")[0]),
        ["open"],
        "the stranger passed that one alone",
      );
      assert.equal((await flows.store.ledger.find(real))?.outcome, "dead");
      assert.equal(await flows.send(acme("1")), real);
      await flows.drain();
      assert.deepEqual(
        made.map((name) => name.split("-")[0]),
        ["open", "build"],
      );
      await balanced(flows);
    });
  });
}

test("a proved delivery is not held up by an unproved one with its id, nor the other way round", async () => {
  const objects = [
    secret("hook", "s3cret"),
    listener("git", [trigger("open"), trigger("proved", [github()])], OPEN),
  ];
  await using flows = await openFlows(objects);
  for (let i = 0; i < 20; i++) await flows.send(stranger(String(i)));
  const ids = [];
  for (let i = 0; i < 20; i++) ids.push(await flows.send(acme(String(i), "s3cret")));
  assert.equal(new Set(ids).size, 20);
  for (const id of ids) assert.deepEqual(await decisionsOf(flows, id), ["open matched", "proved matched"]);
});

test("a failed decision of an unproved delivery is made again only by one that passes its trigger", async () => {
  const broken = trigger("build", [ACME], { bindings: [{ ref: "not-there" }] });
  await using flows = await openFlows([listener("git", [trigger("open"), broken], OPEN)]);
  const first = await flows.send(acme("1"));
  assert.deepEqual(await decisionsOf(flows, first), ["open matched", "build failed"]);
  await flows.drain();
  await flows.declare([listener("git", [trigger("open"), trigger("build", [ACME])], OPEN)]);
  assert.equal(await flows.send(stranger("1")), first, "it passes nothing new");
  assert.equal((await flows.store.ledger.find(first))?.dropped, undefined);
  const second = await flows.send(acme("1"));
  assert.deepEqual(await decisionsOf(flows, second), ["build matched"]);
  const record = await flows.store.ledger.find(second);
  assert.equal(second, restId(record?.replayOf ?? ""), "kept as what was left of the duplicate");
  await flows.drain();
  assert.equal((await flows.store.ledger.find(first))?.dropped?.reason, `decided again as ${second}`);
  assert.equal(kinds(flows).length, 2);
  await balanced(flows);
});
