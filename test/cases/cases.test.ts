/** The small inputs of ../shared/cases: each must come out as its expected.md wants. */

import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { RUN, sluice, run as spawned } from "../cli/helper.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { NODE, ROOT } from "../helpers/process.ts";
import { shareRedis } from "../helpers/shared-redis.ts";
import { OFFLINE, type Step } from "./offline.ts";
import { SERVED } from "./served.ts";

const CASES = [join(ROOT, "../shared/cases"), join(ROOT, "../../shared/cases")].find((path) =>
  existsSync(path),
);
const absent = CASES === undefined && "SKIPPED: ../shared/cases is not here, so none of its cases was tried";

describe("cases of ../shared", { skip: absent, concurrency: 2 }, () => {
  if (CASES === undefined) return;
  // A Redis has 16 databases.
  const servers = [shareRedis(), shareRedis()];
  let served = 0;
  const freshRedis = (): string => (servers[served++ % 2] as () => string)();

  test("every case has its row", () => {
    const there = ["tekton", "wild", "senders"].flatMap((kind) =>
      readdirSync(join(CASES, kind), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => `${kind}/${name}`),
    );
    const rows = new Set([...OFFLINE.map(({ folder }) => folder), ...SERVED.map(({ folder }) => folder)]);
    assert.deepEqual(
      there.filter((folder) => !rows.has(folder)),
      [],
    );
  });

  for (const { folder, steps } of OFFLINE) {
    test(folder, async () => {
      using copy = temporaryFolder();
      cpSync(join(CASES, folder), copy.path, { recursive: true });
      for (const step of steps) await take(step, copy.path);
    });
  }

  for (const { folder, serve } of SERVED) {
    test(folder, async () => {
      using copy = temporaryFolder();
      cpSync(join(CASES, folder), copy.path, { recursive: true });
      await serve({ folder: copy.path, freshRedis });
    });
  }
});

async function take(
  { run, code, says = [], never = [], request, stdin }: Step,
  folder: string,
): Promise<void> {
  if (request !== undefined) {
    const head = `POST ${request} HTTP/1.1\r\nHost: hooks.example.com\r\nContent-Type: application/json\r\n\r\n{}`;
    writeFileSync(join(folder, "req.txt"), head);
  }
  const args = words(run).map((word) =>
    /^[\w.-]+\.(yaml|json|txt)$|^\.$/.test(word) ? join(folder, word) : word,
  );
  const said =
    stdin === undefined
      ? await sluice(args)
      : await spawned("bash", ["-c", 'exec "$0" "$@" < "$INPUT"', NODE, RUN, ...args], {
          env: { INPUT: join(folder, stdin) },
        });
  const text = said.stdout + said.stderr;
  const told = `sluice ${run}\n${text.replaceAll(folder, "…")}`;
  if (code !== undefined) assert.equal(said.code, code, told);
  for (const pattern of says) assert.match(text, pattern, told);
  for (const pattern of never) assert.doesNotMatch(text, pattern, told);
}

/** The words of a command line; double quotes hold blanks together. */
function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
}
