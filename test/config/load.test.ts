/** Where settings come from, which source wins, and that everything wrong is said at once. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { printSettings } from "../../src/config/describe.ts";
import { readSettingsFile } from "../../src/config/file.ts";
import type { SettingSources } from "../../src/config/load.ts";
import { loadSettings } from "../../src/config/load.ts";
import { SluiceError } from "../../src/core/errors.ts";
import { temporaryFolder } from "../helpers/folder.ts";

const yaml = (text: string) => ({ path: "sluice.yaml", text });

function refusal(sources: SettingSources): SluiceError {
  try {
    loadSettings(sources);
  } catch (error) {
    assert.ok(error instanceof SluiceError);
    assert.equal(error.code, "SLUICE_CONFIG_INVALID");
    return error;
  }
  return assert.fail("it was accepted");
}

const DAY = 86_400_000;

test("without any source the defaults hold", () => {
  assert.deepEqual(loadSettings({}), {
    config: [],
    fromCluster: false,
    namespaces: [],
    namespace: "default",
    store: "embedded:./.sluice",
    durability: "strict",
    storeIntegrity: "require",
    encryptBodies: false,
    create: "auto",
    identity: "auto",
    followRuns: "auto",
    announce: "status",
    clusters: new Map(),
    allowAddresses: [],
    refuseAddresses: [],
    nodeAddress: [],
    hosts: new Map(),
    listen: { host: "0.0.0.0", port: 8080 },
    admin: { host: "127.0.0.1", port: 9000 },
    role: "all",
    maxBody: 26_214_400,
    maxBodyUnproved: 5_242_880,
    maxInFlight: 268_435_456,
    concurrency: 32,
    unverified: "refuse",
    unverifiedReply: 401,
    http: "strict",
    duplicates: "once",
    unknownParams: "warn",
    brokenResource: "before",
    decideWithin: 5_000,
    decideBudget: 1_000,
    logLevel: "info",
    logFormat: "auto",
    adminHosts: new Set(),
    adminOpen: "view",
    retention: 14 * DAY,
    retentionDead: 90 * DAY,
    retentionPayload: 3 * DAY,
    storeHold: 2_000,
    shutdownGrace: 25_000,
    lameDuck: 5_000,
    provedReserve: 25,
    unprovedBytes: 1_073_741_824,
    unprovedRate: 6_000,
  });
});

test("a flag beats a variable, a variable beats sluice.yaml, sluice.yaml beats the default", () => {
  const file = yaml("role: worker\nconcurrency: 1\nnamespace: from-file\n");
  const env = { SLUICE_ROLE: "ingress", SLUICE_CONCURRENCY: "2" };
  const { role, concurrency, namespace, logLevel } = loadSettings({
    flags: { concurrency: "3", role: undefined },
    env,
    file,
  });
  assert.deepEqual(
    { role, concurrency, namespace, logLevel },
    { role: "ingress", concurrency: 3, namespace: "from-file", logLevel: "info" },
  );
});

test("KUBECONFIG is honoured after our own variable and before sluice.yaml", () => {
  const file = yaml("kubeconfig: c");
  assert.equal(loadSettings({ env: { KUBECONFIG: "b" }, file }).kubeconfig, "b");
  assert.equal(loadSettings({ env: { KUBECONFIG: "b", SLUICE_KUBECONFIG: "a" }, file }).kubeconfig, "a");
});

test("every form of a value is read", () => {
  const read = (flags: Record<string, unknown>) => loadSettings({ flags });
  assert.equal(read({ maxBody: "1MiB" }).maxBody, 1_048_576);
  assert.equal(read({ maxBody: "25MB" }).maxBody, 26_214_400);
  assert.equal(read({ maxBody: "512 kb" }).maxBody, 524_288);
  assert.equal(read({ maxBody: 1000 }).maxBody, 1000);
  assert.equal(read({ shutdownGrace: "500ms" }).shutdownGrace, 500);
  assert.equal(read({ lameDuck: "0s" }).lameDuck, 0);
  assert.equal(read({ shutdownGrace: "2m" }).shutdownGrace, 120_000);
  assert.equal(read({ retention: "36h" }).retention, 1.5 * DAY);
  assert.equal(read({ retentionBytes: "20GB" }).retentionBytes, 20 * 2 ** 30);
  assert.deepEqual(read({ listen: "[::1]:0" }).listen, { host: "::1", port: 0 });
  assert.deepEqual(read({ listen: ":80" }).listen, { host: "0.0.0.0", port: 80 });
  assert.deepEqual(read({ config: ["a", "b c"] }).config, ["a", "b c"]);
  assert.deepEqual(loadSettings({ env: { SLUICE_CONFIG: "a, b" } }).config, ["a", "b"]);
  assert.deepEqual(loadSettings({ file: yaml("config: [a, b]") }).config, ["a", "b"]);
  assert.deepEqual(read({ defaultListener: "ci/git" }).defaultListener, { namespace: "ci", name: "git" });
  assert.equal(loadSettings({ file: yaml("unverifiedReply: 202") }).unverifiedReply, 202);
  for (const store of [
    "embedded:/x",
    "redis://h:1/0",
    "rediss://h",
    "postgres://u:p@h/d",
    "postgres://u:p@a:1,b:2/d",
  ])
    assert.equal(read({ store }).store, store);
  for (const create of ["auto", "kubernetes", "dry-run", "directory:./runs"])
    assert.equal(read({ create }).create, create);
});

for (const [key, value] of [
  ["store", "sqlite:x"],
  ["store", "embedded:"],
  ["store", "redis:h"],
  ["create", "directory:"],
  ["create", "toString"],
  ["listen", "8080"],
  ["listen", "0.0.0.0:70000"],
  ["role", "both"],
  ["maxBody", "0"],
  ["maxBody", "1GB"],
  ["maxBody", "-1"],
  ["maxBody", "1e9"],
  ["concurrency", "1.5"],
  ["concurrency", "0"],
  ["concurrency", true],
  ["shutdownGrace", "25"],
  ["lameDuck", "5"],
  ["shutdownGrace", "1h"],
  ["defaultListener", "git"],
  ["announce", "loudly"],
  ["gatewayService", "sluice"],
  ["publicUrl", "hooks.example.com"],
  ["publicUrl", "ftp://hooks.example.com"],
  ["publicUrl", "https://hooks.example.com/?to=x"],
  ["publicUrl", "https://user:pass@hooks.example.com"],
  ["namespace", "Not_A_Namespace"],
  ["unverifiedReply", "200"],
  ["config", { a: 1 }],
] as const) {
  test(`${key} ${JSON.stringify(value)} is refused by name`, () => {
    assert.match(refusal({ flags: { [key]: value } }).message, new RegExp(`^setting ${key}: expected `));
  });
}

test("all faults of all sources come together, each with its source and the nearest name", () => {
  const error = refusal({
    flags: { role: "both", concurency: "3" },
    env: { SLUICE_STOR: "x", PATH: "/bin", SLUICE_LOG_LEVEL: "loud" },
    file: yaml("\nlisten: nowhere\nmaxbody: 1\nzzz: 1\n"),
  });
  assert.deepEqual(error.message.split("\n"), [
    "setting concurency: there is no such setting; did you mean concurrency?",
    "setting SLUICE_STOR: there is no such setting; did you mean SLUICE_STORE?",
    "setting maxbody: there is no such setting (sluice.yaml:3); did you mean maxBody?",
    "setting zzz: there is no such setting (sluice.yaml:4)",
    "setting listen: expected host:port; got nowhere from sluice.yaml:2",
    "setting role: expected all, ingress or worker; got both from --role",
    "setting logLevel: expected debug, info, warn or error; got loud from SLUICE_LOG_LEVEL",
  ]);
  assert.ok(error.cause instanceof AggregateError);
  assert.equal(error.cause.errors.length, 7);
});

test("namespaces come as one word or as a list, and none but names", () => {
  assert.deepEqual(loadSettings({ flags: { namespaces: "team-a, team-b" } }).namespaces, [
    "team-a",
    "team-b",
  ]);
  const file = { path: "sluice.yaml", text: "fromCluster: true\nnamespaces: [team-a]\n" };
  const read = loadSettings({ file });
  assert.deepEqual([read.fromCluster, read.namespaces], [true, ["team-a"]]);
  assert.match(refusal({ flags: { namespaces: "team-a,../kube-system" } }).message, /names of namespaces/);
});

test("a wrong store URL is never quoted: it may hold a password", () => {
  const { message } = refusal({ env: { SLUICE_STORE: "reddis://:hunter2@host" } });
  assert.doesNotMatch(message, /hunter2/);
  assert.match(message, /SLUICE_STORE/);
});

test("variables that Kubernetes sets for a Service called sluice are no settings and no faults", () => {
  const links = {
    SLUICE_SERVICE_HOST: "10.0.0.1",
    SLUICE_SERVICE_PORT: "8080",
    SLUICE_SERVICE_PORT_HTTP: "8080",
    SLUICE_PORT: "tcp://10.0.0.1:8080",
    SLUICE_PORT_8080_TCP: "tcp://10.0.0.1:8080",
    SLUICE_PORT_8080_TCP_ADDR: "10.0.0.1",
    SLUICE_ADMIN_SERVICE_HOST: "10.0.0.2",
    SLUICE_ADMIN_PORT_9000_TCP_PROTO: "tcp",
  };
  assert.deepEqual(loadSettings({ env: links }), loadSettings({}));
});

test("an empty variable counts as not set", () => {
  assert.equal(loadSettings({ env: { SLUICE_ROLE: "" }, file: yaml("role: worker") }).role, "worker");
});

test("settings are frozen to the bottom", () => {
  const settings = loadSettings({ flags: { config: ["a"] } });
  assert.ok(
    Object.isFrozen(settings) && Object.isFrozen(settings.listen) && Object.isFrozen(settings.config),
  );
});

test("a settings file that is no YAML, no map, or holds a key twice is refused with its line", () => {
  assert.match(refusal({ file: yaml("role: all\nstore: [") }).message, /sluice\.yaml:2: no valid YAML/);
  assert.match(refusal({ file: yaml("- role") }).message, /sluice\.yaml:1: expected `key: value` lines/);
  assert.match(refusal({ file: yaml("role: all\nrole: worker") }).message, /sluice\.yaml:2: no valid YAML/);
  assert.match(refusal({ file: yaml("__proto__: {role: worker}") }).message, /__proto__: there is no such/);
  assert.deepEqual(loadSettings({ file: yaml("# nothing\n") }), loadSettings({}));
  assert.deepEqual(refusal({ file: yaml("\nrole: x") }).at, { file: "sluice.yaml", line: 2, column: 1 });
});

test("a bomb of YAML aliases is refused, not expanded", () => {
  const rungs = Array.from({ length: 12 }, (_, i) => `  - &r${i + 1} [${`*r${i},`.repeat(10)}]`).join("\n");
  assert.match(refusal({ file: yaml(`config:\n  - &r0 [x]\n${rungs}\n`) }).message, /sluice\.yaml:1: /);
});

test("sluice.yaml is read from a folder when it is there, and refused when it is huge", () => {
  using folder = temporaryFolder();
  assert.equal(readSettingsFile(folder.path), undefined);
  const path = join(folder.path, "sluice.yaml");
  writeFileSync(path, "role: worker\n");
  assert.deepEqual(readSettingsFile(folder.path), { path, text: "role: worker\n" });
  writeFileSync(path, "#".repeat(70_000));
  assert.throws(() => readSettingsFile(folder.path), { code: "SLUICE_CONFIG_INVALID" });
});

test("hosts are a map in YAML and pairs elsewhere: names in any case, a listener each", () => {
  const wanted = new Map([
    ["hooks.example.com", { namespace: "ci", name: "github" }],
    ["b.example.com", { namespace: "ci", name: "gitlab" }],
  ]);
  const text = "hosts:\n  Hooks.example.com: ci/github\n  b.example.com: ci/gitlab\n";
  assert.deepEqual(loadSettings({ file: yaml(text) }).hosts, wanted);
  const pairs = "hooks.example.com=ci/github, B.example.com=ci/gitlab";
  const settings = loadSettings({ env: { SLUICE_HOSTS: pairs } });
  assert.deepEqual(settings.hosts, wanted);
  assert.match(
    printSettings(settings),
    /^hosts: hooks\.example\.com=ci\/github, b\.example\.com=ci\/gitlab$/m,
  );
  for (const wrong of [
    "a",
    "a=b",
    "a=ci/x,a=ci/y",
    "a=ci/x,A=ci/y",
    "*.a=ci/x",
    "a:80=ci/x",
    "-a=ci/x",
    "=ci/x",
    ",",
  ])
    assert.match(refusal({ flags: { hosts: wrong } }).message, /setting hosts: expected host names/, wrong);
});

test("clusters are a map in YAML and pairs elsewhere: a file or a Secret, and the namespaces that may use it", () => {
  const wanted = new Map<string, unknown>([
    ["west", { kubeconfig: "/etc/west", namespaces: ["a", "b"] }],
    ["east", { kubeconfig: "secret:sluice/east", namespaces: "*" }],
    ["north", { kubeconfig: "/etc/north", namespaces: [] }],
  ]);
  const text = `clusters:
  west: {kubeconfig: /etc/west, namespaces: [a, b]}
  east: {kubeconfig: "secret:sluice/east", namespaces: "*"}
  north: {kubeconfig: /etc/north}
`;
  assert.deepEqual(loadSettings({ file: yaml(text) }).clusters, wanted);
  const short = 'clusters:\n  west: /etc/west#a+b\n  east: "secret:sluice/east#*"\n  north: /etc/north\n';
  assert.deepEqual(loadSettings({ file: yaml(short) }).clusters, wanted);
  const pairs = "west=/etc/west#a+b, east=secret:sluice/east#*, north=/etc/north";
  const settings = loadSettings({ env: { SLUICE_CLUSTERS: pairs } });
  assert.deepEqual(settings.clusters, wanted);
  assert.ok(printSettings(settings).split("\n").includes(`clusters: ${pairs}`));
  assert.deepEqual(loadSettings({ flags: { clusters: "" } }).clusters, new Map());
  for (const wrong of [
    "west",
    "west=",
    "=x",
    "West=/x",
    "a=/x,a=/y",
    "a=secret:x",
    "a=secret:x/y/z",
    "a=/x,",
    "a=/x#B",
    "a=/x#b+*",
    "a=#b",
  ])
    assert.match(refusal({ flags: { clusters: wrong } }).message, /setting clusters: expected name=/, wrong);
  for (const wrong of [
    "[a]",
    "{a: {b: c}}",
    "{a: {kubeconfig: /x, namespaces: [B]}}",
    "{a: {namespaces: [b]}}",
  ])
    assert.match(refusal({ file: yaml(`clusters: ${wrong}\n`) }).message, /setting clusters/, wrong);
});

test("rules for addresses are addresses and blocks, each with a port where only that one is meant", () => {
  const text = "127.0.0.1:8080,10.0.0.0/8,fd00::/8,[::1]:9000,[fd00::/8]:443";
  const settings = loadSettings({ flags: { allowAddresses: text, refuseAddresses: "" } });
  assert.match(
    printSettings(settings),
    /^allowAddresses: 127\.0\.0\.1:8080, 10\.0\.0\.0\/8, fd00::\/8, \[::1\]:9000, \[fd00::\/8\]:443$/m,
  );
  assert.deepEqual(settings.refuseAddresses, []);
  for (const wrong of [
    "localhost",
    "10.0.0.0/33",
    "::1/129",
    "10.0.0.1:0",
    "10.0.0.1:65536",
    "10.1",
    "[::1",
    "a,10.0.0.1",
  ])
    assert.match(
      refusal({ flags: { refuseAddresses: wrong } }).message,
      /setting refuseAddresses: expected addresses/,
      wrong,
    );
});
