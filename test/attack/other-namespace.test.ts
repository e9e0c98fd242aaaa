/** A tenant that selects another's triggers uses nothing of them, no Secret and no interceptor, before it may see them. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parseAllDocuments } from "yaml";
import { type ApiObject, type ApiServer, startApiServer } from "../helpers/api-server.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { eventually, type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import {
  cel,
  github,
  interceptor,
  listener,
  OPEN,
  push,
  trigger,
  type Written,
  written,
} from "../helpers/objects.ts";
import { ROOT } from "../helpers/process.ts";
import { accountUser, grant } from "../helpers/rbac.ts";
import { type RedisServer, startRedis } from "../helpers/redis.ts";
import { send } from "../helpers/whole.ts";

const CREATE = { apiGroups: ["tekton.dev"], resources: ["pipelineruns"], verbs: ["create"] };
const LIST = { apiGroups: ["triggers.tekton.dev"], resources: ["triggers"], verbs: ["list"] };
const folder = temporaryFolder();
let redis: RedisServer;
let server: ApiServer;
let gateway: GatewayProcess;
let theirs: Server;
let asked = 0;

const inside = (namespace: string, object: Written): ApiObject => {
  const { metadata } = object as { readonly metadata: Written };
  return { ...object, metadata: { ...metadata, namespace } } as ApiObject;
};
const selecting = (name: string, more: Written = {}) => {
  const selector = { namespaceSelector: { matchNames: ["b"] }, labelSelector: { matchLabels: { of: name } } };
  return listener(name, [], { ...selector, ...more });
};
const put = (name: string, spec: Written, more: Written = {}) => {
  const { name: _, ...rest } = spec;
  server.put(inside("b", written("Trigger", name, rest, { labels: { of: name }, ...more })));
};

before(async () => {
  theirs = createServer((_request, response) => {
    asked++;
    response.end(JSON.stringify({ continue: true }));
  }).listen(0, "127.0.0.1");
  redis = await startRedis({ appendfsync: "no" });
  const users = new Map([["gateway-token", accountUser("sluice", "sluice")]]);
  server = await startApiServer({ namespaces: ["a", "b", "sluice"], rbac: true, users });
  const roles = readFileSync(join(ROOT, "deploy/access/cluster/role.yaml"), "utf8");
  for (const document of parseAllDocuments(roles)) server.put(document.toJS() as ApiObject);
  for (const namespace of ["a", "b"]) grant(server, accountUser("a", "default"), namespace, CREATE);
  const data = { token: Buffer.from("of-b").toString("base64") };
  server.put({ apiVersion: "v1", kind: "Secret", metadata: { name: "hook", namespace: "b" }, data });
  const { port } = theirs.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  server.put(written("ClusterInterceptor", "theirs", { clientConfig: { url } }) as unknown as ApiObject);
  put("proved", trigger("", [github()]));
  put("open", trigger("", [interceptor("theirs")]), OPEN);
  put("compared", trigger("", [cel("header.canonical('X-T').compareSecret('token', 'hook')")]));
  put("grouped", trigger("", [github()]));
  for (const name of ["proved", "open", "compared"]) server.put(inside("a", selecting(name)));
  const group = {
    name: "g",
    interceptors: [cel("true")],
    triggerSelector: selecting("grouped")["spec"] as Written,
  };
  const { triggers: _, ...triggerSelector } = group.triggerSelector;
  server.put(inside("a", listener("grouped", [], { triggerGroups: [{ ...group, triggerSelector }] })));
  // One trigger of its own, which everybody may send to, beside b's.
  const { spec } = selecting("proved") as { readonly spec: Written };
  server.put(
    inside("a", listener("mixed", [trigger("own")], { ...OPEN, ...spec, triggers: [trigger("own")] })),
  );
  const kubeconfig = join(folder.path, "kubeconfig");
  writeFileSync(kubeconfig, server.kubeconfig({ token: "gateway-token" }));
  gateway = await startGateway([
    ...["--from-cluster", "--kubeconfig", kubeconfig, "--store", redis.url, "--durability", "relaxed"],
    ...["--announce", "none", "--follow-runs", "off", "--allow-addresses", `127.0.0.1:${port}`],
  ]);
});
after(async () => {
  await gateway.stop();
  await server.stop();
  theirs.close();
  await redis[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

interface Decision {
  readonly trigger: { readonly namespace: string; readonly name: string };
  readonly result: string;
  readonly code?: string;
  readonly reason: string;
}
interface Told {
  readonly outcome: string;
  readonly decisions: readonly Decision[];
}

const arrival = () => push({ token: "of-b", headers: { "x-t": "of-b" } });
const told = async (id = ""): Promise<Told> =>
  (await (await fetch(`${gateway.admin}/api/v1/deliveries/${id}`)).json()) as Told;
const usedOfB = () =>
  server.requests.filter(({ path }) => /namespaces\/b\/secrets/.test(path)).map(({ path }) => path);
const runs = () => server.objects("PipelineRun").length;

test("without the right no Secret of the other is read, no interceptor asked, nothing created or kept", async () => {
  server.clearRequests();
  for (const name of ["proved", "open", "compared", "grouped"]) {
    const { status, body } = await send(gateway.url, arrival(), `/a/${name}`);
    assert.equal(status, 401, name);
    assert.match(JSON.stringify(body), /the listener may not say how/);
    assert.doesNotMatch(JSON.stringify(body), /namespace b|a\/default/);
  }
  assert.deepEqual([usedOfB(), asked, runs()], [[], 0, 0]);
});

test("beside a trigger of its own, the other's fails and says which right is missing", async () => {
  server.clearRequests();
  const { status, body } = await send(gateway.url, arrival(), "/a/mixed");
  assert.equal(status, 202);
  const { decisions } = await told(body["eventID"]);
  const [other, own] = decisions.toSorted((x, y) => y.trigger.namespace.localeCompare(x.trigger.namespace));
  assert.equal(own?.result, "matched");
  assert.deepEqual([other?.result, other?.code], ["failed", "SLUICE_TRIGGER_FORBIDDEN"]);
  assert.match(
    other?.reason ?? "",
    /runs as service account a\/default.*--verb=list --resource=triggers\.triggers\.tekton\.dev/,
  );
  assert.deepEqual(usedOfB(), []);
  const ready = await (await fetch(`${gateway.admin}/readyz`)).text();
  assert.match(ready, /SLUICE_TRIGGER_FORBIDDEN/);
});

test("with the right the other's triggers are used, and their Secrets prove senders", async () => {
  const before = runs();
  const revoke = grant(server, accountUser("a", "default"), "b", LIST);
  // A no is believed for two seconds.
  const answer = await eventually(
    () => send(gateway.url, arrival(), "/a/proved"),
    ({ status }) => status === 202,
  );
  const { decisions } = await told(answer.body["eventID"]);
  assert.deepEqual(
    decisions.map(({ result }) => result),
    ["matched"],
  );
  assert.ok(usedOfB().length > 0);
  await eventually(
    async () => runs(),
    (count) => count === before + 1,
  );
  const wrong = await send(gateway.url, push({ token: "of-a" }), "/a/proved");
  assert.equal(wrong.status, 401);
  revoke();
});
