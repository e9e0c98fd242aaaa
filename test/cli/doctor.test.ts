/** `sluice doctor`: what it finds, on a laptop, in a cluster with RBAC, with a Redis that forgets; and how it says so. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { parseAllDocuments } from "yaml";
import type { Finding } from "../../src/cli/doctor/finding.ts";
import { type ApiObject, type ApiServer, startApiServer } from "../helpers/api-server.ts";
import { yamlOf } from "../helpers/flows.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { github, listener, OPEN, secret, trigger, type Written, written } from "../helpers/objects.ts";
import { ROOT } from "../helpers/process.ts";
import { accountUser, grant } from "../helpers/rbac.ts";
import { startRedis } from "../helpers/redis.ts";
import { sluice } from "./helper.ts";

const folder = temporaryFolder();
after(() => folder[Symbol.dispose]());
const CREATE = { apiGroups: ["tekton.dev"], resources: ["pipelineruns"], verbs: ["create"] };
const IMPERSONATE = { apiGroups: [""], resources: ["serviceaccounts"], verbs: ["impersonate"] };
const NOWHERE = ["--store", `embedded:${join(folder.path, "no-store")}`];

interface Report {
  readonly ok: boolean;
  readonly failed: number;
  readonly warned: number;
  readonly findings: readonly Finding[];
}

async function examined(...args: readonly string[]): Promise<Report & { readonly code: number }> {
  const { code, stdout, stderr } = await sluice(["doctor", ...NOWHERE, ...args, "-o", "json"]);
  assert.equal(stderr, "");
  return { ...(JSON.parse(stdout) as Report), code };
}

const ofArea = ({ findings }: Report, area: string) => findings.filter((finding) => finding.area === area);
const lines = (findings: readonly Finding[]) => findings.map(({ state, what }) => `${state} ${what}`);

function file(name: string, objects: readonly Written[]): string {
  const path = join(folder.path, name);
  writeFileSync(path, yamlOf(objects));
  return path;
}

describe("without cluster and store", () => {
  test("what there is none of is passed over, and nothing is to mend", async () => {
    const report = await examined("--create", "dry-run");
    assert.deepEqual([report.code, report.ok, report.failed], [0, true, 0]);
    assert.deepEqual(lines(ofArea(report, "cluster")), ["skip objects go to dry-run: no cluster is needed"]);
    assert.match(ofArea(report, "store")[0]?.what ?? "", /no-store is not there yet: serve makes it/);
    assert.match(ofArea(report, "listeners")[0]?.what ?? "", /neither --config nor --from-cluster/);
  });

  test("each listener that cannot fire is named with the cause, and each secret that is missing", async () => {
    const objects = [
      listener("good", [trigger("a", [github("hook")])]),
      secret("hook", "a secret that nobody guesses"),
      listener("half", [
        trigger("b", [github("gone")]),
        trigger("c", [github("gone")], { template: { ref: "nowhere" } }),
      ]),
      listener("none", [], { ...OPEN, labelSelector: { matchLabels: { team: "x" } } }),
      listener("open", [trigger("d")]),
    ];
    const report = await examined("--config", file("broken.yaml", objects), "--create", "dry-run");
    assert.deepEqual([report.code, report.ok], [1, false]);
    const listeners = lines(ofArea(report, "listeners"));
    assert.ok(listeners.includes("ok ci/good: 1 trigger"), listeners.join("\n"));
    assert.ok(
      listeners.some((line) => /^warn ci\/half: 1 of 2 triggers cannot fire; c: .*nowhere/.test(line)),
    );
    assert.ok(listeners.some((line) => /^warn ci\/none has no trigger/.test(line)));
    assert.ok(
      listeners.some((line) =>
        /^fail ci\/open: 1 of 1 trigger cannot fire; d: .*demands no proof/.test(line),
      ),
    );
    const [missing, ...others] = ofArea(report, "secrets");
    assert.match(
      missing?.what ?? "",
      /Secret ci\/gone, which trigger ci\/b proves senders with, does not exist/,
    );
    assert.match(missing?.fix ?? "", /kubectl create secret generic gone -n ci --from-literal=token=/);
    assert.deepEqual(others, []);
  });

  test("files that cannot be read are told with their place; so is a certificate that cannot be used", async () => {
    const config = file("bad.yaml", [written("EventListener", "x", { triggers: 1 })]);
    const tls = ["--tls-cert", "/nowhere.crt", "--tls-key", "/nowhere.key"];
    const report = await examined("--config", config, "--create", "dry-run", ...tls);
    assert.equal(report.code, 1);
    const [first] = ofArea(report, "listeners");
    assert.match(first?.what ?? "", /bad\.yaml:1 spec\.triggers/);
    assert.equal(ofArea(report, "tls")[0]?.code, "SLUICE_CONFIG_TLS");
  });

  test("differences from Tekton go as their switches are set", async () => {
    const asTekton = ["--unverified", "allow", "--unverified-reply", "202", "--http", "tekton"];
    const all = [...asTekton, "--duplicates", "tekton", "--identity", "tekton", "--create", "dry-run"];
    assert.deepEqual(lines(ofArea(await examined(...all), "differences")), [
      "ok every switch is set to Tekton's way",
    ]);
    const some = ofArea(await examined(...asTekton, "--create", "dry-run"), "differences");
    assert.deepEqual(
      some.map(({ what }) => /As Tekton: (.*)$/.exec(what)?.[1]),
      ["--duplicates tekton", "--identity tekton"],
    );
  });

  test("people read the same, with signs, cures and a sum", async () => {
    const config = file("gone.yaml", [listener("git", [trigger("b", [github("gone")])])]);
    const { code, stdout } = await sluice(["doctor", ...NOWHERE, "--config", config, "--create", "dry-run"]);
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^listeners\n {2}✓ ci\/git: 1 trigger\nsecrets\n {2}✗ Secret ci\/gone,.* \[SLUICE_SECRET_MISSING\]\n {4}→ kubectl create secret/,
    );
    assert.match(stdout, /\n✗ 1 to mend, 0 to look at\n$/);
  });
});

describe("in a cluster with RBAC", () => {
  const USER = accountUser("sluice", "sluice");
  const manifest = (path: string, namespace?: string): readonly ApiObject[] =>
    parseAllDocuments(readFileSync(join(ROOT, "deploy/access", path, "role.yaml"), "utf8")).map(
      (document) => {
        const object = document.toJS() as ApiObject;
        return namespace === undefined ? object : { ...object, metadata: { ...object.metadata, namespace } };
      },
    );
  // A trigger with an account of its own: the listener's has to be asked for.
  const SERVED = [
    listener("git", [trigger("push", [github("hook")], { serviceAccountName: "builder" })]),
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "hook", namespace: "ci" },
      data: { token: Buffer.from("a secret that nobody guesses").toString("base64") },
    },
  ] as unknown as readonly ApiObject[];
  const granted = [...manifest("cluster"), ...manifest("lease", "sluice")];
  let server: ApiServer;
  let args: readonly string[];

  before(async () => {
    server = await startApiServer({
      rbac: true,
      namespaces: ["ci", "sluice"],
      users: new Map([["gateway-token", USER]]),
    });
    const kubeconfig = join(folder.path, "kubeconfig");
    writeFileSync(kubeconfig, server.kubeconfig({ token: "gateway-token" }));
    args = ["--from-cluster", "--kubeconfig", kubeconfig, "--lease-namespace", "sluice"];
  });
  after(() => server.stop());
  beforeEach(() => {
    server.clearObjects();
    for (const object of SERVED) server.put(object);
  });

  /** What was granted for Tekton, too: the listener's account acts as the trigger's, which creates. */
  const grantAccounts = (): void => {
    grant(server, accountUser("ci", "default"), "ci", IMPERSONATE);
    grant(server, accountUser("ci", "builder"), "ci", CREATE);
  };

  test("the rights of deploy/access are enough", async () => {
    for (const object of granted) server.put(object);
    grantAccounts();
    const report = await examined(...args);
    assert.deepEqual(
      report.findings.filter(({ state }) => state === "fail" || state === "warn"),
      [],
    );
    assert.equal(report.code, 0);
    assert.match(
      ofArea(report, "cluster")[0]?.what ?? "",
      new RegExp(`v1\\.34.* answers, and knows us as ${USER}`),
    );
    assert.deepEqual(lines(ofArea(report, "listeners")), ["ok ci/git: 1 trigger"]);
  });

  test("rights over the whole cluster are told for what they amount to, and are too many for some namespaces", async () => {
    for (const object of granted) server.put(object);
    grantAccounts();
    const power = async (...more: readonly string[]) =>
      lines(ofArea(await examined(...args, ...more), "rights")).filter((line) =>
        / may (act|read every)/.test(line),
      );
    const told = [
      /^note may act as every service account .*namespaced/,
      /^note may read every Secret .*namespaced/,
    ];
    for (const [index, line] of (await power()).entries()) assert.match(line, told[index] ?? /never/);
    assert.equal((await power()).length, 2);
    const named = await power("--namespaces", "ci");
    assert.deepEqual(
      named.map((line) => line.split(" ")[0]),
      ["warn", "warn"],
    );
    server.clearObjects();
    for (const object of [...SERVED, ...manifest("namespace", "ci"), ...manifest("lease", "sluice")])
      server.put(object);
    assert.deepEqual(await power("--namespaces", "ci"), []);
  });

  test("and none of them is too much: without each of them something is missing, and it is said how to grant it", async () => {
    const roles = granted.filter(({ kind }) => kind.endsWith("Role"));
    let looked = 0;
    for (const role of roles) {
      const rules = role["rules"] as readonly {
        readonly resources: readonly string[];
        readonly verbs: readonly string[];
      }[];
      for (const [index, rule] of rules.entries()) {
        server.clearObjects();
        for (const object of [...SERVED, ...granted]) server.put(object);
        grantAccounts();
        server.put({ ...role, rules: rules.filter((_rule, i) => i !== index) });
        const report = await examined(...args);
        const found = report.findings.filter(({ state }) => state === "fail" || state === "warn");
        assert.ok(found.length > 0, `nothing is missed without ${JSON.stringify(rule)}`);
        const cures = found.map(({ fix = "" }) => fix).join("\n");
        for (const resource of rule.resources.slice(0, 1))
          assert.match(
            cures,
            new RegExp(`${resource.replace("/", ".*/")}|${resource}`),
            JSON.stringify(found),
          );
        looked += 1;
      }
    }
    assert.ok(looked >= 8, `${looked} rules`);
  });

  test("without any right the first ones are asked for, for whom they are", async () => {
    const report = await examined(...args, "--namespaces", "ci");
    assert.equal(report.code, 1);
    const rights = ofArea(report, "rights");
    assert.deepEqual(
      rights.map(({ state }) => state),
      ["fail", "warn"],
    );
    assert.match(
      rights[0]?.fix ?? "",
      /^kubectl create role (\S+) -n ci --verb=list,watch --resource=eventlisteners\.triggers\.tekton\.dev,\S+ && kubectl create rolebinding \1 -n ci --role=\1 --serviceaccount=sluice:sluice$/,
    );
    assert.deepEqual(lines(ofArea(report, "listeners")), [
      "skip not looked at: kinds, or rights to read them, are missing",
    ]);
  });

  test("an account that its listener may not use is told, with what Tekton's own Role would say", async () => {
    for (const object of granted) server.put(object);
    const use = async () => ofArea(await examined(...args), "accounts");
    const [tenant] = await use();
    assert.deepEqual([tenant?.state, tenant?.code], ["fail", "SLUICE_CREATE_TENANT"]);
    assert.match(
      tenant?.fix ?? "",
      /--verb=impersonate .*--resource-name=builder .*--serviceaccount=ci:default/,
    );
    grant(server, accountUser("ci", "default"), "ci", IMPERSONATE);
    const [unable] = await use();
    assert.equal(unable?.state, "warn");
    assert.match(unable.what, /ci\/builder may not create PipelineRuns in ci/);
    grant(server, accountUser("ci", "builder"), "ci", CREATE);
    assert.deepEqual(lines(await use()), [
      "ok listeners may use their accounts, and these may create PipelineRuns",
    ]);
  });

  test("kinds that are not served are named", async () => {
    for (const object of granted) server.put(object);
    const taken = ["v1beta1", "v1alpha1"].map((version) => `triggers.tekton.dev/${version}`);
    await using other = await startApiServer({ users: new Map([["gateway-token", USER]]) });
    for (const apiVersion of taken) other.unregister(apiVersion, "Trigger");
    for (const version of ["v1", "v1beta1"]) other.unregister(`tekton.dev/${version}`, "TaskRun");
    const kubeconfig = other.writeKubeconfig(join(folder.path, "other"));
    const report = await examined("--kubeconfig", kubeconfig, "--create", "kubernetes", "--from-cluster");
    const cluster = lines(ofArea(report, "cluster"));
    assert.ok(
      cluster.includes("fail the kinds of Tekton Triggers are not all served: no Trigger"),
      cluster.join("\n"),
    );
    assert.ok(cluster.includes("warn the kinds of Tekton Pipelines are not all served: no TaskRun"));
  });
});

test("a cluster that does not answer, and one by another clock", async () => {
  const kubeconfigOf = (url: string): string => {
    const path = join(folder.path, `at-${new URL(url).port}`);
    const cluster = { server: url, "insecure-skip-tls-verify": true };
    const text = {
      "current-context": "x",
      contexts: [{ name: "x", context: { cluster: "x", user: "x" } }],
      clusters: [{ name: "x", cluster }],
      users: [{ name: "x", user: { token: "x" } }],
    };
    writeFileSync(path, JSON.stringify(text));
    return path;
  };
  const late = createServer((_request, response) => {
    response.setHeader("date", new Date(Date.now() - 600_000).toUTCString());
    response.writeHead(200, { "content-type": "application/json" }).end('{"gitVersion":"v1.2.3"}');
  });
  await new Promise<void>((resolve) => late.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(late.address() as AddressInfo).port}`;
  const skewed = await examined("--create", "kubernetes", "--kubeconfig", kubeconfigOf(url));
  const [, clock] = ofArea(skewed, "cluster");
  assert.equal(clock?.state, "warn");
  assert.match(clock.what, /its clock is (599|600)\.\d s behind ours/);
  late.closeAllConnections();
  await new Promise((resolve) => late.close(resolve));
  const away = await examined("--create", "kubernetes", "--kubeconfig", kubeconfigOf(url));
  assert.equal(away.code, 1);
  assert.deepEqual(
    ofArea(away, "cluster").map(({ state, code }) => [state, code]),
    [["fail", "SLUICE_CREATE_UNREACHABLE"]],
  );
});

test("a Redis that forgets fails, one that is away too, and a good one is fine", async () => {
  await using forgetful = await startRedis({
    settings: () => ({ maxmemory: "100mb", "maxmemory-policy": "allkeys-lru" }),
  });
  const store = async (url: string) => {
    const { stdout } = await sluice(["doctor", "--create", "dry-run", "--store", url, "-o", "json"]);
    return ofArea(JSON.parse(stdout) as Report, "store");
  };
  const eviction = (await store(forgetful.url)).find(({ what }) => what.startsWith("store-eviction"));
  assert.equal(eviction?.state, "fail");
  assert.match(eviction.fix ?? "", /noeviction/);
  await using good = await startRedis({ appendfsync: "always" });
  const fine = await store(good.url);
  assert.deepEqual(
    fine.filter(({ state }) => state === "fail"),
    [],
  );
  assert.ok(fine.some(({ what }) => /clock: within 2 s of ours/.test(what)));
  const { url } = good;
  await good.stop();
  assert.deepEqual(
    (await store(url)).map(({ state, code }) => [state, code]),
    [["fail", "SLUICE_STORE_AWAY"]],
  );
});
