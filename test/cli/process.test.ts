/** The process around the verbs: pipes that close, colours, signals. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { temporaryFolder } from "../helpers/folder.ts";
import { startGateway } from "../helpers/gateway.ts";
import { NODE, ROOT } from "../helpers/process.ts";
import { startRedis } from "../helpers/redis.ts";
import { RUN, run, sluiceProcess, systemNode } from "./helper.ts";

const ESCAPE = "\u001b[";
const FILTERED = ["try", "github", "pull_request.closed", "--config", "examples/quickstart"];

test("a reader that has seen enough ends the process quietly", async () => {
  const line = `"${NODE}" "${RUN}" try github push -c examples/github; echo "exit $?" >&2`;
  const { stdout, stderr } = await run("sh", ["-c", `{ ${line}; } | head -1`]);
  assert.equal(stdout, "trigger ci/test-pull-request  filtered\n");
  assert.doesNotMatch(stderr, /EPIPE|Error| at .*:\d/);
  // A reader that is gone before the first write and one that is gone after the last are both possible.
  assert.match(stderr, /^examples\/github\/secret\.yaml:.* looks like an example .*\nexit 0\n$/);
});

test("standard error that nobody reads is no reason to fail loudly", async () => {
  const { stdout } = await run("sh", [
    "-c",
    `{ "${NODE}" "${RUN}" check nowhere; echo "exit $?"; } 2>&1 >/dev/null | true; echo done`,
  ]);
  assert.equal(stdout, "done\n");
});

test("a pipe gets no colours, unless FORCE_COLOR asks, and NO_COLOR wins", async () => {
  const plain = await sluiceProcess(FILTERED);
  assert.equal(plain.stdout.includes(ESCAPE), false);
  const forced = await sluiceProcess(FILTERED, { env: { FORCE_COLOR: "1" } });
  assert.equal(forced.stdout.includes(ESCAPE), true);
  const both = await sluiceProcess(FILTERED, { env: { FORCE_COLOR: "1", NO_COLOR: "1" } });
  assert.equal(both.stdout.includes(ESCAPE), false);
  assert.deepEqual([plain.code, forced.code, both.code], [1, 1, 1]);
});

const node = systemNode();
test("Ctrl-C, which a terminal sends to the whole group, stops the gateway in good order", {
  skip:
    node === undefined &&
    "NO NODE OUTSIDE node_modules ON THE PATH: Ctrl-C through another Node is not tested",
}, async () => {
  using folder = temporaryFolder();
  const ports = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--log-format", "json"];
  const where = ["--store", `embedded:${join(folder.path, "store")}`, "--create", `directory:${folder.path}`];
  const script = join(ROOT, "src/cli/sluice.js");
  // A group of its own, as a shell makes one for each command.
  const child = spawn(node ?? "", [script, "serve", "-c", "examples/quickstart", ...ports, ...where], {
    cwd: ROOT,
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const facts: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const { fact } = JSON.parse(line) as { fact?: string };
    facts.push(fact ?? line);
    if (line.includes('"gateway.ready"')) process.kill(-(child.pid ?? 0), "SIGINT");
  }
  const code = child.exitCode ?? ((await once(child, "exit"))[0] as number | null);
  assert.equal(code, 0, facts.join("\n"));
  assert.ok(
    facts.some((line) => line.includes("gateway.stopping")),
    facts.join("\n"),
  );
});

test("a second signal ends the gateway at once", async () => {
  using folder = temporaryFolder();
  await using redis = await startRedis();
  const flags = [
    "--config",
    "examples/quickstart",
    "--store",
    redis.url,
    "--create",
    `directory:${folder.path}`,
  ];
  const gateway = await startGateway([...flags, "--lame-duck", "10m"]);
  const from = performance.now();
  const again = setInterval(() => gateway.child.kill("SIGTERM"), 100);
  gateway.child.kill("SIGTERM");
  const { code } = await gateway.ended;
  clearInterval(again);
  assert.equal(code, 128 + 15);
  assert.ok(performance.now() - from > 900, "what comes within a second is one wish");
});

test("a gateway that still waits for its store ends within the grace", async () => {
  const asked = Promise.withResolvers<void>();
  const silent = createServer((socket) => {
    socket.on("error", () => {}).resume();
    asked.resolve();
  }).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const store = `redis://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const flags = ["-c", "examples/quickstart", "--store", store, "--create", "directory:/nowhere"];
  const ports = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--shutdown-grace", "1s"];
  const script = join(ROOT, "src/cli/run.ts");
  const child = spawn(NODE, [script, "serve", ...flags, ...ports], { cwd: ROOT, stdio: "ignore" });
  const ended = once(child, "exit");
  await asked.promise;
  const from = performance.now();
  child.kill("SIGTERM");
  const [code] = await ended;
  silent.close();
  assert.equal(code, 0);
  assert.ok(performance.now() - from < 10_000, "the store is waited for half a minute");
});
