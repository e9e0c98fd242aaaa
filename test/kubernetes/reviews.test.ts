/** Questions about rights: asked once for a while, and answered for nobody who may not ask; and the commands that grant. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createApi } from "../../src/kubernetes/api.ts";
import { loadCluster } from "../../src/kubernetes/cluster.ts";
import { grantCommand } from "../../src/kubernetes/grant.ts";
import { createReviews, mayWe } from "../../src/kubernetes/reviews.ts";
import { createSession } from "../../src/kubernetes/session.ts";
import { type ApiServer, startApiServer } from "../helpers/api-server.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { accountUser, grant } from "../helpers/rbac.ts";

const GATEWAY = accountUser("sluice", "gateway");
const ASK = {
  apiGroups: ["authorization.k8s.io"],
  resources: ["localsubjectaccessreviews"],
  verbs: ["create"],
};
const LIST = { apiGroups: ["triggers.tekton.dev"], resources: ["triggers"], verbs: ["list"] };
const listing = { verb: "list", group: "triggers.tekton.dev", resource: "triggers", namespace: "a" };
const account = { namespace: "b", name: "ci" };

const folder = temporaryFolder();
let server: ApiServer;
let session: ReturnType<typeof createSession>;

before(async () => {
  server = await startApiServer({ rbac: true, namespaces: ["a", "b"], users: new Map([["t", GATEWAY]]) });
  const kubeconfig = join(folder.path, "kubeconfig");
  writeFileSync(kubeconfig, server.kubeconfig({ token: "t" }));
  session = createSession(() => loadCluster({ kubeconfig }));
});
after(async () => {
  session.close();
  await server.stop();
  folder[Symbol.dispose]();
});

test("a yes is believed for ten seconds, a no for two, and each account and right is its own question", async () => {
  const time = { now: 0 };
  const { may } = createReviews(createApi(session), () => time.now);
  const asked = () => server.requests.filter(({ path }) => path.includes("localsubjectaccessreviews")).length;
  await assert.rejects(may(account, listing), { code: "SLUICE_CREATE_FORBIDDEN" });
  grant(server, GATEWAY, "a", ASK);
  server.clearRequests();
  assert.deepEqual([await may(account, listing), await may(account, listing), asked()], [false, false, 1]);
  const revoke = grant(server, accountUser("b", "ci"), "a", LIST);
  assert.equal(await may(account, listing), false);
  time.now += 2_000;
  assert.equal(await may(account, listing), true);
  revoke();
  time.now += 9_999;
  assert.deepEqual([await may(account, listing), asked()], [true, 2]);
  time.now += 1;
  assert.deepEqual([await may(account, listing), asked()], [false, 3]);
  assert.equal(await may({ ...account, name: "other" }, listing), false);
  assert.equal(await may(account, { ...listing, name: "one" }), false);
  assert.equal(asked(), 5);
});

test("an answer that says nothing is none", async () => {
  const { may } = createReviews(createApi(session));
  for (const [status, code] of [
    [503, "SLUICE_CREATE_BUSY"],
    [401, "SLUICE_CREATE_CREDENTIALS"],
  ] as const) {
    const disarm = server.fault({ path: "reviews", times: 0, action: { type: "status", status } });
    await assert.rejects(may({ ...account, name: `for-${status}` }, listing), { code });
    disarm();
  }
  const disarm = server.fault({
    path: "reviews",
    times: 0,
    action: { type: "status", status: 201, body: '{"status":{"allowed":"yes"}}' },
  });
  await assert.rejects(mayWe(createApi(session), listing), { code: "SLUICE_CREATE_BUSY" });
  disarm();
  assert.equal(await mayWe(createApi(session), listing), false);
});

test("commands that grant name roles, objects and whom they are for, and quote what a shell would read", () => {
  const right = { verb: "get", resource: "secrets" };
  assert.equal(
    grantCommand({ ...right, namespace: "a", resourceNames: ["hook"], account }),
    "kubectl create role ci-get-secrets-hook -n a --verb=get --resource=secrets --resource-name=hook && kubectl create rolebinding ci-get-secrets-hook -n a --role=ci-get-secrets-hook --serviceaccount=b:ci",
  );
  assert.match(
    grantCommand({ ...right, user: GATEWAY }),
    /^kubectl create clusterrole sluice-get-secrets --verb.* && kubectl create clusterrolebinding sluice-get-secrets --clusterrole=sluice-get-secrets --serviceaccount=sluice:gateway$/,
  );
  assert.match(grantCommand({ ...right, user: "ann@example.org" }), / --user=ann@example\.org$/);
  assert.match(grantCommand({ ...right, user: "x'; rm -rf $HOME" }), / --user='x'\\''; rm -rf \$HOME'$/);
  assert.match(grantCommand(right), / --user=<the gateway's user>$/);
});
