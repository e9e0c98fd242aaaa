/** `sluice ledger`: a file that is private and whole, or says that it is not; and what an import refuses, with words. */

import assert from "node:assert/strict";
import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { BackupItem } from "../../src/core/backup.ts";
import type { StoreKeys } from "../../src/core/integrity.ts";
import { createKeyring } from "../../src/core/keyring.ts";
import { openStore } from "../../src/storage/open.ts";
import { fill } from "../contracts/backup.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { type RedisServer, startRedis } from "../helpers/redis.ts";
import { sluice } from "./helper.ts";

const KEY = "an-example-key-of-thirty-two-characters";
const OTHER = "another-example-of-thirty-two-characters";
const keysFrom = (secret: string): StoreKeys => ({
  ...{ keyring: createKeyring([secret]), adopt: false, encrypt: false },
});

describe("somebody who backs up", () => {
  const opened = new AsyncDisposableStack();
  let [full, folder] = [{} as RedisServer, ""];
  /** A whole export of a store that holds one of each kind. */
  let whole: readonly string[];
  before(async () => {
    folder = opened.use(temporaryFolder()).path;
    full = opened.use(await startRedis({ appendfsync: "no" }));
    const store = await openStore(full.url, { keys: keysFrom(KEY) });
    await fill(store.ledger);
    await store.close();
    const { code, stderr } = await ledger("export", file("whole"), "--store", full.url);
    assert.equal(code, 0, stderr);
    whole = linesOf("whole");
  });
  after(() => opened.disposeAsync());

  const file = (name: string) => join(folder, `${name}.ndjson`);
  const linesOf = (name: string) => readFileSync(file(name), "utf8").trimEnd().split("\n");
  const ledger = (what: string, path: string, ...more: readonly string[]) =>
    sluice(["ledger", what, path, ...more], { SLUICE_STORE_KEY: KEY, USER: "ann" });
  const write = (name: string, lines: readonly string[]) =>
    writeFileSync(file(name), `${lines.join("\n")}\n`);
  const fresh = async () => opened.use(await startRedis({ appendfsync: "no" })).url;
  const countOf = async (url: string) => {
    const store = await openStore(url);
    const { accepted } = await store.ledger.audit();
    const acts = (await store.ledger.acts({ limit: 100 })).items.map(({ verb }) => verb);
    await store.close();
    return { accepted, acts };
  };

  test("gets a private file, and one that is there is not written over", async () => {
    assert.equal(statSync(file("whole")).mode & 0o777, 0o600);
    const again = await ledger("export", file("whole"), "--store", full.url);
    assert.deepEqual([again.code, linesOf("whole").length], [2, whole.length]);
    assert.match(again.stderr, /is there already: --resume goes on/);
    const resumed = await ledger("export", file("whole"), "--store", full.url, "--resume");
    assert.match(resumed.stderr, /is whole: 13 deliveries/);
    assert.equal(resumed.code, 0);
    assert.ok((await countOf(full.url)).acts.includes("export"), "whoever reads all bodies is on record");
  });

  test("goes on with a file that was cut off anywhere", async () => {
    const text = readFileSync(file("whole"), "utf8");
    const size = Buffer.byteLength(text);
    const claims = text.indexOf('{"type":"claim"');
    for (const [i, at] of [0, 10, Math.floor(claims / 2), claims, claims + 30, size - 3].entries()) {
      const name = `cut-${i}`;
      writeFileSync(file(name), text, { mode: 0o644 });
      truncateSync(file(name), at);
      const cut = await ledger("import", file(name), "--dry-run");
      assert.equal(cut.code, 1, `cut at ${at}`);
      assert.match(cut.stdout + cut.stderr, /not whole|first line was cut off/);
      const { code, stderr } = await ledger("export", file(name), "--store", full.url, "--resume");
      assert.equal(code, 0, stderr);
      const ids = linesOf(name).map((line) => JSON.parse(line) as BackupItem);
      const deliveries = ids.flatMap((item) => (item.type === "delivery" ? item.facts.id : []));
      assert.deepEqual([deliveries.length, new Set(deliveries).size], [13, 13]);
      assert.equal((await ledger("import", file(name), "--dry-run")).code, 0);
      assert.equal(statSync(file(name)).mode & 0o777, 0o600);
    }
  });

  test("imports twice what is there once, and a dry run nothing", async () => {
    const url = await fresh();
    const dry = await ledger("import", file("whole"), "--store", url, "--dry-run");
    assert.match(dry.stdout, /✓ whole, and fit to be imported/);
    assert.deepEqual(await countOf(url), { accepted: 0, acts: [] });
    const first = await ledger("import", file("whole"), "--store", url);
    assert.equal(first.code, 0, first.stderr);
    assert.match(
      first.stdout,
      /13 deliveries[\s\S]* added, 0 there already[\s\S]*✓ the ledger has all of it/,
    );
    const second = await ledger("import", file("whole"), "--store", url);
    assert.match(second.stdout, /^0 added/m);
    const { accepted, acts } = await countOf(url);
    assert.equal(accepted, 13);
    assert.deepEqual(acts.toSorted(), ["drop", "export", "import", "import", "pause", "resume"]);
  });

  test("is refused a format of a later version, and a line that nobody wrote, before anything is put anywhere", async () => {
    const url = await fresh();
    const [head = "", first = "", ...others] = whole;
    const delivery = JSON.parse(first) as Extract<BackupItem, { type: "delivery" }>;
    const changed = (change: object) => [head, JSON.stringify({ ...delivery, ...change }), ...others];
    const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
      [
        "newer",
        [head.replace('"format":1', '"format":2'), first],
        /format 2, and this version of Sluice reads 1/,
      ],
      ["stranger", ["{}", first], /line 1 .*not the first line of an export/],
      ["empty", [""], /line 1 /],
      ["broken", [...whole.slice(0, 4), '{"type":"delivery"', ...whole.slice(4)], /line 5 .*no JSON/],
      ["path", changed({ facts: { ...delivery.facts, id: "../../x" } }), /line 2 .*facts.id: is no id/],
      ["lines", changed({ jobs: [{ id: "a\nb", state: "pending" }] }), /line 2 .*is no id of a job/],
      ["bytes", changed({ head: "AQ%%" }), /line 2 .*head: is no base64/],
      ["format byte", changed({ head: "Bwo=" }), /record format 7/],
      [
        "bomb",
        changed({ decisions: Buffer.from([2, 255, 255, 255, 255, 0]).toString("base64") }),
        /larger than/,
      ],
      ["counts", [...whole.slice(0, 3), whole.at(-1) ?? ""], /counts other lines than there are/],
      ["behind", [...whole, first], /something stands behind its end/],
    ];
    for (const [name, lines, words] of cases) {
      write(name, lines);
      const { code, stderr } = await ledger("import", file(name), "--store", url);
      // What a newer version stored is no fault of the file.
      assert.equal(code, name === "format byte" ? 3 : 1, name);
      assert.match(stderr, words);
    }
    assert.deepEqual(await countOf(url), { accepted: 0, acts: [] });
  });

  test("is told which key is missing: of work that waits before anything is put there, of the rest behind it", async () => {
    const url = await fresh();
    const under = (key: string | undefined, name: string, ...more: readonly string[]) =>
      sluice(["ledger", "import", file(name), "--store", url, ...more], {
        ...{ XDG_STATE_HOME: folder },
        ...(key !== undefined && { SLUICE_STORE_KEY: key }),
      });
    const { id } = createKeyring([KEY]);
    for (const key of [OTHER, undefined]) {
      const { code, stderr } = await under(key, "whole");
      assert.equal(code, 1);
      assert.match(
        stderr,
        new RegExp(`pending delivery .* signed under key ${id}, which this gateway does not have`),
      );
    }
    assert.equal((await countOf(url)).accepted, 0);
    const [head = "", ...items] = whole.slice(0, -1);
    const done = items.filter((line) => !/"outcome":"pending"/.test(line));
    write("done", [head, ...done]);
    const { stdout } = await under(OTHER, "done", "--dry-run");
    assert.match(
      stdout,
      new RegExp(`deliveries are signed under ${id}, which is not among this store's keys`),
    );
    const adopted = await under(OTHER, "whole", "--store-integrity", "adopt");
    assert.equal(adopted.code, 0, adopted.stderr);
  });

  test("is told what makes no sense", async () => {
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [["ledger", "copy", "x"], /neither export nor import/],
      [["ledger", "import", join(folder, "nowhere")], /is not there/],
      [["ledger", "import", file("whole"), "--resume"], /made again/],
      [["ledger", "import", file("whole"), "--gateway", "http://127.0.0.1:1"], /takes no import/],
      [["ledger", "export", "-", "--resume", "--store", full.url], /standard output has none/],
      [
        ["ledger", "export", join(folder, "nowhere"), "--resume", "--store", full.url],
        /without --resume it is begun/,
      ],
    ];
    for (const [args, words] of wrong) {
      const { code, stderr } = await sluice(args, { SLUICE_STORE_KEY: KEY });
      assert.equal(code, 2, args.join(" "));
      assert.match(stderr, words);
    }
  });
});
