/** The API on a real store: every route is asked, and what it answers fits the document. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { cel, generic, listener, OPEN, push, trigger, type Written } from "../helpers/objects.ts";
import { type ApiGateway, openApiGateway } from "./gateway.ts";

const onMain = cel("body.ref == 'refs/heads/main'");
const OBJECTS: readonly Written[] = [
  listener("git", [trigger("build", [onMain]), trigger("lint", [cel("body.lint == true")])], OPEN),
];
const other = JSON.stringify({ ref: "refs/heads/other", repository: { full_name: "acme/shop" } });
/** Binds body.ref, which is not there: the decision fails, and no job is made. */
const broken = JSON.stringify({ lint: true });

describe("the API", () => {
  let api: ApiGateway;
  let created: string;
  let filtered: string;
  let failed: string;
  before(async () => {
    api = await openApiGateway(OBJECTS);
    created = await api.flows.send(push());
    filtered = await api.flows.send(push({ body: other }));
    failed = await api.flows.send(push({ body: broken }));
    await api.flows.drain();
  });
  after(() => api[Symbol.asyncDispose]());

  const ids = async (query: string): Promise<string[]> =>
    (await api.ask(`/api/v1/deliveries?${query}`)).json.items.map((item: { id: string }) => item.id);

  test("lists deliveries by every filter it names, and goes on where a page ended", async () => {
    assert.deepEqual(await ids("outcome=created"), [created]);
    assert.deepEqual(await ids("outcome=dead"), [failed]);
    assert.deepEqual(await ids("repository=acme%2Fshop&event=push&provider=github"), [filtered]);
    assert.deepEqual(await ids("trigger=build&namespace=ci&listener=git&outcome=created"), [created]);
    assert.deepEqual(await ids("trigger=ci/build&listener=ci/git&outcome=created"), [created]);
    assert.deepEqual(await ids("listener=prod/git"), []);
    assert.deepEqual(await ids("ref=refs/heads/other"), [filtered]);
    assert.deepEqual(await ids("text=acme"), [filtered]);
    assert.deepEqual(await ids("since=1h&until=2000-01-01"), []);
    const first = (await api.ask("/api/v1/deliveries?limit=1")).json;
    assert.equal(first.items.length, 1);
    const rest = await ids(`limit=200&cursor=${encodeURIComponent(first.next)}`);
    assert.equal(rest.length, 2);
  });

  test("lists what was refused, the latest first, and takes the words of other lists", async () => {
    const { status, json } = await api.ask(
      "/api/v1/refused?listener=ci/git&code=SLUICE_UNVERIFIED&since=24h&limit=5",
    );
    assert.deepEqual([status, json], [200, { items: [] }]);
    assert.equal((await api.ask("/api/v1/refused?cursor=xx")).status, 400);
  });

  test("refuses a cursor that no list gave out, and the document says with what", async () => {
    const { paths } = (await api.ask("/api/v1/openapi.json")).json;
    for (const path of ["/api/v1/deliveries", "/api/v1/runs", "/api/v1/acts", "/api/v1/dead"]) {
      const { status, json } = await api.ask(`${path}?cursor=xx`);
      assert.deepEqual([status, json.error.code], [400, "SLUICE_REQUEST_INVALID"], path);
      assert.match(json.error.message, /^cursor was given out by no list$/);
      assert.match(paths[path].get.responses[status].description, /SLUICE_REQUEST_INVALID/);
    }
  });

  test("refuses days that no calendar has, and names of more than two parts", async () => {
    const refused = async (query: string) => (await api.ask(`/api/v1/deliveries?${query}`)).status === 400;
    for (const day of ["2026-02-30", "2026-02-29T12:00:00Z", "2026-04-31T23:59:59-05:00"])
      assert.equal(await refused(`since=${day}`), true, day);
    for (const day of ["2024-02-29", "2026-01-31T23:59:59-05:00", "2026-12-31T00:00:00%2B14:00"])
      assert.equal(await refused(`until=${day}`), false, day);
    for (const name of ["a/b/c", "/b", "a/"]) assert.equal(await refused(`object=${name}`), true, name);
  });

  test("counts what a list would list", async () => {
    assert.deepEqual((await api.ask("/api/v1/deliveries/count")).json, { count: 3 });
    assert.deepEqual((await api.ask("/api/v1/deliveries/count?outcome=dead")).json, { count: 1 });
  });

  test("shows one delivery with its decisions, and the objects that came of it", async () => {
    const { json } = await api.ask(`/api/v1/deliveries/${created}`);
    assert.equal(json.jobs[0].runs.length, 1);
    const runs = (await api.ask("/api/v1/runs?outcome=created")).json.items;
    assert.equal(runs.length, 1);
    assert.deepEqual(
      [runs[0].delivery, runs[0].trigger.name, runs[0].kind],
      [created, "build", "PipelineRun"],
    );
    const progress = {
      phase: "failed",
      createdAt: 1,
      startedAt: 2,
      endedAt: 3,
      reason: "Failed",
      message: "no",
    } as const;
    await api.flows.store.ledger.follow(created, runs[0], progress);
    const shown = (await api.ask(`/api/v1/deliveries/${created}?values=true`)).json;
    assert.deepEqual(shown.jobs[0].runs[0].progress, progress);
    const asked = "/api/v1/runs?outcome=created&values=true";
    assert.deepEqual((await api.ask(asked)).json.items[0].progress, progress);
    const unseen = (await api.ask("/api/v1/runs?outcome=created")).json.items[0].progress;
    assert.deepEqual(unseen, { ...progress, message: "“…”" }, "the cluster's own words may repeat params");
    for (const id of ["nope", "..%2f..%2fetc", "x".repeat(90)])
      assert.equal((await api.ask(`/api/v1/deliveries/${id}`)).json.error.code, "SLUICE_DELIVERY_UNKNOWN");
  });

  test("gives out a payload as it came, with sensitive headers masked, and records who looked", async () => {
    const headers = { "x-gitlab-token": "hunter2", "x-event": "☃" };
    const body = '{"ref":"refs/heads/main","by":"ü"}';
    const id = await api.flows.send(generic({ body, headers }));
    const { json, text } = await api.ask(`/api/v1/deliveries/${id}/payload`);
    assert.deepEqual([json.encoding, json.body, json.method], ["utf8", body, "POST"]);
    assert.doesNotMatch(text, /hunter2/);
    const [act] = (await api.ask("/api/v1/acts?limit=1")).json.items;
    assert.deepEqual([act.verb, act.subject, act.actor], ["payload", id, "all"]);
    const unknown = "019ab000-0000-7000-8000-000000000000";
    assert.equal((await api.ask(`/api/v1/deliveries/${unknown}/payload`)).status, 404);
  });

  test("replays one delivery under the name of who asked, for one trigger if wanted", async () => {
    const path = `/api/v1/deliveries/${created}/replay`;
    const body = { reason: "fixed", actor: "ann", trigger: "ci/build" };
    const made = await api.ask(path, { method: "POST", body });
    assert.equal(made.status, 201);
    assert.equal(made.headers["location"], `/api/v1/deliveries/${made.json.id}`);
    const { json } = await api.ask(`/api/v1/deliveries/${made.json.id}`);
    assert.equal(json.replayOf, created);
    assert.deepEqual(json.note, { actor: "ann (all)", reason: "fixed" });
    assert.deepEqual(
      json.decisions.map((one: { trigger: { name: string } }) => one.trigger.name),
      ["build"],
    );
    const wrong = await api.ask(path, { method: "POST", body: { trigger: "nope" } });
    assert.equal(wrong.json.error.code, "SLUICE_TRIGGER_UNKNOWN");
    assert.deepEqual(await ids(`replayOf=${created}`), [made.json.id]);
  });

  test("shows the queue, pauses it for a reason, and resumes it", async () => {
    const body = { reason: "upgrade", actor: "ann" };
    const paused = (await api.ask("/api/v1/queue/pause", { method: "POST", body })).json;
    assert.equal(paused.paused, true);
    assert.deepEqual([paused.note.actor, paused.note.reason], ["ann (all)", "upgrade"]);
    assert.equal((await api.ask("/api/v1/queue")).json.paused, true);
    const resumed = (await api.ask("/api/v1/queue/resume", { method: "POST" })).json;
    assert.deepEqual([resumed.paused, resumed.attemptsPerMinute], [false, 7]);
  });

  test("groups dead letters by cause and lists those of one", async () => {
    const [group] = (await api.ask("/api/v1/dead/groups")).json.items;
    assert.deepEqual([group.code, group.deliveries.includes(failed)], ["SLUICE_PATH_MISSING", true]);
    const query = `fingerprint=${encodeURIComponent(group.fingerprint)}`;
    const found = (await api.ask(`/api/v1/dead?${query}`)).json.items;
    assert.deepEqual(found[0], (await api.ask("/api/v1/dead?limit=1")).json.items[0]);
    const both = await api.ask(`/api/v1/dead?${query}&event=push`);
    assert.deepEqual([both.status, both.json.error.code], [400, "SLUICE_REQUEST_INVALID"]);
  });

  test("proves the law, and counts outcomes over windows", async () => {
    assert.deepEqual((await api.ask("/api/v1/audit")).json.violations, []);
    const { windows } = (await api.ask("/api/v1/stats?listener=git")).json;
    assert.deepEqual(
      windows.map(({ window }: { window: string }) => window),
      ["1h", "24h", "7d"],
    );
    assert.ok(windows[0].outcomes.dead >= 1);
  });

  test("gives out the whole ledger page by page, and records who began, or went on elsewhere, once", async () => {
    const path = "/api/v1/ledger/export";
    const types: string[] = [];
    let cursor = "";
    do {
      const { json } = await api.ask(`${path}?actor=ann${cursor === "" ? "" : `&cursor=${cursor}`}`);
      types.push(...json.items.map((item: { type: string }) => item.type));
      cursor = json.next === undefined ? "" : encodeURIComponent(json.next);
    } while (cursor !== "");
    assert.ok(types.filter((type) => type === "delivery").length >= 3);
    const exports = async () =>
      (await api.ask("/api/v1/acts?limit=50")).json.items.filter(
        (act: { verb: string }) => act.verb === "export",
      );
    assert.deepEqual(
      (await exports()).map((act: { subject: string; actor: string }) => [act.subject, act.actor]),
      [["ledger", "ann (all)"]],
    );
    await api.ask(`${path}?cursor=claim:`);
    assert.equal((await exports()).length, 2, "a cursor that it did not give out is another export");
    assert.equal((await api.ask(`${path}?cursor=xx`)).json.error.code, "SLUICE_REQUEST_INVALID");
  });

  test("says what it has acknowledged", async () => {
    assert.equal((await api.ask("/api/v1/acknowledged")).json.looked, 3);
  });

  test("has batches of each verb, that are listed, found and cancelled", async () => {
    for (const path of ["/api/v1/replays", "/api/v1/retries", "/api/v1/drops"]) {
      const { id } = await api.batch(path, { ids: [failed], dryRun: true });
      assert.equal((await api.ask(path)).json.items[0].id, id);
      assert.equal((await api.ask(`${path}/${id}`, { method: "DELETE" })).json.state, "done");
      assert.equal((await api.ask(`${path}/nope`)).json.error.code, "SLUICE_BATCH_UNKNOWN");
    }
    const slow = { ids: [failed, filtered], rate: 0.1 };
    const { json } = await api.ask("/api/v1/replays", { method: "POST", body: slow });
    const one = `/api/v1/replays/${json.id}`;
    assert.equal((await api.ask(one, { method: "DELETE" })).json.state, "cancelled");
    const [act] = (await api.ask("/api/v1/acts?limit=1")).json.items;
    assert.deepEqual([act.verb, act.subject, act.actor], ["cancel", `replay ${json.id}`, "all"]);
    assert.equal((await api.ask(`${one}/resume`, { method: "POST" })).status, 202);
    assert.equal((await api.ask(one, { method: "DELETE" })).json.state, "cancelled");
  });

  test("has batches of each verb that a process left behind, and resumes them", async () => {
    for (const [path, verb] of [
      ["/api/v1/replays", "replay"],
      ["/api/v1/retries", "retry"],
      ["/api/v1/drops", "drop"],
    ] as const) {
      const id = `019ab000-0000-7000-8000-00000000000${verb.length}`;
      const counts = { total: 0, done: 0, skipped: 0, failed: 0, objects: 0, different: 0 };
      const manner = { mode: "act", selection: "1 id", rate: 10, actor: "ann", reason: "old" };
      const batch = { id, verb, ...manner, state: "running", startedAt: 1_000, ...counts };
      const order = { batch, request: { chosen: { ids: [filtered] }, at: 1_000 }, saidAt: 1_000 };
      await api.flows.store.ledger.keepBatch({ id, at: 1_000, text: JSON.stringify(order) });
      assert.equal((await api.ask(`${path}/${id}`)).json.state, "interrupted");
      const resumed = await api.ask(`${path}/${id}/resume`, { method: "POST" });
      assert.deepEqual([resumed.status, resumed.json.id], [202, id]);
    }
  });

  test("serves a document that names every route, each of which was asked above and answered as it says", async () => {
    const { json } = await api.ask("/api/v1/openapi.json", { headers: { authorization: "none" } });
    assert.equal(json.openapi, "3.1.0");
    const named = Object.entries(json.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    assert.deepEqual([...api.covered].sort(), named.sort());
    const operations = Object.values(json.paths as Record<string, Record<string, { operationId: string }>>)
      .flatMap((methods) => Object.values(methods))
      .map(({ operationId }) => operationId);
    assert.equal(new Set(operations).size, operations.length);
  });
});
