/** As whom objects are created, on an API server with RBAC: what a tenant may not do himself, no delivery does for him. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import type { CreateAnswer, CreateJob, Target } from "../../../src/core/job.ts";
import { openTargets } from "../../../src/dispatch/create/index.ts";
import { jobOf, pipelineRun } from "../../contracts/target.ts";
import type { ApiServer } from "../../helpers/api-server.ts";
import { startApiServer } from "../../helpers/api-server.ts";
import { temporaryFolder } from "../../helpers/folder.ts";
import { accountUser, grant } from "../../helpers/rbac.ts";

const GATEWAY = accountUser("sluice", "gateway");
const RUNS = { apiGroups: ["tekton.dev"], resources: ["pipelineruns"], verbs: ["create"] };
const READ_RUNS = { ...RUNS, verbs: ["get"] };
const SEE_TRIGGERS = { apiGroups: ["triggers.tekton.dev"], resources: ["triggers"], verbs: ["list"] };
const ASK = {
  apiGroups: ["authorization.k8s.io"],
  resources: ["localsubjectaccessreviews"],
  verbs: ["create"],
};
const actAs = (...resourceNames: readonly string[]) => ({
  apiGroups: [""],
  resources: ["serviceaccounts"],
  verbs: ["impersonate"],
  ...(resourceNames.length > 0 && { resourceNames }),
});

const folder = temporaryFolder();
let server: ApiServer;
let kubeconfig = "";
/** As with --from-cluster: tenants write the objects. */
let target: Target;
/** As with --config and --identity tekton. */
let fromFiles: Target;

before(async () => {
  server = await startApiServer({
    rbac: true,
    namespaces: ["sluice", "a", "b"],
    users: new Map([["gateway-token", GATEWAY]]),
  });
  kubeconfig = join(folder.path, "kubeconfig");
  writeFileSync(kubeconfig, server.kubeconfig({ token: "gateway-token" }));
});
beforeEach(async () => {
  await target?.close();
  await fromFiles?.close();
  server.clearObjects();
  server.clearRequests();
  const settings = { create: "kubernetes", kubeconfig };
  // Fresh ones: answers to reviews are remembered for some seconds.
  ({ target } = openTargets({ ...settings, fromCluster: true }));
  ({ target: fromFiles } = openTargets({ ...settings, identity: "tekton" }));
});
after(async () => {
  await target.close();
  await fromFiles.close();
  await server.stop();
  folder[Symbol.dispose]();
});

/** A job of listener `a/ci`, whose trigger lives in `namespace`. */
function job(changes: Partial<CreateJob> = {}, namespace = "a"): CreateJob {
  const trigger = { namespace, name: "ci" };
  return { ...jobOf("d-1", "a"), trigger, ...changes };
}

const run = (namespace: string) => pipelineRun("d-1", namespace);
const code = (answer: CreateAnswer) => (answer.outcome === "failed" ? answer.code : answer.outcome);

function assertNothingIn(namespace: string): void {
  const there = server.objects("PipelineRun").filter(({ metadata }) => metadata.namespace === namespace);
  assert.deepEqual(there, []);
}

describe("objects are created as", () => {
  test("the namespace's default account, the listener's, or the trigger's in the trigger's namespace", async () => {
    const cases: readonly (readonly [Partial<CreateJob>, string])[] = [
      [{}, "default"],
      [{ listenerAccount: "listener" }, "listener"],
      [{ listenerAccount: "listener", serviceAccount: "trigger" }, "trigger"],
    ];
    grant(server, GATEWAY, "a", actAs());
    grant(server, accountUser("a", "listener"), "a", actAs("trigger"));
    grant(server, GATEWAY, "a", ASK);
    for (const [accounts, name] of cases) {
      server.clearRequests();
      const user = accountUser("a", name);
      const refused = await target.create(run("a"), job(accounts));
      assert.equal(code(refused), "SLUICE_CREATE_FORBIDDEN", name);
      grant(server, user, "a", RUNS);
      assert.equal(code(await target.create(run("a"), job(accounts))), "created", name);
      const created = server.requests.filter(({ method, path }) => method === "POST" && /runs$/.test(path));
      assert.deepEqual(
        created.map(({ impersonated }) => impersonated),
        [user, user],
      );
    }
  });

  test("the gateway's own user with files, unless that is asked for", async () => {
    const { target: own } = openTargets({ create: "kubernetes", kubeconfig });
    assert.equal(code(await own.create(run("a"), job())), "SLUICE_CREATE_FORBIDDEN");
    grant(server, GATEWAY, "a", RUNS);
    assert.equal(code(await own.create(run("a"), job({ serviceAccount: "builder" }))), "created");
    assert.deepEqual(
      server.requests.flatMap(({ impersonated }) => impersonated ?? []),
      [],
    );
    await own.close();
    // Files are written by those who run the gateway: nobody is asked whether the listener might.
    grant(server, GATEWAY, "a", actAs("builder"));
    grant(server, accountUser("a", "builder"), "a", RUNS);
    assert.equal(code(await fromFiles.create(run("a"), job({ serviceAccount: "builder" }))), "created");
  });

  test("nobody, when the gateway may not act as him: the gateway's own rights do not stand in", async () => {
    grant(server, GATEWAY, undefined, RUNS);
    const answer = await target.create(run("a"), job({ listenerAccount: "ci" }));
    assert.equal(code(answer), "SLUICE_CREATE_IMPERSONATE");
    assert.match((answer as { reason: string }).reason, /may not act as service account a\/ci/);
    assertNothingIn("a");
    grant(server, GATEWAY, "a", actAs("ci"));
    grant(server, accountUser("a", "ci"), "a", RUNS);
    assert.equal(code(await target.create(run("a"), job({ listenerAccount: "ci" }))), "created");
  });
});

describe("a lost answer", () => {
  test("is no conflict, though accounts made for Tekton may create and not get", async () => {
    grant(server, GATEWAY, "a", actAs());
    grant(server, accountUser("a", "default"), "a", RUNS);
    const object = run("a");
    // On a connection that had been used the request is sent again at once, and meets its own object.
    server.fault({ method: "POST", path: "pipelineruns", action: { type: "drop", when: "after" } });
    await target.create(object, job());
    assert.equal(server.objects("PipelineRun").length, 1);
    const unseen = await target.create(object, job());
    assert.equal(code(unseen), "SLUICE_CREATE_FORBIDDEN");
    assert.match((unseen as { reason: string }).reason, /may not get PipelineRun in a.*--verb=get/);
    grant(server, GATEWAY, "a", READ_RUNS);
    assert.equal(code(await target.create(object, job())), "exists");
    assert.equal(server.objects("PipelineRun").length, 1);
  });
});

describe("a tenant of a who may write Triggers and EventListeners there, and nothing else,", () => {
  // All that the gateway could be given, and all that tenant b has.
  beforeEach(() => {
    grant(server, GATEWAY, undefined, actAs());
    grant(server, GATEWAY, undefined, ASK);
    grant(server, accountUser("b", "builder"), "b", RUNS);
    grant(server, accountUser("b", "default"), "b", RUNS);
    grant(server, accountUser("a", "default"), "a", RUNS);
    grant(server, accountUser("a", "strong"), undefined, RUNS);
  });

  test("creates nothing in b by a template's metadata.namespace", async () => {
    assert.equal(code(await target.create(run("b"), job())), "SLUICE_CREATE_FORBIDDEN");
    assertNothingIn("b");
  });

  test("creates nothing in b by selecting b's triggers, with an account of b or without", async () => {
    for (const accounts of [{}, { serviceAccount: "builder" }]) {
      const answer = await target.create(run("b"), job(accounts, "b"));
      assert.equal(code(answer), "SLUICE_CREATE_TENANT");
      assert.match(
        (answer as { reason: string }).reason,
        /list triggers\.triggers\.tekton\.dev in namespace b/,
      );
    }
    assertNothingIn("b");
  });

  test("acts as no stronger account of his own namespace than his listener's account may", async () => {
    const answer = await target.create(run("b"), job({ serviceAccount: "strong" }));
    assert.equal(code(answer), "SLUICE_CREATE_TENANT");
    assert.match((answer as { reason: string }).reason, /impersonate serviceaccounts strong in namespace a/);
    assertNothingIn("b");
  });

  test("acts as nobody by a name that is no name", async () => {
    for (const name of [
      "x:y",
      "../b/builder",
      "b:builder",
      "system:masters",
      "A",
      "a\r\nImpersonate-Group: x",
      "",
    ]) {
      for (const accounts of [{ serviceAccount: name }, { listenerAccount: name }]) {
        assert.equal(code(await target.create(run("a"), job(accounts))), "SLUICE_CREATE_REFUSED", name);
      }
    }
    assertNothingIn("a");
  });

  test("gets what b grants, as in Tekton: to see its triggers, then to act as their accounts", async () => {
    grant(server, accountUser("a", "default"), "b", SEE_TRIGGERS);
    const builder = job({ serviceAccount: "builder" }, "b");
    assert.equal(code(await target.create(run("b"), builder)), "SLUICE_CREATE_TENANT");
    grant(server, accountUser("a", "default"), "b", actAs("builder"));
    const { target: later } = openTargets({ create: "kubernetes", kubeconfig, fromCluster: true });
    assert.equal(code(await later.create(run("b"), builder)), "created");
    await later.close();
  });
});

test("in namespaced mode Roles of the namespace are all that is needed, and asking is one of them", async () => {
  grant(server, GATEWAY, "a", actAs("default", "builder"));
  grant(server, accountUser("a", "builder"), "a", RUNS);
  const answer = await target.create(run("a"), job({ serviceAccount: "builder" }));
  assert.equal(code(answer), "SLUICE_CREATE_FORBIDDEN");
  assert.match(
    (answer as { reason: string }).reason,
    /--resource=localsubjectaccessreviews\.authorization\.k8s\.io/,
  );
  grant(server, GATEWAY, "a", ASK);
  grant(server, accountUser("a", "default"), "a", actAs("builder"));
  assert.equal(code(await target.create(run("a"), job({ serviceAccount: "builder" }))), "created");
});
