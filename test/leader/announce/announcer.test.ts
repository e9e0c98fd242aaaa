/** What listeners in the cluster are told, when it is written, and when somebody else's status is left alone. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fault } from "../../../src/core/errors.ts";
import { BROKEN, openBench, planOf } from "./bench.ts";

const READY = ["Available=True(ServedBySluice)", "Ready=True(Ready)"];
const FINALIZER = "eventlisteners.triggers.tekton.dev";

test("a listener is told its address and that it is ready, once", async () => {
  await using t = await openBench();
  t.plans.set("github", planOf("github", [undefined]));
  t.put("github");
  t.announce();
  await t.until(() => t.conditions("github").length > 0);
  assert.deepEqual(t.conditions("github"), READY);
  assert.equal(t.status("github")?.address?.url, "https://hooks.example.com/ci/github");
  for (const { lastTransitionTime } of t.status("github")?.conditions ?? [])
    assert.match(lastTransitionTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  t.plans.set("other", planOf("other", [undefined]));
  t.put("other");
  await t.until(() => t.conditions("other").length > 0);
  assert.equal(t.writes("/github/status").length, 1, "nothing changed, so nothing was written");
});

test("a plan that becomes another one shows, and the time of what stayed stays", async () => {
  await using t = await openBench();
  t.plans.set("github", planOf("github", [undefined]));
  t.put("github");
  t.announce();
  await t.until(() => t.conditions("github").length > 0);
  const [available] = t.status("github")?.conditions ?? [];
  t.plans.set("github", planOf("github", [BROKEN, undefined]));
  await t.until(() => t.conditions("github")[1] === "Ready=True(SLUICE_REF_MISSING)");
  const ready = t.status("github")?.conditions?.[1];
  assert.match(ready?.message ?? "", /^1 of 2 triggers can fire; t0: TriggerTemplate build does not exist/);
  t.plans.set("github", planOf("github", []));
  await t.until(() => t.conditions("github")[1] === "Ready=False(NoTriggers)");
  assert.equal(t.conditions("github")[0], "Available=False(RefusedBySluice)");
  t.plans.set("github", planOf("github", [], { open: true }));
  await t.until(() => t.conditions("github")[0] === "Available=True(ServedBySluice)");
  const broken = fault("SLUICE_OBJECT_INVALID", { field: "spec.triggers", reason: "is no list" });
  t.plans.set("github", planOf("github", [], { fault: broken }));
  await t.until(() => t.conditions("github")[0] === "Available=False(RefusedBySluice)");
  assert.equal(t.conditions("github")[1], "Ready=False(SLUICE_OBJECT_INVALID)");
  assert.equal(
    t.status("github")?.conditions?.[1]?.lastTransitionTime.length,
    available?.lastTransitionTime.length,
  );
});

test("what Tekton's controller holds, what somebody else wrote, and what says so itself, is left alone", async () => {
  await using t = await openBench();
  const foreign = { conditions: [{ type: "Available", status: "True", reason: "MinimumReplicasAvailable" }] };
  t.put("tektons", { finalizers: [FINALIZER] });
  t.put("foreign", {}, { status: foreign });
  t.put("excluded", { annotations: { "sluice.dev/managed": "false" } });
  t.put("leaving", { deletionTimestamp: "2026-01-01T00:00:00Z" });
  t.put(
    "claimed",
    { finalizers: [FINALIZER], annotations: { "sluice.dev/managed": "true" } },
    { status: foreign },
  );
  const names = ["tektons", "foreign", "excluded", "leaving", "claimed", "unknown"];
  for (const name of names) if (name !== "unknown") t.plans.set(name, planOf(name, [BROKEN]));
  t.put("unknown");
  t.announce({ services: true });
  await t.until(() => t.server.objects("Event").length > 0);
  const touched = new Set(t.writes("/").map(({ path }) => path));
  assert.deepEqual([...touched].toSorted(), [
    "/api/v1/namespaces/ci/services",
    "/apis/events.k8s.io/v1/namespaces/ci/events",
    "/apis/triggers.tekton.dev/v1beta1/namespaces/ci/eventlisteners/claimed/status",
  ]);
  assert.deepEqual(t.find("EventListener", "foreign")?.["status"], foreign);
});

test("a listener that Tekton's controller takes up is let go, and not written again", async () => {
  await using t = await openBench();
  t.plans.set("github", planOf("github", [undefined]));
  t.put("github");
  t.announce();
  await t.until(() => t.conditions("github").length > 0);
  t.put("github", { finalizers: [FINALIZER] }, { status: { conditions: [] } });
  t.plans.set("github", planOf("github", [BROKEN]));
  t.plans.set("other", planOf("other", [undefined]));
  t.put("other");
  await t.until(() => t.conditions("other").length > 0);
  // What was under way when it was taken up is refused: it knows an older version.
  const written = t.writes("/github/status").filter((request) => request.status === 200);
  assert.equal(written.length, 1);
  assert.deepEqual(t.conditions("github"), []);
});

test("two installations never write in turns: who serves it says so, and only a person says otherwise", async () => {
  await using t = await openBench();
  t.plans.set("github", planOf("github", [undefined]));
  t.put("github");
  t.announce();
  await t.until(() => t.conditions("github").length > 0);
  const places = { publicUrl: "https://other.example.com", domain: "cluster.local" };
  const other = t.announce({ installation: "staging", places });
  t.plans.set("marker", planOf("marker", [undefined]));
  t.put("marker", { annotations: { "sluice.dev/managed": "staging" } });
  await t.until(() => t.conditions("marker").length > 0);
  assert.equal(t.writes("/github/status").length, 1);
  assert.equal(t.status("marker")?.address?.url, "https://other.example.com/ci/marker");
  const change = (metadata: object) => t.put("github", metadata, { status: t.status("github") });
  change({ annotations: { "sluice.dev/managed": "staging" } });
  await t.until(() => t.status("github")?.address?.url === "https://other.example.com/ci/github");
  await other.stop();
  change({ labels: { touched: "yes" } });
  t.put("last");
  t.plans.set("last", planOf("last", [undefined]));
  await t.until(() => t.conditions("last").length > 0);
  assert.equal(t.status("github")?.address?.url, "https://other.example.com/ci/github");
});

test("a new listener is left to Tekton's controller for a while", async () => {
  await using t = await openBench();
  t.plans.set("github", planOf("github", [undefined]));
  t.put("github");
  t.announce({ timing: { settle: 60_000, every: 5 } });
  const claimed = { "sluice.dev/managed": "true" };
  t.plans.set("claimed", planOf("claimed", [undefined]));
  t.put("claimed", { annotations: claimed });
  await t.until(() => t.conditions("claimed").length > 0);
  assert.equal(t.writes("/github/status").length, 0);
});

test("of two that write at once one is refused, and what both know stands in the end", async () => {
  await using t = await openBench();
  t.plans.set("github", planOf("github", [undefined]));
  const { metadata } = t.put("github");
  t.server.fault({ method: "PATCH", path: "/status", action: { type: "delay", ms: 30 } });
  t.announce();
  await t.until(() => t.writes("/status").length > 0);
  t.put("github", { annotations: { touched: "meanwhile" } });
  await t.until(() => t.conditions("github").length > 0);
  const refused = t.server.requests.filter(({ status }) => status === 409);
  assert.equal(refused.length, 1);
  assert.notEqual(t.find("EventListener", "github")?.metadata.resourceVersion, metadata.resourceVersion);
  assert.deepEqual(t.conditions("github"), READY);
});

test("a listener that cannot fire makes one Event, and one more when it can again", async () => {
  await using t = await openBench();
  t.plans.set("github", planOf("github", [BROKEN]));
  t.put("github");
  const gateway = t.announce();
  await t.until(() => t.server.objects("Event").length === 1);
  const [warning] = t.server.objects("Event");
  assert.partialDeepStrictEqual(warning, {
    apiVersion: "events.k8s.io/v1",
    metadata: { namespace: "ci" },
    ...{
      type: "Warning",
      reason: "CannotFire",
      action: "Compile",
      reportingController: "sluice.dev/gateway",
    },
    regarding: { kind: "EventListener", namespace: "ci", name: "github" },
  });
  assert.match(
    String(warning?.["note"]),
    /^SLUICE_REF_MISSING: 0 of 1 triggers can fire; t0: TriggerTemplate build/,
  );
  t.plans.set("github", planOf("github", [undefined]));
  await t.until(() => t.server.objects("Event").length === 2);
  assert.partialDeepStrictEqual(t.server.objects("Event")[1], { type: "Normal", reason: "CanFire" });
  await gateway.stop();
});

test("the gateway that leads next counts on in the same Event", async () => {
  await using t = await openBench();
  t.plans.set("github", planOf("github", [BROKEN]));
  t.put("github");
  const first = t.announce();
  await t.until(() => t.server.objects("Event").length === 1);
  await first.stop();
  t.announce();
  await t.until(() => t.server.objects("Event")[0]?.["series"] !== undefined);
  assert.equal(t.server.objects("Event").length, 1);
  assert.partialDeepStrictEqual(t.server.objects("Event")[0]?.["series"], { count: 2 });
});

test("a right that is missing is told once for all listeners, and when it is there", async () => {
  await using t = await openBench();
  for (const name of ["a", "b", "c"]) {
    t.plans.set(name, planOf(name, [undefined]));
    t.put(name);
  }
  const details = { kind: "eventlisteners", group: "triggers.tekton.dev" };
  const action = { type: "status", status: 403, details } as const;
  const granted = t.server.fault({ method: "PATCH", times: 0, action });
  const gateway = t.announce();
  await gateway.until("cluster.trouble");
  await t.until(() => t.writes("/status").length >= 3);
  granted();
  await gateway.until("cluster.mended");
  const told = gateway.facts.filter(({ type }) => type === "cluster.trouble");
  assert.deepEqual(
    told.map((fact) => fact.type === "cluster.trouble" && fact.error.code),
    ["SLUICE_ANNOUNCE_FORBIDDEN"],
  );
  await t.until(() => t.conditions("c").length > 0);
});

test("after the signal nothing is written", async () => {
  await using t = await openBench();
  t.plans.set("github", planOf("github", [undefined]));
  t.put("github");
  const gateway = t.announce();
  await t.until(() => t.conditions("github").length > 0);
  await gateway.stop();
  t.server.clearRequests();
  t.put("github", { labels: { changed: "yes" } }, { status: {} });
  await gateway.stop();
  assert.deepEqual(t.writes("/"), []);
});
