/** RBAC, impersonation and access reviews of the test API server: what tests of tenants stand on. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  type ApiException,
  AuthorizationV1Api,
  CoreV1Api,
  KubeConfig,
  type V1Status,
} from "@kubernetes/client-node";
import type { ApiServer } from "../api-server.ts";
import { startApiServer } from "../api-server.ts";
import { accountUser, grant } from "../rbac.ts";

const GATEWAY = accountUser("sluice", "gateway");
const READ = { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "create"] };
const impersonate = (name: string) => ({
  apiGroups: [""],
  resources: ["serviceaccounts"],
  verbs: ["impersonate"],
  resourceNames: [name],
});

let server: ApiServer;

before(async () => {
  server = await startApiServer({ namespaces: ["a", "b"], rbac: true, users: new Map([["t", GATEWAY]]) });
});
after(() => server.stop());

function clientOf(as?: string): CoreV1Api {
  return configOf(as).makeApiClient(CoreV1Api);
}

function configOf(as?: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromString(server.kubeconfig({ token: "t" }));
  if (as !== undefined) config.users = config.users.map((user) => ({ ...user, impersonateUser: as }));
  return config;
}

async function refusal(work: Promise<unknown>): Promise<V1Status> {
  const thrown = (await work.then(
    () => assert.fail("it was allowed"),
    (error: unknown) => error,
  )) as ApiException<string>;
  return JSON.parse(thrown.body) as V1Status;
}

const configMap = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } });

test("what no role allows is forbidden, worded as a real server does", async () => {
  const { code, message, details } = await refusal(
    clientOf().readNamespacedConfigMap({ namespace: "a", name: "x" }),
  );
  assert.equal(code, 403);
  assert.equal(
    message,
    `configmaps "x" is forbidden: User "${GATEWAY}" cannot get resource "configmaps" in API group "" in the namespace "a"`,
  );
  assert.deepEqual(details, { name: "x", kind: "configmaps" });
});

test("a role counts in its namespace alone, a cluster role everywhere, and neither when it is taken away", async () => {
  const revoke = grant(server, GATEWAY, "a", READ);
  await clientOf().createNamespacedConfigMap({ namespace: "a", body: configMap("one") });
  assert.equal(
    (await refusal(clientOf().createNamespacedConfigMap({ namespace: "b", body: configMap("one") }))).code,
    403,
  );
  revoke();
  assert.equal(
    (await refusal(clientOf().createNamespacedConfigMap({ namespace: "a", body: configMap("two") }))).code,
    403,
  );
  const revokeAll = grant(server, GATEWAY, undefined, READ);
  await clientOf().createNamespacedConfigMap({ namespace: "b", body: configMap("two") });
  revokeAll();
});

test("impersonation needs the right to impersonate, and then only his rights count", async () => {
  const builder = accountUser("a", "builder");
  const asBuilder = () =>
    clientOf(builder).createNamespacedConfigMap({ namespace: "a", body: configMap("by") });
  assert.deepEqual((await refusal(asBuilder())).details, { name: "builder", kind: "serviceaccounts" });
  const revoke = grant(server, GATEWAY, "a", impersonate("builder"));
  const { message, details } = await refusal(asBuilder());
  assert.match(message ?? "", /User "system:serviceaccount:a:builder" cannot create/);
  assert.deepEqual(details, { kind: "configmaps" });
  grant(server, builder, "a", READ);
  await asBuilder();
  assert.equal(
    (await refusal(clientOf(accountUser("a", "other")).listNamespacedConfigMap({ namespace: "a" }))).code,
    403,
  );
  revoke();
});

test("reviews answer for oneself and, with the right, for others", async () => {
  const api = configOf().makeApiClient(AuthorizationV1Api);
  const resourceAttributes = { verb: "create", group: "", resource: "configmaps", namespace: "b" };
  const self = async () =>
    (await api.createSelfSubjectAccessReview({ body: { spec: { resourceAttributes } } })).status?.allowed;
  assert.equal(await self(), false);
  const revoke = grant(server, GATEWAY, "b", READ);
  assert.equal(await self(), true);
  revoke();
  const other = () =>
    api.createNamespacedLocalSubjectAccessReview({
      namespace: "b",
      body: { spec: { resourceAttributes, user: accountUser("b", "x"), groups: [] } },
    });
  assert.equal((await refusal(other())).code, 403);
  const rule = {
    apiGroups: ["authorization.k8s.io"],
    resources: ["localsubjectaccessreviews"],
    verbs: ["create"],
  };
  grant(server, GATEWAY, "b", rule);
  assert.equal((await other()).status?.allowed, false);
  grant(server, accountUser("b", "x"), "b", READ);
  assert.equal((await other()).status?.allowed, true);
});
