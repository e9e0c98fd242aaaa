/**
 * Commands in pages are run. A block marked `sh run` must end with 0 (`sh run exit=1`: with 1); one marked `sh serve`
 * starts a gateway, which the blocks after it talk to: its ports 8080 and 9000 become free ones. Blocks without such a
 * mark are only read.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { cpSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../cli/helper.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { ROOT, type Running, start } from "../helpers/process.ts";
import { type Block, blocks, pages } from "./pages.ts";

const MARKED = /^sh (run(?: exit=(\d+))?|serve)$/;

/** The project as a clone of it: what commands write lands here, everything else leads to the original. */
function clone() {
  const folder = temporaryFolder("sluice-docs-");
  cpSync(join(ROOT, "package.json"), join(folder.path, "package.json"));
  cpSync(join(ROOT, "examples"), join(folder.path, "examples"), { recursive: true });
  for (const name of ["node_modules", "src", "interceptors"])
    symlinkSync(join(ROOT, name), join(folder.path, name));
  return folder;
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return String(port);
}

async function runAll(path: string, marked: readonly Block[]): Promise<void> {
  using folder = clone();
  const [webhooks, admin] = [await freePort(), await freePort()];
  // npx itself takes a second for each command; that it finds sluice is tested with the CLI.
  const here = (text: string) =>
    text
      .replaceAll("npx sluice", "node src/cli/sluice.js")
      .replaceAll(":8080", `:${webhooks}`)
      .replaceAll(":9000", `:${admin}`);
  const env = { SLUICE_LISTEN: `127.0.0.1:${webhooks}`, SLUICE_ADMIN: `127.0.0.1:${admin}` };
  let gateway: Running | undefined;
  try {
    for (const { info, text, line } of marked) {
      if (info === "sh serve") {
        const command = `cd "${folder.path}" && exec ${here(text).trim()}`;
        await gateway?.stop();
        gateway = await start("sh", ["-c", command], (said) => said.includes("gateway.ready"), {
          ...env,
          SLUICE_LOG_FORMAT: "json",
        });
        continue;
      }
      const expected = Number(MARKED.exec(info)?.[2] ?? 0);
      const { code, stdout, stderr } = await run("sh", ["-eu", "-c", here(text)], { cwd: folder.path });
      assert.equal(code, expected, `${path}:${line}\n${text}\n${stdout}\n${stderr}`);
    }
  } finally {
    await gateway?.stop();
  }
}

const marked = (await pages())
  .map((page) => ({ path: page.path, all: blocks(page).filter(({ info }) => MARKED.test(info)) }))
  .filter(({ all }) => all.length > 0);

test("the examples have commands to run", () => {
  const paths = marked.map(({ path }) => path);
  for (const path of ["examples/github/README.md", "examples/gitlab/README.md"])
    assert.ok(paths.includes(path), path);
});

test("marks are spelt as they are read", async () => {
  const wrong = (await pages()).flatMap((page) =>
    blocks(page)
      .filter(({ info }) => /^sh\s/.test(info) && !MARKED.test(info))
      .map(({ info, line }) => `${page.path}:${line} ${info}`),
  );
  assert.deepEqual(wrong, []);
});

for (const { path, all } of marked)
  test(`the commands of ${path} do what they promise`, () => runAll(path, all));
