/** What is shipped: the built program runs, and image and compose file hold to their promises as far as text can show. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { VERSION } from "../src/core/version.ts";
import { temporaryFolder } from "./helpers/folder.ts";
import { NODE, ROOT } from "./helpers/process.ts";

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

test("what `npm run build` makes runs without the sources", () => {
  using folder = temporaryFolder("sluice-build-");
  const out = join(folder.path, "dist");
  execFileSync(
    NODE,
    [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json", "--outDir", out],
    {
      cwd: ROOT,
    },
  );
  symlinkSync(join(ROOT, "node_modules"), join(folder.path, "node_modules"));
  execFileSync("cp", [join(ROOT, "package.json"), folder.path]);
  const run = (...args: readonly string[]) =>
    execFileSync(NODE, [join(out, "src/cli/run.js"), ...args], { encoding: "utf8", cwd: folder.path });
  assert.equal(run("--version").trim(), VERSION);
  assert.match(run("check", join(ROOT, "examples/quickstart")), /0 errors, 0 warnings/);
});

test("the version is told once: package.json and the program agree", () => {
  assert.equal((JSON.parse(read("package.json")) as { version: string }).version, VERSION);
});

test("the image runs without root and starts the built program", () => {
  const stages = read("deploy/Dockerfile")
    .split(/^FROM /m)
    .slice(1);
  assert.equal(stages.length, 2, "one stage builds, another runs");
  const [build = "", final = ""] = stages;
  for (const [, sources = ""] of build.matchAll(/^COPY (?!--from)(.+) \S+$/gm)) {
    for (const source of sources.split(" ")) assert.ok(existsSync(join(ROOT, source)), `COPY ${source}`);
  }
  const allowed = read(".dockerignore");
  for (const name of ["src", "interceptors", "package-lock.json"]) assert.ok(allowed.includes(`!${name}`));
  const users = [...final.matchAll(/^USER (\d+):(\d+)$/gm)];
  assert.ok(users.length > 0 && users.every(([, user]) => user !== "0"), "a numeric user that is not root");
  assert.match(final, /ENTRYPOINT \["node", "--enable-source-maps", "dist\/src\/cli\/run\.js"\]/);
  assert.doesNotMatch(final, /\bRUN (apt|npm)/, "nothing is installed in the stage that runs");
});

test("the compose file keeps what it is given, and gives the gateway no more than it needs", () => {
  interface Service {
    readonly command: readonly string[];
    readonly read_only?: boolean;
    readonly cap_drop?: readonly string[];
    readonly environment?: Readonly<Record<string, string>>;
    readonly ports?: readonly string[];
  }
  const { services } = parse(read("docker-compose.yml")) as {
    services: Record<"redis" | "gateway", Service>;
  };
  const redis = services.redis.command.join(" ");
  assert.match(redis, /--appendonly yes/);
  assert.match(redis, /--maxmemory-policy noeviction/);
  assert.equal(services.gateway.read_only, true);
  assert.deepEqual(services.gateway.cap_drop, ["ALL"]);
  assert.equal(services.gateway.environment?.["SLUICE_STORE"], "redis://redis:6379");
  assert.ok(
    services.gateway.ports?.includes("127.0.0.1:9000:9000"),
    "the admin port is for this machine only",
  );
});
