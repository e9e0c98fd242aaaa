/** A burst through real processes on a cluster's own objects, whose API server goes away in the middle and comes back. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { openApiClient } from "../helpers/api-client.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { eventually, startApiServerProcess, startGateway } from "../helpers/gateway.ts";
import { pullRequest, sendLoad } from "../helpers/load.ts";
import { ROOT } from "../helpers/process.ts";
import { startRedis } from "../helpers/redis.ts";

const SECRET = "an example, not a secret";
const EVENT_LABEL = "triggers.tekton.dev/triggers-eventid";
const body = pullRequest();

interface Declared {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly stringData?: Readonly<Record<string, string>>;
}

interface Run {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
}

/** The objects of the quickstart, as `kubectl apply` would send them. */
async function quickstart(): Promise<readonly Declared[]> {
  const found: Declared[] = [];
  for await (const path of glob("examples/quickstart/*.yaml", { cwd: ROOT })) {
    const documents = parseAllDocuments(readFileSync(join(ROOT, path), "utf8"));
    for (const document of documents) found.push(document.toJS() as Declared);
  }
  return found.map(({ stringData, ...object }) => {
    const base64 = (value: string): string => Buffer.from(value).toString("base64");
    const data = Object.fromEntries(
      Object.entries(stringData ?? {}).map(([key, value]) => [key, base64(value)]),
    );
    return stringData === undefined ? object : { ...object, data };
  });
}

const collection = ({ apiVersion, kind }: Declared): string => {
  const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${base}/namespaces/default/${kind.toLowerCase()}s`;
};

test("of 2,000 deliveries none is lost or runs twice, and the watches recover by themselves", async () => {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(temporaryFolder("sluice-cluster-"));
  const api = opened.adopt(await startApiServerProcess(folder.path), (server) => server.stop());
  const redis = opened.use(await startRedis({ appendfsync: "always" }));
  const client = opened.use(await openApiClient(api.kubeconfig));
  for (const object of await quickstart()) {
    const answer = await client.send("POST", collection(object), { body: object });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
  }
  const args = ["--from-cluster", "--kubeconfig", api.kubeconfig, "--store", redis.url];
  const gateway = opened.adopt(await startGateway(args), (process) => process.stop());

  let down: Promise<void> | undefined;
  const sent = await sendLoad({
    url: `${gateway.url}/default/github`,
    secret: SECRET,
    body,
    count: 2_000,
    concurrency: 32,
    onAnswer(answered) {
      if (answered === 700) down = api.down(2_000);
    },
  });
  await down;
  assert.deepEqual(
    sent.statuses,
    { 202: 2_000 },
    "what was read before proves senders while nobody can be asked",
  );
  const audit = await eventually(
    () => gateway.audit(),
    ({ pending }) => pending === 0,
  );
  assert.deepEqual(audit.violations, []);
  const runs = await api.items<Run>("PipelineRun");
  const byDelivery = Map.groupBy(runs, ({ metadata }) => metadata.labels[EVENT_LABEL] ?? "");
  for (const id of sent.accepted)
    assert.equal(byDelivery.get(id)?.length, 1, `delivery ${id} has one object`);
  assert.equal(runs.length, 2_000);

  const [listener] = (await quickstart()).filter(({ kind }) => kind === "EventListener");
  assert.ok(listener);
  const path = `${collection(listener)}/${listener.metadata.name}`;
  const patch = { metadata: { annotations: { "sluice.dev/max-body-bytes": "100" } } };
  const changed = await client.send("PATCH", path, {
    body: patch,
    contentType: "application/merge-patch+json",
  });
  assert.equal(changed.status, 200);
  await eventually(
    () =>
      fetch(`${gateway.url}/default/github`, {
        method: "POST",
        // Without a claim of a signature the body would not be looked at.
        headers: { "x-hub-signature-256": `sha256=${"0".repeat(64)}` },
        body: "x".repeat(200),
      }),
    ({ status }) => status === 413,
  );
});
