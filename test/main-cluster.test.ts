/** A whole gateway on a cluster's own objects: what is changed there counts for the next delivery, without a restart. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { SluiceError } from "../src/core/errors.ts";
import { type ApiServer, type ApiServerOptions, startApiServer } from "./helpers/api-server.ts";
import { temporaryFolder } from "./helpers/folder.ts";
import { github, listener, OPEN, push, trigger, type Written, written } from "./helpers/objects.ts";
import { accountUser, grant } from "./helpers/rbac.ts";
import { shareRedis } from "./helpers/shared-redis.ts";
import { readyz, send, started } from "./helpers/whole.ts";

const freshRedis = shareRedis();
const GATEWAY = accountUser("sluice", "gateway");

/** A Secret as the API server keeps it. */
const secret = (name: string, token: string, namespace = "ci"): Written => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace },
  data: { token: Buffer.from(token).toString("base64") },
});

/** A Trigger of its own, selected by label, whose runs are called after `prefix`. */
const standing = (name: string, prefix = name): Written => {
  const { name: _, ...spec } = trigger(prefix, [github()]);
  return written("Trigger", name, spec, { labels: { team: "ci" } });
};

const SELECTING = listener("git", [], { labelSelector: { matchLabels: { team: "ci" } } });

/** A cluster that holds these objects, and settings of a gateway that serves it. */
async function cluster(objects: readonly Written[], options: ApiServerOptions = {}) {
  const users = new Map([["gateway-token", GATEWAY]]);
  const server = await startApiServer({ namespaces: ["ci", "other", "sluice"], users, ...options });
  const folder = temporaryFolder();
  const kubeconfig = join(folder.path, "kubeconfig");
  writeFileSync(kubeconfig, server.kubeconfig(options.rbac ? { token: "gateway-token" } : {}));
  const put = (object: Written) => server.put(object as Parameters<ApiServer["put"]>[0]);
  for (const object of objects) put(object);
  return {
    server,
    put,
    flags: {
      ...{ listen: "127.0.0.1:0", admin: "127.0.0.1:0", fromCluster: true, kubeconfig },
      store: freshRedis(),
      create: "kubernetes",
      identity: "gateway",
    },
    runs: () => server.objects("PipelineRun").map(({ metadata }) => metadata.name.replace(/-[^-]*$/, "")),
    async [Symbol.asyncDispose]() {
      await server.stop();
      folder[Symbol.dispose]();
    },
  };
}

type Gateway = Awaited<ReturnType<typeof started>>;

/** Does something to the cluster, and waits until the gateway goes by it. */
async function inForce(gateway: Gateway, act: () => unknown): Promise<void> {
  const count = () => gateway.facts.filter(({ type }) => type === "catalog.loaded").length;
  const before = count();
  act();
  await gateway.heard(({ type }) => type === "catalog.loaded" && count() > before);
}

/** Sends a push, and waits until what it starts is created. */
async function pushed(gateway: Gateway, expected: number, token = "s3cret") {
  const answer = await send(gateway.listen, push({ token }));
  const { eventID } = answer.body;
  const created = () =>
    gateway.facts.filter((fact) => fact.type === "run.created" && fact.job.delivery === eventID).length;
  if (expected > 0) await gateway.heard(() => created() === expected);
  return answer;
}

const decisionsOf = (gateway: Gateway, id = "") =>
  gateway.facts.flatMap((fact) => (fact.type === "decision.made" && fact.delivery === id ? [fact] : []));

describe("a gateway on a cluster", () => {
  test("goes by each change at once: a Trigger edited, added and removed, a listener removed", async () => {
    await using t = await cluster([secret("hook", "s3cret"), SELECTING, standing("build")]);
    await using gateway = await started(t.flags);
    assert.deepEqual((await readyz(gateway.admin)).degraded, []);
    assert.equal((await pushed(gateway, 1)).status, 202);
    assert.deepEqual(t.runs(), ["build"]);

    await inForce(gateway, () => t.put(standing("build", "changed")));
    await pushed(gateway, 1);
    await inForce(gateway, () => t.put(standing("second")));
    await pushed(gateway, 2);
    await inForce(gateway, () => t.server.remove("Trigger", "ci", "build"));
    await pushed(gateway, 1);
    assert.deepEqual(t.runs().sort(), ["build", "changed", "changed", "second", "second"]);

    await inForce(gateway, () => t.server.remove("EventListener", "ci", "git"));
    assert.equal((await pushed(gateway, 0)).status, 404);
  });

  test("neither lists nor watches Secrets, and reads those only that a proof names", async () => {
    await using t = await cluster([
      secret("hook", "s3cret"),
      secret("unused", "other"),
      SELECTING,
      standing("build"),
    ]);
    await using gateway = await started(t.flags);
    await pushed(gateway, 1);
    await pushed(gateway, 1);
    const asked = t.server.requests.filter(({ path }) => path.includes("secrets")).map(({ path }) => path);
    assert.deepEqual(new Set(asked), new Set(["/api/v1/namespaces/ci/secrets/hook"]));
  });

  test("takes a rotated Secret with the first delivery that is signed with it, and the old one no longer", async () => {
    await using t = await cluster([secret("hook", "s3cret"), SELECTING, standing("build")]);
    await using gateway = await started(t.flags);
    await pushed(gateway, 1);
    t.put(secret("hook", "rotated"));
    // Read a moment ago, it is not read again for a second, whatever is sent.
    const refused = async () => (await pushed(gateway, 0, "rotated")).status === 401;
    while (await refused()) await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal((await pushed(gateway, 0)).status, 401);
  });

  test("keeps an object that is broken apart: its trigger fails and says why, the others fire", async () => {
    await using t = await cluster([
      secret("hook", "s3cret"),
      SELECTING,
      standing("build"),
      standing("other"),
    ]);
    await using gateway = await started(t.flags);
    const broken = standing("build") as { readonly spec: object };
    await inForce(gateway, () => t.put({ ...broken, spec: { ...broken.spec, bindings: "none" } }));
    const { status, body } = await pushed(gateway, 1);
    assert.equal(status, 202);
    const decisions = decisionsOf(gateway, body["eventID"]);
    assert.deepEqual(
      decisions.map(({ trigger: { name }, result, code }) => `${name} ${result} ${code ?? ""}`.trim()),
      ["build failed SLUICE_OBJECT_UNUSABLE", "other matched"],
    );
    const { degraded, checks } = await readyz(gateway.admin);
    assert.deepEqual(degraded, ["catalog"]);
    assert.match(JSON.stringify(checks), /Trigger ci\/build cannot be used: spec.bindings/);
    await inForce(gateway, () => t.put(standing("build")));
    await pushed(gateway, 2);
    assert.deepEqual((await readyz(gateway.admin)).degraded, []);
  });

  test("lets nobody in by a trigger whose proof cannot be read any more", async () => {
    await using t = await cluster([secret("hook", "s3cret"), SELECTING, standing("build")]);
    await using gateway = await started(t.flags);
    const broken = standing("build") as { readonly spec: object };
    await inForce(gateway, () => t.put({ ...broken, spec: { ...broken.spec, interceptors: [{ ref: 1 }] } }));
    const { status, body } = await pushed(gateway, 0);
    assert.deepEqual([status, body["code"]], [503, "SLUICE_LISTENER_BROKEN"]);
  });

  test("answers 503 for a listener that is broken, not 404: it is there", async () => {
    const broken = { ...listener("git", []), spec: { triggers: "none" } };
    await using t = await cluster([broken, listener("fine", [trigger("open")], OPEN)]);
    await using gateway = await started(t.flags);
    const { status, body } = await pushed(gateway, 0);
    assert.deepEqual([status, body["code"]], [503, "SLUICE_LISTENER_BROKEN"]);
    assert.equal((await send(gateway.listen, push(), "/ci/fine")).status, 202);
  });

  test("goes on while the API server is away, says so, and makes up for what changed meanwhile", async () => {
    await using t = await cluster([secret("hook", "s3cret"), SELECTING, standing("build")]);
    await using gateway = await started(t.flags);
    await pushed(gateway, 1);
    await t.server.stop();
    await gateway.heard((fact) => fact.type === "cluster.trouble" && fact.what === "catalog");
    const taken = await send(gateway.listen, push({ token: "s3cret" }));
    assert.equal(taken.status, 202, "a Secret that was read before still proves");
    const { status, degraded, checks } = await readyz(gateway.admin);
    assert.equal(status, 200);
    assert.ok(degraded.includes("catalog"));
    assert.match(checks.find(({ name }) => name === "catalog")?.message ?? "", /as it was known last/);
    t.put(standing("build", "later"));
    await inForce(gateway, () => t.server.start());
    await gateway.heard((fact) => fact.type === "cluster.mended" && fact.what === "catalog");
    const { body } = await send(gateway.listen, push({ token: "s3cret" }));
    await gateway.heard((fact) => fact.type === "run.created" && fact.job.delivery === body["eventID"]);
    await gateway.heard((fact) => fact.type === "run.created" && fact.job.delivery === taken.body["eventID"]);
    assert.deepEqual(t.runs().sort(), ["build", "build", "later"]);
    assert.deepEqual((await readyz(gateway.admin)).degraded, []);
    const troubles = gateway.facts.filter(
      (fact) => fact.type === "cluster.trouble" && fact.what === "catalog",
    );
    assert.equal(troubles.length, 1, "one trouble, however many kinds are followed");
  });

  test("refuses both sources at once", async () => {
    await using t = await cluster([]);
    await assert.rejects(
      started({ ...t.flags, config: ["triggers"] }),
      (error: unknown) => error instanceof SluiceError && error.values["key"] === "fromCluster",
    );
  });
});

describe("a gateway whose cluster is slow to come", () => {
  test("answers for its health, takes no webhook, and begins when everything was read", async () => {
    await using t = await cluster([secret("hook", "s3cret"), SELECTING, standing("build")]);
    await t.server.stop();
    const starting = started(t.flags);
    await t.server.start();
    await using gateway = await starting;
    assert.equal((await pushed(gateway, 1)).status, 202);
  });

  test("ends when it is told to, though it never began", async () => {
    await using t = await cluster([]);
    t.server.fault({ path: "/apis", times: 0, action: { type: "hang", when: "before" } });
    const { promise: stopping, resolve: stop } = Promise.withResolvers<string>();
    const starting = started(t.flags, { stopping });
    stop("enough");
    await using gateway = await starting;
    assert.equal(gateway.listen, undefined);
    const { status, checks } = await readyz(gateway.admin);
    assert.equal(status, 503);
    assert.match(checks.find(({ name }) => name === "catalog")?.message ?? "", /not read yet/);
    assert.ok(!gateway.facts.some(({ type }) => type === "gateway.ready"));
  });
});

describe("a gateway with rights in one namespace", () => {
  const SEE = {
    apiGroups: ["triggers.tekton.dev"],
    resources: ["eventlisteners", "triggers", "triggerbindings", "triggertemplates", "interceptors"],
    verbs: ["list", "watch"],
  };
  const READ = { apiGroups: [""], resources: ["secrets"], verbs: ["get"], resourceNames: ["hook"] };
  const RUNS = { apiGroups: ["tekton.dev"], resources: ["pipelineruns"], verbs: ["create", "get"] };
  const elsewhere = { ...SELECTING, metadata: { name: "git", namespace: "other" } };

  test("serves that namespace; what it may not see is not there, and is said", async () => {
    const objects = [secret("hook", "s3cret"), SELECTING, standing("build"), elsewhere];
    await using t = await cluster(objects, { rbac: true });
    grant(t.server, GATEWAY, "ci", SEE, READ, RUNS);
    await using gateway = await started({ ...t.flags, namespaces: "ci" });
    await pushed(gateway, 1);
    assert.equal((await send(gateway.listen, push({ token: "s3cret" }), "/other/git")).status, 404);
    assert.deepEqual((await readyz(gateway.admin)).degraded, [], "rights inside of namespaces were chosen");
    const told = gateway.facts.filter((fact) => fact.type === "cluster.trouble");
    assert.match(
      JSON.stringify(told.map(({ error }) => error.message)),
      /list and watch clustertriggerbindings/,
    );
    const template = standing("bound") as { readonly spec: object };
    const bindings = [{ ref: "everywhere", kind: "ClusterTriggerBinding" }];
    await inForce(gateway, () => t.put({ ...template, spec: { ...template.spec, bindings } }));
    const { body } = await pushed(gateway, 1);
    const bound = decisionsOf(gateway, body["eventID"]).find((one) => one.trigger.name === "bound");
    assert.deepEqual([bound?.result, bound?.code], ["failed", "SLUICE_WATCH_FORBIDDEN"]);
  });

  test("tells a Secret that it may not read from one that is missing", async () => {
    const objects = [SELECTING, standing("build")];
    await using t = await cluster(objects, { rbac: true });
    const revoke = grant(t.server, GATEWAY, "ci", { ...READ, resourceNames: ["another"] }, SEE, RUNS);
    await using gateway = await started({ ...t.flags, namespaces: "ci" });
    // The sender is told less.
    const reason = async () => {
      await pushed(gateway, 0);
      const refused = gateway.facts.findLast((fact) => fact.type === "delivery.refused");
      return refused?.type === "delivery.refused" ? refused.reason : "";
    };
    assert.match(await reason(), /Secret ci\/hook may not be read.*verb get on secrets in namespace ci/);
    revoke();
    grant(t.server, GATEWAY, "ci", READ, SEE, RUNS);
    const missing = async () => /does not exist|has no key/.test(await reason());
    while (!(await missing())) await new Promise((resolve) => setTimeout(resolve, 100));
    t.put(secret("hook", "s3cret"));
    while ((await pushed(gateway, 0)).status === 401)
      await new Promise((resolve) => setTimeout(resolve, 100));
  });

  test("is not ready where it may not see what it is to serve, and says what to grant", async () => {
    await using t = await cluster([], { rbac: true });
    const { promise: stopping, resolve: stop } = Promise.withResolvers<string>();
    const starting = started({ ...t.flags, namespaces: "ci" }, { stopping });
    while (!t.server.requests.some(({ status }) => status === 403)) await new Promise(setImmediate);
    stop("enough");
    await using gateway = await starting;
    const { checks } = await readyz(gateway.admin);
    const catalog = JSON.stringify(checks.find(({ name }) => name === "catalog"));
    assert.match(catalog, /not allowed to list and watch \w+.triggers.tekton.dev in namespace ci/);
    assert.match(catalog, /Grant the verbs list and watch/);
  });
});
