/** What is shipped: the built program runs, and image and compose file hold to their promises as far as text can show. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { loadSettings } from "../src/config/load.ts";
import { VERSION } from "../src/core/version.ts";
import { temporaryFolder } from "./helpers/folder.ts";
import { NODE, ROOT, start } from "./helpers/process.ts";

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

test("the image's stages, done by hand, give a program that serves, sends, tries and demonstrates", async () => {
  const { build, final } = stages();
  using app = temporaryFolder("sluice-build-");
  using image = temporaryFolder("sluice-image-");
  for (const { from, to } of build.copies) cpSync(join(ROOT, from), join(app.path, to), { recursive: true });
  // What `npm ci` would bring.
  symlinkSync(join(ROOT, "node_modules"), join(app.path, "node_modules"));
  assert.match(build.text, /^RUN npm run build/m);
  execFileSync("npm", ["run", "--silent", "build"], { cwd: app.path });
  for (const { from, to } of final.copies) {
    const built = join(app.path, relative("/app", from));
    if (to === "node_modules") symlinkSync(join(ROOT, "node_modules"), join(image.path, to));
    else cpSync(built, join(image.path, to), { recursive: true });
  }

  const sluice = join(image.path, "src/cli/sluice.js");
  const cwd = join(image.path, "data");
  mkdirSync(cwd);
  const run = (...args: readonly string[]) =>
    execFileSync(NODE, [sluice, ...args], { encoding: "utf8", cwd, stdio: ["ignore", "pipe", "pipe"] });
  assert.equal(run("--version").trim(), VERSION);
  assert.match(run("demo"), /PipelineRun/);
  assert.equal(readdirSync(join(cwd, "runs"), { recursive: true }).length, 2, "a folder with one run in it");

  const quickstart = join(image.path, "dist/examples/quickstart");
  assert.match(run("check", quickstart), /0 errors, 1 warning\b/, "its secret is an example");
  assert.match(run("try", "github", "pull_request.opened", "--config", quickstart), /PipelineRun/);
  const serve = [join(image.path, "dist/src/cli/run.js"), "serve", "--config", quickstart];
  const env = {
    ...{ SLUICE_LISTEN: "127.0.0.1:0", SLUICE_ADMIN: "127.0.0.1:0", SLUICE_LOG_FORMAT: "json" },
    ...{ SLUICE_STORE: `embedded:${join(cwd, "store")}`, SLUICE_CREATE: `directory:${join(cwd, "served")}` },
  };
  const gateway = await start(NODE, serve, (said) => said.includes("gateway.ready"), env);
  try {
    const { listen, admin } = JSON.parse(gateway.line) as Readonly<Record<"listen" | "admin", string>>;
    const secret = "an example, not a secret";
    run("send", "github", "pull_request.opened", "--to", `${listen}/default/github`, "--secret", secret);
    // What a kubelet would ask.
    const probed = [...read("deploy/base/deployment.yaml").matchAll(/httpGet:\n +path: (\S+)/g)];
    assert.equal(probed.length, 3);
    for (const [, path] of probed) assert.equal((await fetch(`${admin}${path}`)).status, 200, path);
    // The probe of the compose file, as the engine would run it.
    const [, command = "", ...args] = compose().services.gateway.healthcheck?.test ?? [];
    assert.equal(command, "node");
    execFileSync(
      NODE,
      args.map((text) => text.replace("http://127.0.0.1:9000", admin)),
    );
  } finally {
    await gateway.stop();
  }
});

test("the version is told once: package.json and the program agree", () => {
  assert.equal((JSON.parse(read("package.json")) as { version: string }).version, VERSION);
});

test("the image runs without root and starts the built program", () => {
  const { build, final } = stages();
  const allowed = read(".dockerignore").split("\n");
  for (const { from } of build.copies) {
    assert.ok(existsSync(join(ROOT, from)), `COPY ${from}`);
    assert.ok(allowed.includes(`!${from}`), `.dockerignore lets ${from} through`);
  }
  const users = [...final.text.matchAll(/^USER (\d+):(\d+)$/gm)];
  assert.ok(users.length > 0 && users.every(([, user]) => user !== "0"), "a numeric user that is not root");
  assert.match(final.text, /ENTRYPOINT \["node", ("--[-a-z]+(=\d+)?", )+"\/app\/dist\/src\/cli\/run\.js"\]/);
  assert.doesNotMatch(final.text, /\bRUN (apt|npm)/, "nothing is installed in the stage that runs");
});

test("the compose file keeps what it is given, and gives the gateway no more than it needs", () => {
  const { redis, gateway } = compose().services;
  assert.match(redis.command.join(" "), /--appendonly yes/);
  assert.match(redis.command.join(" "), /--maxmemory-policy noeviction/);
  assert.equal(gateway.read_only, true);
  assert.deepEqual(gateway.cap_drop, ["ALL"]);
  assert.ok(gateway.ports?.includes("127.0.0.1:9000:9000"), "the admin port is for this machine only");
});

test("the compose file says nothing that is no setting, and nobody operates the gateway without a token", () => {
  const { SLUICE_ADMIN_TOKEN: token = "", ...given } = compose().services.gateway.environment ?? {};
  // Compose refuses to start with the text after `:?` when the variable is not there.
  assert.match(token, /^\$\{SLUICE_ADMIN_TOKEN:\?[^}]+\}$/);
  const env = { ...given, SLUICE_ADMIN_TOKEN: "0123456789abcdef" };
  const { store, create } = loadSettings({ flags: {}, env });
  assert.equal(store, "redis://redis:6379");
  assert.equal(create, "directory:/data/runs", "where the image's user may write");
});

interface Service {
  readonly command: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
}

function compose() {
  return parse(read("docker-compose.yml")) as { services: Record<"redis" | "gateway", Service> };
}

interface Stage {
  readonly text: string;
  /** From where to where; `to` is below the stage's working folder. */
  readonly copies: readonly { readonly from: string; readonly to: string }[];
}

/** The two stages of the image: one builds, another runs. */
function stages(): Readonly<Record<"build" | "final", Stage>> {
  const [build = "", final = "", ...others] = read("deploy/Dockerfile")
    .split(/^FROM /m)
    .slice(1);
  assert.deepEqual(others, []);
  return { build: stage(build), final: stage(final) };
}

function stage(text: string): Stage {
  const copies = [...text.matchAll(/^COPY (?:--from=\S+ )?(.+) (\S+)$/gm)].flatMap(
    ([, sources = "", to = ""]) => {
      const names = sources.split(" ");
      return names.map((from) => ({ from, to: to === "./" ? from : to.replace(/^\.\//, "") }));
    },
  );
  assert.ok(copies.length > 0, text);
  return { text, copies };
}
