/** Several clusters: each job goes to the one that its template asks for, and none waits for one that is away. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { openTargets } from "../../src/dispatch/create/index.ts";
import { type ApiServer, startApiServer } from "../helpers/api-server.ts";
import { type Flows, openFlows } from "../helpers/flows.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { listener, OPEN, push, trigger, type Written, written } from "../helpers/objects.ts";

interface World extends AsyncDisposable {
  readonly home: ApiServer;
  readonly west: ApiServer;
  readonly flows: Flows;
}

const OBJECTS: readonly Written[] = [
  listener("home", [trigger("build")], OPEN),
  listener("west", [trigger("build")], {
    annotations: { ...OPEN.annotations, "sluice.dev/cluster": "west" },
  }),
];

/** A gateway with a cluster of its own and one called west, whose kubeconfigs are files. */
async function world(): Promise<World> {
  await using opened = new AsyncDisposableStack();
  const home = opened.use(await startApiServer({ namespaces: ["ci"] }));
  const west = opened.use(await startApiServer({ namespaces: ["ci"] }));
  const folder = opened.use(temporaryFolder());
  const targets = openTargets({
    create: "kubernetes",
    kubeconfig: home.writeKubeconfig(join(folder.path, "home")),
    clusters: new Map([
      ["west", { kubeconfig: west.writeKubeconfig(join(folder.path, "west")), namespaces: ["ci"] }],
    ]),
  });
  opened.defer(() => targets.close());
  const flows = opened.use(await openFlows(OBJECTS, { target: targets.target, clusters: targets.clusters }));
  const running = opened.move();
  return { home, west, flows, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

const runs = (server: ApiServer) => server.objects("PipelineRun").map(({ metadata }) => metadata.name);

test("a job goes where its template says, and its run says where it went", async () => {
  await using t = await world();
  const there = await t.flows.send(push(), "west");
  const here = await t.flows.send(push(), "home");
  await t.flows.drain();
  assert.deepEqual([runs(t.home).length, runs(t.west).length], [1, 1]);
  const where = async (id: string) => (await t.flows.store.ledger.find(id))?.jobs[0]?.runs[0]?.where;
  assert.deepEqual([await where(here), await where(there)], [t.home.url, `west ${t.west.url}`]);
  const record = await t.flows.store.ledger.find(there);
  assert.match(record?.decisions[0]?.reason ?? "", /^creates PipelineRun ci\/\S+ in cluster west$/);
});

test("while one cluster is away the others' jobs go on; its own wait untried and are created when it is back", async () => {
  await using t = await world();
  const { flows } = t;
  await t.west.stop();
  const consumer = await flows.store.queue.consume(flows.dispatch, { concurrency: 4 });
  const lost = await Promise.all(Array.from({ length: 20 }, () => flows.send(push(), "west")));
  await flows.heard((fact) => fact.type === "target.away" && fact.target === `cluster west ${t.west.url}`);
  const created = flows.facts.filter(({ type }) => type === "run.created").length;
  const kept = await Promise.all(Array.from({ length: 20 }, () => flows.send(push(), "home")));
  await flows.heard(() => flows.facts.filter(({ type }) => type === "run.created").length === created + 20);
  assert.deepEqual([runs(t.home).length, runs(t.west).length], [20, 0]);
  await t.west.start();
  await flows.heard(() => flows.facts.filter(({ type }) => type === "run.created").length === 40);
  await consumer.stop(5_000);
  assert.deepEqual([runs(t.home).length, runs(t.west).length], [20, 20]);
  for (const id of [...lost, ...kept]) {
    const attempts = (await flows.store.ledger.find(id))?.jobs[0]?.attempts ?? [];
    assert.deepEqual(
      attempts.map(({ number, outcome }) => [number, outcome]),
      [[1, "done"]],
      "nothing was burned",
    );
  }
  assert.deepEqual((await flows.store.ledger.audit()).violations, []);
});

test("a cluster that this worker does not know fails its job slowly, and nothing is created elsewhere", async () => {
  await using t = await world();
  const id = await t.flows.send(push(), "west");
  const [job] = await t.flows.jobs(id);
  assert.ok(job?.kind === "create" && job.cluster === "west");
  const verdict = await t.flows.dispatch({ ...job, cluster: "constructor" }, 1);
  assert.equal(verdict.kind, "retry");
  assert.deepEqual([...runs(t.home), ...runs(t.west)], []);
  const [attempt] = (await t.flows.store.ledger.find(id))?.jobs[0]?.attempts ?? [];
  assert.equal(attempt?.code, "SLUICE_CLUSTER_UNKNOWN");
  assert.match(attempt.reason ?? "", /asks for cluster constructor, .* known: west/);
});

test("a payload has no say in where its run goes", async () => {
  await using t = await world();
  const annotated = (value: string) => ({ annotations: { "sluice.dev/cluster": value } });
  const { template, ...rest } = trigger("build") as Written & { readonly template: { spec: object } };
  const byRef = listener("home", [{ ...rest, template: { ref: "tt" } }], OPEN);
  await t.flows.declare([
    byRef,
    written("TriggerTemplate", "tt", template.spec, annotated("$(tt.params.ref)")),
  ]);
  const id = await t.flows.send(push({ body: '{"ref":"west"}' }), "home");
  const record = await t.flows.store.ledger.find(id);
  assert.equal(record?.decisions[0]?.code, "SLUICE_CLUSTER_UNKNOWN");
  await t.flows.drain();
  // Nor has what a template renders: the objects' own annotations are the cluster's affair.
  const [run] = (template.spec as { resourcetemplates: Written[] }).resourcetemplates as [Written];
  const own = { ...run, metadata: { generateName: "x-", ...annotated("west") } };
  const spec = { ...template.spec, resourcetemplates: [own] };
  await t.flows.declare([byRef, written("TriggerTemplate", "tt", spec)]);
  await t.flows.send(push({ body: '{"ref":"west"}' }), "home");
  await t.flows.drain();
  assert.deepEqual([runs(t.home).length, runs(t.west).length], [1, 0]);
});
