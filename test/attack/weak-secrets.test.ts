/**
 * A Secret with a mistake in it refuses everybody, and a weak one can be guessed: check, doctor, try and the log line of the
 * 401 name the mistake. The sender reads nothing of it, nobody reads the value, and what nearly matches proves nothing.
 */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Readable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { sluice } from "../cli/helper.ts";
import { yamlOf } from "../helpers/flows.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { github, listener, secret, signature, trigger } from "../helpers/objects.ts";
import { type RedisServer, startRedis } from "../helpers/redis.ts";

const MEANT = "Zq8-vT3xWm5_rK1pLs9y";
const BODY = '{"ref":"refs/heads/main"}';

interface Case {
  readonly value: string;
  readonly names: RegExp;
  /** What the log says when the sender signs with what was meant; absent: nothing can be said. */
  readonly matches?: RegExp;
}

const CASES: Readonly<Record<string, Case>> = {
  newline: {
    value: `${MEANT}\n`,
    names: /ends with a newline/,
    matches: /The signature matches without the newline at its end/,
  },
  mark: {
    value: `\ufeff${MEANT}`,
    names: /begins with a byte order mark/,
    matches: /The signature matches without its byte order mark/,
  },
  spaces: {
    value: `  ${MEANT} `,
    names: /has white space around it/,
    matches: /The signature matches without the white space around it/,
  },
  quotes: {
    value: `"${MEANT}"`,
    names: /stands in quotes/,
    matches: /The signature matches without its quotes/,
  },
  twice: {
    value: Buffer.from(MEANT).toString("base64"),
    names: /looks encoded in base64 twice/,
    matches: /The signature matches decoded from base64 once more/,
  },
  short: { value: "Zq8-vT3x", names: /is shorter than 16 bytes/ },
  example: { value: "changeme", names: /looks like an example or a placeholder/ },
  empty: { value: "", names: /is empty or blank/ },
};

const KEYLESS = { apiVersion: "v1", kind: "Secret", stringData: { tokn: MEANT } };
const OBJECTS = [
  ...Object.entries(CASES).flatMap(([name, { value }]) => [
    secret(name, value),
    listener(name, [trigger(name, [github(name)])]),
  ]),
  { ...KEYLESS, metadata: { name: "keyless", namespace: "ci" } },
  listener("keyless", [trigger("keyless", [github("keyless")])]),
  listener("misnamed", [trigger("misnamed", [github("newlin")])]),
];

const folder = temporaryFolder();
const objects = join(folder.path, "objects.yaml");
writeFileSync(objects, yamlOf(OBJECTS));
after(() => folder[Symbol.dispose]());

/** No part of any value may be read anywhere. */
function assertSilent(text: string): void {
  assert.ok(!text.includes(MEANT), "the value stands in it");
  assert.ok(!text.includes(MEANT.slice(4, 14)), "a part of the value stands in it");
  assert.ok(!text.includes("changeme"), "the example value stands in it");
  assert.ok(!text.includes(Buffer.from(MEANT).toString("base64")), "the encoded value stands in it");
}

describe("the gateway", () => {
  let redis: RedisServer;
  let gateway: GatewayProcess;
  let log: Interface;
  const written: string[] = [];

  before(async () => {
    redis = await startRedis();
    const target = `directory:${join(folder.path, "runs")}`;
    gateway = await startGateway(["--config", objects, "--store", redis.url, "--create", target]);
    log = createInterface({ input: gateway.child.stdout as Readable });
    log.on("line", (line) => written.push(line));
  });
  after(async () => {
    await gateway.stop();
    await redis[Symbol.asyncDispose]();
  });

  /** Sends a push that is signed with what was meant: the answer, and the log line of it. */
  async function sendTo(name: string) {
    const told = new Promise<string>((resolve) => {
      const hear = (line: string): void => {
        if (!line.includes(`"ci/${name}"`)) return;
        log.off("line", hear);
        resolve(line);
      };
      log.on("line", hear);
    });
    const response = await fetch(`${gateway.url}/ci/${name}`, {
      method: "POST",
      body: BODY,
      headers: {
        "content-type": "application/json",
        "x-github-event": "push",
        "x-github-delivery": crypto.randomUUID(),
        "x-hub-signature-256": signature(MEANT, BODY),
      },
    });
    return { status: response.status, text: await response.text(), line: await told };
  }

  for (const [name, { names, matches }] of Object.entries(CASES))
    test(`${name}: refused, and the log says why`, async () => {
      const first = await sendTo(name);
      assert.equal(first.status, 401);
      const answer = first.text.replace(`"${name}"`, "");
      assert.doesNotMatch(answer, /newline|byte order|white space|quotes|base64|16 bytes|example|Secret/);
      assertSilent(first.text);
      assert.match(first.line, names);
      if (matches !== undefined) assert.match(first.line, matches);
      // Once a minute: many of them must not cost twice each.
      const second = await sendTo(name);
      assert.equal(second.status, 401);
      assert.match(second.line, names);
      assert.doesNotMatch(second.line, /signature matches/);
    });

  test("a key that is nearly there is named", async () => {
    const { status, text, line } = await sendTo("keyless");
    assert.equal(status, 401);
    assert.doesNotMatch(text, /tokn/);
    assert.match(line, /has no key token \(did you mean its key tokn\?\)/);
  });

  test("nothing was stored, and no line holds a value", async () => {
    assert.equal((await gateway.audit()).accepted, 0);
    assertSilent(written.join("\n"));
  });
});

test("check names each of them with its place, and takes none for an error", async () => {
  const { code, stdout } = await sluice(["check", "--all", objects]);
  assert.equal(code, 0, stdout);
  for (const [name, { names }] of Object.entries(CASES)) {
    const line = stdout.split("\n").find((one) => one.includes(`in Secret ci/${name},`));
    assert.match(line ?? "", names, name);
    assert.match(line ?? "", /objects\.yaml:\d+:\d+ /);
  }
  assert.match(stdout, /Secret ci\/keyless has no usable key token, .*did you mean its key tokn\?/);
  assert.match(stdout, /Secret ci\/newlin, .*did you mean Secret ci\/newline\?/);
  assertSilent(stdout);
  assert.equal((await sluice(["check", "--strict", objects])).code, 1);
});

test("doctor names each of them, as a failure where nobody can be proved", async () => {
  const store = `embedded:${join(folder.path, "no-store")}`;
  const args = ["doctor", "--config", objects, "--store", store, "--create", "dry-run", "-o", "json"];
  const { stdout } = await sluice(args);
  const { findings } = JSON.parse(stdout) as {
    findings: readonly { area: string; state: string; what: string }[];
  };
  const secrets = findings.filter(({ area }) => area === "secrets");
  const of = (name: string) => secrets.find(({ what }) => what.includes(`Secret ci/${name},`));
  for (const [name, { names }] of Object.entries(CASES)) {
    if (name === "empty") continue;
    assert.match(of(name)?.what ?? "", names);
    assert.equal(of(name)?.state, "warn");
  }
  assert.equal(of("empty")?.state, "fail");
  assert.match(of("keyless")?.what ?? "", /has no key token \(did you mean its key tokn\?\)/);
  assert.match(of("newlin")?.what ?? "", /does not exist \(did you mean Secret ci\/newline\?\)/);
  assertSilent(stdout);
});

test("try names that of its listener", async () => {
  for (const [name, { names }] of Object.entries(CASES)) {
    const args = ["try", "github", "push", "--config", objects, "--listener", `ci/${name}`];
    const { stdout, stderr } = await sluice(args);
    assert.match(stderr, names);
    const json = await sluice([...args, "-o", "json"]);
    const { warnings } = JSON.parse(json.stdout) as {
      warnings: readonly { code: string; message: string }[];
    };
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ["SLUICE_SECRET_WEAK"],
    );
    assertSilent(stdout + stderr + json.stdout);
  }
});
