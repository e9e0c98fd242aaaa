/** A cluster whose kubeconfig is in a Secret: found, rotated, missing, and written by somebody who wants more. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import type { CreateAnswer, Target } from "../../../src/core/job.ts";
import { openTargets, type Targets } from "../../../src/dispatch/create/index.ts";
import { createKubernetesTarget } from "../../../src/dispatch/create/kubernetes.ts";
import { createSecretCluster } from "../../../src/dispatch/create/secret-cluster.ts";
import { createApi } from "../../../src/kubernetes/api.ts";
import { loadCluster } from "../../../src/kubernetes/cluster.ts";
import { createSession } from "../../../src/kubernetes/session.ts";
import { jobOf, pipelineRun, runOf } from "../../contracts/target.ts";
import { type ApiServer, startApiServer } from "../../helpers/api-server.ts";
import { temporaryFolder } from "../../helpers/folder.ts";

const folder = temporaryFolder();
let home: ApiServer;
let west: ApiServer;
let kubeconfig = "";
let targets: Targets;
let target: Target;

before(async () => {
  home = await startApiServer({ namespaces: ["sluice"] });
  west = await startApiServer({ namespaces: ["ci"], users: new Map([["renewed", "sluice-test"]]) });
  kubeconfig = home.writeKubeconfig(join(folder.path, "kubeconfig"));
});
beforeEach(async () => {
  await targets?.close();
  home.clearObjects();
  home.clearRequests();
  const clusters = new Map([["west", { kubeconfig: "secret:sluice/west", namespaces: "*" as const }]]);
  targets = openTargets({ create: "kubernetes", kubeconfig, clusters });
  target = targets.clusters.get("west") ?? assert.fail("there is no such target");
});
after(async () => {
  await targets.close();
  await Promise.all([home.stop(), west.stop()]);
  folder[Symbol.dispose]();
});

/** Puts a kubeconfig into the Secret. */
function keep(text: string, key = "kubeconfig"): void {
  const data = { [key]: Buffer.from(text).toString("base64") };
  home.put({ apiVersion: "v1", kind: "Secret", metadata: { name: "west", namespace: "sluice" }, data });
}

const create = (to = target) => to.create(pipelineRun("d", "ci"), jobOf("d", "ci"));
const secretReads = () => home.requests.filter(({ path }) => path.endsWith("/secrets/west")).length;

function refused(answer: CreateAnswer): {
  readonly code: string;
  readonly retry: string;
  readonly reason: string;
} {
  return answer.outcome === "failed" ? answer : assert.fail(answer.outcome);
}

test("the Secret is read at the first use, once, and its cluster gets the objects", async () => {
  keep(west.kubeconfig());
  assert.equal(home.requests.length, 0);
  const runs = await Promise.all(Array.from({ length: 5 }, () => create()));
  assert.deepEqual(
    runs.map((answer) => runOf(answer).where),
    Array(5).fill(`west ${west.url}`),
  );
  assert.equal(secretReads(), 1);
  assert.equal(home.objects("PipelineRun").length, 0);
  await target.ready();
});

test("without a usable Secret jobs wait for it slowly, and go on when it is there", async () => {
  const missing = refused(await create());
  assert.deepEqual([missing.code, missing.retry], ["SLUICE_CLUSTER_KUBECONFIG", "slow"]);
  assert.match(missing.reason, /Secret sluice\/west gives no kubeconfig: secrets "west" not found/);
  keep("x", "config");
  assert.match(refused(await create()).reason, /it has no key kubeconfig/);
  keep("{ no: [yaml");
  assert.equal(refused(await create()).code, "SLUICE_CLUSTER_KUBECONFIG");
  keep("clusters: []\n");
  assert.match(refused(await create()).reason, /leads to no cluster/);
  await assert.rejects(target.ready(), { code: "SLUICE_CLUSTER_KUBECONFIG" });
  keep(west.kubeconfig());
  runOf(await create());
});

test("renewed credentials are found when the old ones fail, and the Secret is not read for each failure", async () => {
  const time = { now: 1_000 };
  const session = createSession(() => loadCluster({ kubeconfig }));

  const rotating = createSecretCluster({
    cluster: "west",
    secret: { namespace: "sluice", name: "west" },
    home: createApi(session),
    open: (given) => createKubernetesTarget({ given, cluster: "west" }),
    clock: () => time.now,
  });
  keep(west.kubeconfig({ token: "stale" }));
  for (let i = 0; i < 5; i++) assert.equal(refused(await create(rotating)).code, "SLUICE_CREATE_CREDENTIALS");
  assert.equal(secretReads(), 1);
  keep(west.kubeconfig({ token: "renewed" }));
  time.now += 6_000;
  await create(rotating);
  runOf(await create(rotating));
  assert.equal(secretReads(), 2);
  await rotating.close();
  session.close();
});

describe("a kubeconfig from a Secret reaches for nothing outside of it:", () => {
  const users: Readonly<Record<string, object>> = {
    exec: { exec: { apiVersion: "client.authentication.k8s.io/v1", command: "touch", args: ["pwned"] } },
    "auth-provider": { "auth-provider": { name: "gcp", config: { "cmd-path": "touch" } } },
    tokenFile: { tokenFile: "/etc/passwd" },
    "token-file": { "token-file": "/etc/passwd" },
    "client-certificate": { "client-certificate": "/etc/passwd" },
    "client-key": { "client-key": "/etc/passwd" },
  };
  const document = (
    user: string,
    authority = `certificate-authority-data: ${Buffer.from("x").toString("base64")}`,
  ) =>
    `current-context: x
contexts: [{name: x, context: {cluster: x, user: x}}]
clusters:
- name: x
  cluster:
    server: https://127.0.0.1:1
    ${authority}
users:
- name: x
  user: ${user}
`;
  for (const [field, user] of Object.entries(users)) {
    test(`no ${field}`, async () => {
      keep(document(JSON.stringify(user)));
      const { code, reason } = refused(await create());
      assert.equal(code, "SLUICE_CLUSTER_KUBECONFIG");
      assert.match(reason, new RegExp(`: ${field} reaches outside`));
    });
  }

  test("no certificate-authority, and nothing by a merge key, which only one of two YAML parsers reads", async () => {
    keep(document("{token: x}", "certificate-authority: /etc/passwd"));
    assert.match(refused(await create()).reason, /certificate-authority reaches outside/);
    keep(document('{"<<": {tokenFile: /etc/passwd, token-file: /etc/passwd}}'));
    assert.equal(refused(await create()).code, "SLUICE_CREATE_UNREACHABLE");
  });
});
