/** A tenant reaches a further cluster only where an operator opened it to the tenant's namespace, and that cluster agrees. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parseAllDocuments } from "yaml";
import { type ApiObject, type ApiServer, startApiServer } from "../helpers/api-server.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { eventually, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { listener, OPEN, push, trigger, type Written, written } from "../helpers/objects.ts";
import { ROOT } from "../helpers/process.ts";
import { accountUser, grant } from "../helpers/rbac.ts";
import { type RedisServer, startRedis } from "../helpers/redis.ts";
import { send } from "../helpers/whole.ts";

const CREATE = { apiGroups: ["tekton.dev"], resources: ["pipelineruns"], verbs: ["create"] };
const LIST = { apiGroups: ["triggers.tekton.dev"], resources: ["triggers"], verbs: ["list"] };
const actAs = (name: string) => ({
  ...{ apiGroups: [""], resources: ["serviceaccounts"], verbs: ["impersonate"], resourceNames: [name] },
});
const GATEWAY = accountUser("sluice", "sluice");
const folder = temporaryFolder();
let redis: RedisServer;
let home: ApiServer;
let west: ApiServer;
let gateway: GatewayProcess;

const WEST = { annotations: { ...OPEN.annotations, "sluice.dev/cluster": "west" } };

function put(namespace: string, object: Written): void {
  const { metadata } = object as { readonly metadata: Written };
  home.put({ ...object, metadata: { ...metadata, namespace } } as ApiObject);
}

async function openServer(name: string): Promise<ApiServer> {
  const users = new Map([["gateway-token", GATEWAY]]);
  const server = await startApiServer({ namespaces: ["a", "b", "sluice"], rbac: true, users });
  const roles = readFileSync(join(ROOT, "deploy/access/cluster/role.yaml"), "utf8");
  for (const document of parseAllDocuments(roles)) server.put(document.toJS() as ApiObject);
  writeFileSync(join(folder.path, name), server.kubeconfig({ token: "gateway-token" }));
  for (const namespace of ["a", "b"])
    for (const account of ["default", "strong"])
      grant(server, accountUser(namespace, account), namespace, CREATE);
  return server;
}

before(async () => {
  redis = await startRedis({ appendfsync: "no" });
  [home, west] = await Promise.all([openServer("home"), openServer("west")]);
  put("a", listener("closed", [trigger("t")], WEST));
  put("b", listener("open", [trigger("t")], WEST));
  put("b", listener("strong", [trigger("t", [], { serviceAccountName: "strong" })], WEST));
  // Tenant a takes b's trigger, whose objects go west; at home a may see it, and b's own account may be used.
  const { name: _, ...spec } = trigger("t");
  put("b", written("Trigger", "lent", spec, WEST));
  put("a", listener("lent", [], { namespaceSelector: { matchNames: ["b"] } }));
  grant(home, accountUser("a", "default"), "b", LIST);
  // At home b is its own master: this says nothing of the account strong in west.
  grant(home, accountUser("b", "default"), "b", actAs("strong"));
  gateway = await startGateway([
    ...["--from-cluster", "--kubeconfig", join(folder.path, "home"), "--store", redis.url],
    ...["--clusters", `west=${join(folder.path, "west")}#b`, "--durability", "relaxed"],
    ...["--announce", "none", "--follow-runs", "off"],
  ]);
});
after(async () => {
  await gateway.stop();
  await Promise.all([home.stop(), west.stop()]);
  await redis[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

interface Told {
  readonly decisions: readonly { readonly result: string; readonly code?: string; readonly reason: string }[];
  readonly jobs: readonly {
    readonly attempts: readonly {
      readonly outcome: string;
      readonly code?: string;
      readonly reason?: string;
    }[];
  }[];
}

async function sent(path: string): Promise<() => Promise<Told>> {
  const { status, body } = await send(gateway.url, push(), path);
  assert.equal(status, 202, path);
  const url = `${gateway.admin}/api/v1/deliveries/${body["eventID"]}`;
  return async () => (await (await fetch(url)).json()) as Told;
}
const tried = async (told: () => Promise<Told>) =>
  (await eventually(told, ({ jobs }) => (jobs[0]?.attempts.length ?? 0) > 0)).jobs[0]?.attempts[0];
const runsIn = (server: ApiServer) =>
  server.objects("PipelineRun").map(({ metadata }) => metadata.namespace ?? "");

test("a cluster is closed to namespaces that its setting does not name, and the decision says how to open it", async () => {
  for (const path of ["/a/closed", "/a/lent"]) {
    const { decisions } = await (await sent(path))();
    assert.deepEqual(
      decisions.map(({ result, code }) => [result, code]),
      [["failed", "SLUICE_CLUSTER_CLOSED"]],
      path,
    );
    assert.match(decisions[0]?.reason ?? "", /cluster west, which is not open to namespace a/);
  }
  assert.deepEqual([runsIn(home), runsIn(west), west.requests.length], [[], [], 0]);
});

test("where it is open, objects go there", async () => {
  assert.equal((await tried(await sent("/b/open")))?.outcome, "done");
  assert.deepEqual([runsIn(home), runsIn(west)], [[], ["b"]]);
});

test("an account is used there only by that cluster's own word", async () => {
  const before = runsIn(west).length;
  const refused = await tried(await sent("/b/strong"));
  assert.equal(refused?.code, "SLUICE_CREATE_TENANT");
  assert.match(refused.reason ?? "", /impersonate serviceaccounts strong in namespace b of cluster west/);
  assert.equal(runsIn(west).length, before);
  grant(west, accountUser("b", "default"), "b", actAs("strong"));
  // A no is believed for two seconds.
  await eventually(
    async () => tried(await sent("/b/strong")),
    (attempt) => attempt?.outcome === "done",
  );
  const [created] = west.requests.filter(({ impersonated }) => impersonated === accountUser("b", "strong"));
  assert.match(created?.path ?? "", /namespaces\/b\/pipelineruns$/);
});
