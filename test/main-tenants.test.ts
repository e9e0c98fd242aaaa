/** Tenants of one cluster: whoever may write Triggers in one namespace gets nothing done in another, by any field. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { parseAllDocuments } from "yaml";
import { type ApiObject, type ApiServer, startApiServer } from "./helpers/api-server.ts";
import { temporaryFolder } from "./helpers/folder.ts";
import { cel, github, listener, push, template, trigger, type Written, written } from "./helpers/objects.ts";
import { ROOT } from "./helpers/process.ts";
import { accountUser, grant } from "./helpers/rbac.ts";
import { type RedisServer, startRedis } from "./helpers/redis.ts";
import { send, started } from "./helpers/whole.ts";

const CREATE = { apiGroups: ["tekton.dev"], resources: ["pipelineruns"], verbs: ["create"] };
const folder = temporaryFolder();
let redis: RedisServer;
let server: ApiServer;
let gateway: Awaited<ReturnType<typeof started>>;

/** In a namespace, and without the annotation that anybody may send. */
const inside = (namespace: string, object: Written): ApiObject => {
  const { metadata } = object as { readonly metadata: Written };
  return { ...object, metadata: { ...metadata, namespace } } as ApiObject;
};
const secret = (namespace: string, name: string, token: string): ApiObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace },
  data: { token: Buffer.from(token).toString("base64") },
});

before(async () => {
  redis = await startRedis({ appendfsync: "no" });
  const users = new Map([["gateway-token", accountUser("sluice", "sluice")]]);
  server = await startApiServer({ namespaces: ["a", "b", "sluice"], rbac: true, users });
  const kubeconfig = join(folder.path, "kubeconfig");
  writeFileSync(kubeconfig, server.kubeconfig({ token: "gateway-token" }));
  // All that a gateway of the whole cluster is ever given.
  const roles = readFileSync(join(ROOT, "deploy/access/cluster/role.yaml"), "utf8");
  for (const document of parseAllDocuments(roles)) server.put(document.toJS() as ApiObject);
  // Tenant a: its listener's account may create runs at home. Tenant b: some of its accounts may too.
  grant(server, accountUser("a", "default"), "a", CREATE);
  for (const name of ["default", "builder"]) grant(server, accountUser("b", name), "b", CREATE);
  // An account in a that somebody gave more to, though not to a's Triggers.
  grant(server, accountUser("a", "strong"), undefined, CREATE);
  server.put(secret("a", "hook", "of-a"));
  server.put(secret("b", "hook", "of-b"));
  server.put(secret("b", "only-b", "of-a"));
  server.put(inside("b", written("Trigger", "theirs", trigger("", [github()]))));
  server.put(
    inside("b", written("Trigger", "account", trigger("", [github()], { serviceAccountName: "builder" }))),
  );
  gateway = await started({
    ...{ listen: "127.0.0.1:0", admin: "127.0.0.1:0", fromCluster: true, kubeconfig },
    ...{ store: `redis://127.0.0.1:${redis.port}/0`, announce: "none", followRuns: "off" },
  });
});
after(async () => {
  await gateway.stop("the test is over");
  await server.stop();
  await redis[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});
beforeEach(() => {
  for (const run of server.objects("PipelineRun"))
    server.remove("PipelineRun", run.metadata.namespace ?? "", run.metadata.name);
  server.clearRequests();
});

interface Told {
  readonly code: string;
  readonly reason: string;
}

/** Puts tenant a's listener `git` in force, sends it a push, and waits for what every trigger of it comes to. */
async function attempted(objects: readonly Written[], token: string, body = '{"ref":"x","ns":"b"}') {
  const loaded = () => gateway.facts.filter(({ type }) => type === "catalog.loaded").length;
  for (const object of objects) {
    const before = loaded();
    server.put(inside("a", object));
    await gateway.heard(() => loaded() > before);
  }
  const answer = await send(gateway.listen, push({ token, body }), "/a/git");
  const { eventID = "" } = answer.body;
  const told = (): readonly Told[] =>
    gateway.facts.flatMap((fact): readonly Told[] => {
      if (fact.type === "job.attempted" && fact.job.delivery === eventID)
        return [{ code: fact.attempt.code ?? fact.attempt.outcome, reason: fact.attempt.reason ?? "" }];
      const decided = fact.type === "decision.made" && fact.delivery === eventID && fact.result !== "matched";
      return decided ? [{ code: fact.code ?? fact.result, reason: fact.reason }] : [];
    });
  if (answer.status === 202) await gateway.heard(() => told().length > 0);
  return { status: answer.status, told: told() };
}

const runsIn = (namespace: string) =>
  server.objects("PipelineRun").filter(({ metadata }) => metadata.namespace === namespace).length;

/** The trigger of a's listener, proved by a's own secret. */
const own = (more: Written = {}, interceptors: readonly Written[] = [github()]) =>
  listener("git", [trigger("t", interceptors, more)]);

function templateIn(namespace: string): Written {
  const { spec } = template("run") as { readonly spec: { readonly resourcetemplates: readonly Written[] } };
  const [run] = spec.resourcetemplates as [Written];
  const params = [{ name: "ref" }, { name: "ns", default: "b" }];
  const metadata = { generateName: "run-", namespace };
  return { spec: { params, resourcetemplates: [{ ...run, metadata }] } };
}

test("at home a tenant's triggers work, as the listener's account", async () => {
  const { told } = await attempted([own()], "of-a");
  assert.deepEqual(
    told.map(({ code }) => code),
    ["done"],
  );
  assert.deepEqual([runsIn("a"), runsIn("b")], [1, 0]);
  const created = server.requests.find(
    ({ method, path }) => method === "POST" && path.endsWith("/pipelineruns"),
  );
  assert.equal(created?.impersonated, accountUser("a", "default"));
});

const params = [
  { name: "ref", value: "$(body.ref)" },
  { name: "ns", value: "$(body.ns)" },
];

const WAYS: readonly (readonly [way: string, objects: readonly Written[], token: string, code: RegExp])[] = [
  ["metadata.namespace of a template", [own({ template: templateIn("b") })], "of-a", /CREATE_FORBIDDEN/],
  [
    "a param of the payload in metadata.namespace",
    [own({ bindings: params, template: templateIn("$(tt.params.ns)") })],
    "of-a",
    /CREATE_FORBIDDEN/,
  ],
  [
    "an account called as one of b's",
    [own({ serviceAccountName: "builder", template: templateIn("b") })],
    "of-a",
    /CREATE_TENANT/,
  ],
  [
    "a stronger account of its own namespace",
    [own({ serviceAccountName: "strong", template: templateIn("b") })],
    "of-a",
    /CREATE_TENANT/,
  ],
  [
    "the listener's account called as one of b's",
    [
      listener("git", [trigger("t", [github()], { template: templateIn("b") })], {
        serviceAccountName: "builder",
      }),
    ],
    "of-a",
    /CREATE_FORBIDDEN/,
  ],
  [
    "an account's name with b's namespace in it",
    [own({ serviceAccountName: "b:builder", template: templateIn("b") })],
    "of-a",
    /CREATE_REFUSED|OBJECT_INVALID|failed/,
  ],
  [
    "a cluster that nobody named",
    [listener("git", [trigger("t", [github()])], { annotations: { "sluice.dev/cluster": "home" } })],
    "of-a",
    /CLUSTER_UNKNOWN/,
  ],
];

for (const [way, objects, token, code] of WAYS) {
  test(`nothing is created in b by ${way}`, async () => {
    const { status, told } = await attempted(objects, token);
    assert.equal(status, 202);
    for (const each of told) assert.match(each.code, code, each.reason);
    assert.equal(runsIn("b"), 0);
    assert.deepEqual(
      server.requests.filter(
        ({ path, impersonated }) => /namespaces\/b\//.test(path) && impersonated?.includes(":b:"),
      ),
      [],
      "nobody acted as an account of b",
    );
  });
}

test("no Secret of b is read for a's own triggers, by a name that only b has or one that says where", async () => {
  const names = ["only-b", "b/only-b", "../../b/secrets/only-b"];
  const compare = (args: string) => cel(`body.token.compareSecret(${args})`);
  const ways = [
    ...names.map((name) => own({}, [github(name)])),
    own({}, [compare("'token', 'only-b', 'b'")]),
    own({}, [compare("'token', 'only-b'")]),
    own({}, [compare("'token', '../../b/secrets/only-b'")]),
  ];
  for (const object of ways) {
    await attempted([object], "of-a", '{"ref":"x","token":"of-a"}');
    const read = server.requests.filter(({ path }) => /namespaces\/b\/secrets|\.\.\/|%2e%2e/i.test(path));
    assert.deepEqual(
      read.map(({ path }) => path),
      [],
      JSON.stringify(object),
    );
  }
  assert.deepEqual([runsIn("a"), runsIn("b")], [0, 0]);
});
