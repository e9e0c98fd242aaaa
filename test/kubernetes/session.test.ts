/** Where credentials come from, and how they follow when they rotate. */

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { createKubernetesTarget } from "../../src/dispatch/create/kubernetes.ts";
import { createApi } from "../../src/kubernetes/api.ts";
import { isClusterKnown, loadCluster } from "../../src/kubernetes/cluster.ts";
import { createSession } from "../../src/kubernetes/session.ts";
import { jobOf, pipelineRun, runOf } from "../contracts/target.ts";
import type { ApiServer } from "../helpers/api-server.ts";
import { startApiServer } from "../helpers/api-server.ts";
import { temporaryFolder } from "../helpers/folder.ts";

async function open() {
  const users = new Map([["second-token", "second"]]);
  const server = await startApiServer({ namespaces: ["ci"], users });
  const folder = temporaryFolder();
  return {
    server,
    path: (name: string) => join(folder.path, name),
    write: (name: string, text: string) => {
      writeFileSync(join(folder.path, name), text);
      return join(folder.path, name);
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
      folder[Symbol.dispose]();
    },
  };
}

/** The kubeconfig with another `user:` in place of the token. */
function withUser(server: ApiServer, user: string): string {
  return server.kubeconfig().replace(/token: .*/, user);
}

test("a wrong token is a slow failure that says so, and costs two requests", async () => {
  await using t = await open();
  const kubeconfig = t.write("kc", t.server.kubeconfig({ token: "revoked" }));
  const target = createKubernetesTarget({ kubeconfig });
  const answer = await target.create(pipelineRun("d", "ci"), jobOf("d", "ci"));
  assert.partialDeepStrictEqual(answer, { retry: "slow", code: "SLUICE_CREATE_CREDENTIALS" });
  await assert.rejects(target.ready(), { code: "SLUICE_CREATE_CREDENTIALS" });
  assert.ok(t.server.requests.length <= 3, `${t.server.requests.length} requests`);
  await target.close();
});

test("a kubeconfig that is replaced is read again as soon as its token is refused", async () => {
  await using t = await open();
  const kubeconfig = t.write("kc", t.server.kubeconfig({ token: "revoked" }));
  const session = createSession(() => loadCluster({ kubeconfig }));
  const api = createApi(session);
  t.write("kc", t.server.kubeconfig());
  const send = () => api.send({ method: "GET", path: "/version" });
  const answers = await Promise.all(Array.from({ length: 6 }, send));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  assert.equal(t.server.requests.length, 12, "each was refused once, none twice");
  session.close();
});

test("of many that were refused together all may try again, of those refused afterwards none", async () => {
  await using t = await open();
  const kubeconfig = t.write("kc", t.server.kubeconfig());
  const session = createSession(() => loadCluster({ kubeconfig }));
  const used = await session.access();
  assert.deepEqual([session.renew(used), session.renew(used)], [true, true]);
  const fresh = await session.access();
  assert.notEqual(fresh, used);
  assert.deepEqual([session.renew(fresh), session.renew(used)], [false, true]);
  session.close();
});

test("tokenFile is followed, relative to its kubeconfig, line break and all", async () => {
  await using t = await open();
  t.write("token", "sluice-test-token\n");
  const kubeconfig = t.write("kc", withUser(t.server, "tokenFile: token"));
  const target = createKubernetesTarget({ kubeconfig });
  runOf(await target.create(pipelineRun("d", "ci"), jobOf("d", "ci")));
  t.write("token", "second-token\n");
  const session = createSession(() => loadCluster({ kubeconfig }));
  await createApi(session).send({ method: "GET", path: "/version" });
  assert.equal(t.server.requests.at(-1)?.user, "second");
  session.close();
  await target.close();
});

test("credentials are asked for again after ten seconds", async () => {
  await using t = await open();
  t.write("token", "sluice-test-token");
  const kubeconfig = t.write("kc", withUser(t.server, "tokenFile: token"));
  let now = 0;
  let reads = 0;
  const config = loadCluster({ kubeconfig });
  const apply = config.applyToHTTPSOptions.bind(config);
  config.applyToHTTPSOptions = async (options) => {
    reads++;
    await apply(options);
  };
  const session = createSession(
    () => config,
    () => now,
  );
  const first = await session.access();
  now = 9_999;
  assert.equal(await session.access(), first);
  assert.equal(reads, 1);
  now = 10_000;
  assert.equal(await session.access(), first, "the same object while nothing changed");
  assert.equal(reads, 2);
  session.close();
});

test("an exec plugin gives the token", async () => {
  await using t = await open();
  const credential = { kind: "ExecCredential", status: { token: "second-token" } };
  const script = `process.stdout.write(${JSON.stringify(JSON.stringify(credential))})`;
  const user = `exec: ${JSON.stringify({ command: process.execPath, args: ["-e", script] })}`;
  const session = createSession(() => loadCluster({ kubeconfig: t.write("kc", withUser(t.server, user)) }));
  const { status } = await createApi(session).send({ method: "GET", path: "/version" });
  assert.equal(status, 200);
  assert.equal(t.server.requests.at(-1)?.user, "second");
  session.close();
});

test("an exec plugin that fails is a slow failure", async () => {
  await using t = await open();
  const user = `exec: ${JSON.stringify({ command: process.execPath, args: ["-e", "process.exit(3)"] })}`;
  const target = createKubernetesTarget({ kubeconfig: t.write("kc", withUser(t.server, user)) });
  const answer = await target.create(pipelineRun("d", "ci"), jobOf("d", "ci"));
  assert.partialDeepStrictEqual(answer, { retry: "slow", code: "SLUICE_CREATE_CREDENTIALS" });
  await target.close();
});

test("a server whose certificate nobody vouches for is not spoken to", async () => {
  await using t = await open();
  const kubeconfig = t.write("kc", t.server.kubeconfig().replace(/certificate-authority-data: .*/, "# none"));
  const target = createKubernetesTarget({ kubeconfig });
  const answer = await target.create(pipelineRun("d", "ci"), jobOf("d", "ci"));
  assert.partialDeepStrictEqual(answer, { retry: "soon", code: "SLUICE_CREATE_UNREACHABLE" });
  assert.deepEqual(t.server.requests, []);
  await target.close();
});

test("KUBECONFIG may list files: the first to name a thing wins, missing ones are passed over", async () => {
  await using t = await open();
  const first = t.write("one", t.server.kubeconfig());
  const second = t.write(
    "two",
    t.server.kubeconfig({ token: "revoked" }).replace("current-context: test", ""),
  );
  const list = [t.path("absent"), first, second].join(delimiter);
  const config = loadCluster({ kubeconfig: list });
  assert.equal(config.getCurrentUser()?.token, "sluice-test-token");
});

test("what leads nowhere is refused with its reason", async () => {
  await using t = await open();
  const good = t.write("good", t.server.kubeconfig());
  const http = t.write("http", t.server.kubeconfig().replace("server: https", "server: http"));
  const broken = t.write("broken", "clusters: [{");
  mkdirSync(t.path("folder"));
  const cases: [object, RegExp][] = [
    [{ kubeconfig: t.path("absent") }, /does not exist/],
    [{ kubeconfig: good, context: "prod" }, /context prod leads to no cluster; contexts: test/],
    [{ kubeconfig: http }, /is not https/],
    [{ kubeconfig: broken }, /broken/],
    [{ kubeconfig: t.path("folder") }, /EISDIR/],
  ];
  for (const [source, message] of cases) {
    assert.throws(() => loadCluster(source), { code: "SLUICE_CONFIG_INVALID", message });
  }
  assert.equal(isClusterKnown({ kubeconfig: good }), true);
});
