/** Which targets the settings open: where objects go nowhere near a cluster, named clusters are not reached either. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SluiceError } from "../../../src/core/errors.ts";
import { openTargets } from "../../../src/dispatch/create/index.ts";
import { jobOf, pipelineRun, runOf } from "../../contracts/target.ts";
import { startApiServer } from "../../helpers/api-server.ts";
import { temporaryFolder } from "../../helpers/folder.ts";
import { accountUser } from "../../helpers/rbac.ts";

/** Leads to no server at all: reaching for it would fail. */
const CLUSTERS = new Map([["west", { kubeconfig: "/nowhere/kubeconfig", namespaces: "*" as const }]]);

test("with a folder, each cluster has a folder of its own below it", async () => {
  using folder = temporaryFolder();
  const dir = join(folder.path, "runs");
  const { target, clusters, close } = openTargets({ create: `directory:${dir}`, clusters: CLUSTERS });
  const object = pipelineRun("d", "ci");
  runOf(await target.create(object, jobOf("d", "ci")));
  const west = clusters.get("west") ?? assert.fail();
  assert.equal(existsSync(join(dir, "west")), false);
  runOf(await west.create(object, jobOf("d", "ci")));
  const name = `pipelinerun-${object.metadata.name}.yaml`;
  const files = readdirSync(dir, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".yaml"),
  );
  assert.deepEqual(files.map((path) => path.toLowerCase()).sort(), [`ci/${name}`, `west/ci/${name}`]);
  await close();
});

test("a dry run creates nothing anywhere", async () => {
  const { target, clusters, close } = openTargets({ create: "dry-run", clusters: CLUSTERS });
  for (const one of [target, ...clusters.values()]) {
    assert.equal(runOf(await one.create(pipelineRun("d", "ci"), jobOf("d", "ci"))).where, "dry-run");
  }
  await close();
});

test("with a cluster, a kubeconfig that leads nowhere ends the start, and says which", async () => {
  await using server = await startApiServer();
  using folder = temporaryFolder();
  const kubeconfig = server.writeKubeconfig(join(folder.path, "kubeconfig"));
  assert.throws(
    () => openTargets({ create: "kubernetes", kubeconfig, clusters: CLUSTERS }),
    (error) =>
      error instanceof SluiceError &&
      error.code === "SLUICE_CONFIG_INVALID" &&
      error.message.includes("/nowhere/kubeconfig"),
  );
});

test("a kubeconfig that acts as somebody acts as the account instead, and as nobody besides", async () => {
  await using server = await startApiServer({ namespaces: ["ci"] });
  using folder = temporaryFolder();
  const kubeconfig = join(folder.path, "kubeconfig");
  writeFileSync(kubeconfig, server.kubeconfig().replace(/^( *)token:/m, "$1as: admin\n$1token:"));
  const job = { ...jobOf("d", "ci"), listenerAccount: "builder" };
  for (const [identity, expected] of [
    ["gateway", "admin"],
    ["tekton", accountUser("ci", "builder")],
  ] as const) {
    server.clearRequests();
    const { target, close } = openTargets({ create: "kubernetes", kubeconfig, identity });
    runOf(await target.create(pipelineRun("d", "ci"), job));
    const created = server.requests.find(({ method }) => method === "POST");
    assert.equal(created?.headers["impersonate-user"], expected);
    await close();
  }
});
