/** `sluice try` without the Secret: made-up values, --secret, --trust, keys that are missing, proofs of all kinds. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Decision } from "../../src/core/decision.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { sluice } from "./helper.ts";

const TEMPLATE = {
  spec: {
    resourcetemplates: [
      { apiVersion: "tekton.dev/v1", kind: "PipelineRun", metadata: { generateName: "r-" } },
    ],
  },
};

type Interceptor = object;
const proving = (name: string, params: Readonly<Record<string, unknown>>): Interceptor => ({
  ref: { name },
  params: Object.entries(params).map(([key, value]) => ({ name: key, value })),
});
const secretRef = { secretName: "hook", secretKey: "token" };

/** A folder with one listener, `ci/one`, whose triggers have these chains. */
function declared(
  path: string,
  triggers: Readonly<Record<string, readonly Interceptor[]>>,
  secrets: object = {},
) {
  const listener = {
    apiVersion: "triggers.tekton.dev/v1beta1",
    kind: "EventListener",
    metadata: { name: "one", namespace: "ci", annotations: { "tekton.dev/payload-validation": "false" } },
    spec: {
      triggers: Object.entries(triggers).map(([name, interceptors]) => ({
        name,
        interceptors,
        template: TEMPLATE,
      })),
    },
  };
  const secret = (name: string, stringData: object) => ({
    ...{ apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "ci" }, stringData },
  });
  const objects = [listener, ...Object.entries(secrets).map(([name, data]) => secret(name, data))];
  writeFileSync(join(path, "objects.yaml"), objects.map((one) => JSON.stringify(one)).join("\n---\n"));
}

async function tried(...args: readonly string[]) {
  const { code, stdout, stderr } = await sluice(["try", ...args, "-o", "json"]);
  const { decisions = [], notes = [] } = (stdout === "" ? {} : JSON.parse(stdout)) as {
    decisions?: readonly Decision[];
    notes?: readonly string[];
  };
  return {
    code,
    stderr,
    notes,
    results: decisions.map(({ result }) => result),
    reasons: decisions.map((d) => d.reason),
  };
}

test("a Secret in none of the files is made up, and try says so", async () => {
  using folder = temporaryFolder();
  declared(folder.path, { push: [proving("github", { secretRef })] });
  const { code, notes } = await tried("github", "push", "-c", folder.path);
  assert.equal(code, 0);
  assert.match(notes.join(), /^Secret ci\/hook \(key token\) is not among the files: .* made-up value/);
});

test("a key that its Secret lacks is the reason, with the one that was meant", async () => {
  using folder = temporaryFolder();
  declared(
    folder.path,
    { push: [proving("github", { secretRef })] },
    { hook: { tokn: "0123456789abcdef0" } },
  );
  const { code, stderr, reasons } = await tried("github", "push", "-c", folder.path);
  assert.equal(code, 1);
  assert.match(
    reasons.join(),
    /Secret ci\/hook has no key token \(did you mean its key tokn\?\)\. The Secret is there: /,
  );
  assert.match(stderr, /did you mean its key tokn\?/);
});

test("--secret signs, and says what a Secret elsewhere holds; of one that is there it is the sender's word", async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "value.txt");
  writeFileSync(file, "s3cret of the hook\n");
  const paths = ["github", "push", "-c", join(folder.path, "objects.yaml")];
  declared(folder.path, { push: [proving("github", { secretRef })] });
  for (const value of ["s3cret of the hook", `@${file}`]) {
    const { code, notes } = await tried(...paths, "--secret", value);
    assert.equal(code, 0);
    assert.match(notes.join(), /taken to hold the value of --secret/);
  }
  declared(
    folder.path,
    { push: [proving("github", { secretRef })] },
    { hook: { token: "s3cret of the hook" } },
  );
  assert.equal((await tried(...paths, "--secret", `@${file}`)).code, 0);
  const wrong = await tried(...paths, "--secret", "another one");
  assert.equal(wrong.code, 1);
  assert.match(wrong.reasons.join(), /does not match the body under Secret ci\/hook/);
});

test("a request of one's own is proved by --secret, or taken as held by --trust", async () => {
  using folder = temporaryFolder();
  declared(folder.path, { push: [proving("github", { secretRef })] });
  const body = '{"ref":"refs/heads/main"}';
  const signature = createHmac("sha256", "what GitHub has").update(body).digest("hex");
  const path = join(folder.path, "request.txt");
  const head = [
    "POST /ci/one HTTP/1.1",
    "Host: x",
    "X-GitHub-Event: push",
    `X-Hub-Signature-256: sha256=${signature}`,
  ];
  writeFileSync(path, [...head, "", body].join("\r\n"));
  const args = ["--request", path, "-c", join(folder.path, "objects.yaml")];
  assert.equal((await tried(...args, "--secret", "what GitHub has")).code, 0);
  assert.equal((await tried(...args, "--secret", "another")).code, 1);
  assert.equal((await tried(...args, "--trust")).code, 0);
  const bare = await tried(...args);
  assert.equal(bare.code, 1);
  assert.match(bare.notes.join(), /is not among the files.*--secret.*--trust/);
});

test("--trust takes every proof as held, that of a filter too, and decides the rest", async () => {
  using folder = temporaryFolder();
  const filter =
    "header.canonical('X-Token').compareSecret('token', 'hook') && body.ref == 'refs/heads/main'";
  const jwt = {
    type: "jwt",
    issuer: "https://id.example",
    audience: "a",
    jwksUrl: "https://id.example/keys",
  };
  declared(folder.path, { filtered: [proving("cel", { filter })], token: [proving("proof", jwt)] });
  const args = ["gitlab", "push", "-c", folder.path];
  assert.deepEqual((await tried(...args, "--trust")).results, ["matched", "matched"]);
  const other = ["--trust", "--set", "body.ref=refs/heads/x"];
  assert.deepEqual((await tried(...args, ...other)).results, ["filtered", "matched"]);
});

describe("the proofs that senders of all kinds give are made, and hold", () => {
  const hmac = { type: "hmac", secretRef, header: "X-Signature" };
  const template = "v2:{X-Id}:{timestamp}:{body}:end";
  const kinds: Readonly<Record<string, readonly [string, Interceptor, string?]>> = {
    github: ["github", proving("github", { secretRef })],
    gitlab: ["gitlab", proving("gitlab", { secretRef })],
    "gitlab, signing": [
      "gitlab",
      proving("gitlab", { secretRef }),
      "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    ],
    bitbucket: ["bitbucket", proving("bitbucket", { secretRef })],
    gitea: ["gitea", proving("github", { secretRef })],
    slack: ["slack", proving("slack", { signingSecretRef: secretRef, requestedFields: ["command"] })],
    header: [
      "generic",
      proving("proof", { type: "header", secretRef, header: "X-Token" }),
      "pässwörd, and long enough",
    ],
    bearer: ["generic", proving("proof", { type: "bearer", secretRef }), "a-token-that-is-long-enough"],
    basic: ["azure-devops", proving("proof", { type: "basic", secretRef }), "user:a password 0123"],
    hmac: ["generic", proving("proof", hmac)],
    "hmac of more": [
      "generic",
      proving("proof", {
        ...{ ...hmac, prefix: "sha512=", algorithm: "sha512", encoding: "base64", template },
        ...{ timestampHeader: "X-Time", idHeader: "X-Id" },
      }),
    ],
    "standard webhooks": [
      "standard-webhooks",
      proving("proof", { type: "standard-webhooks", secretRef }),
      "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    ],
    "a path": ["generic", proving("proof", { type: "path-token", secretRef })],
    "a query": ["generic", proving("proof", { type: "path-token", secretRef, query: "key" })],
    "a filter": [
      "generic",
      proving("cel", { filter: "header.canonical('X-T').compareSecret('token', 'hook')" }),
    ],
  };
  for (const [name, [sender, interceptor, value = "a secret that is long enough"]] of Object.entries(kinds)) {
    test(name, async () => {
      using folder = temporaryFolder();
      const events: Readonly<Record<string, string>> = {
        bitbucket: "repo:push",
        slack: "command",
        "azure-devops": "git.push",
      };
      const args = [sender, events[sender] ?? "push", "-c", folder.path];
      declared(folder.path, { all: [interceptor] }, { hook: { token: value } });
      const { code, stderr, notes, results, reasons } = await tried(...args);
      assert.deepEqual([code, stderr, notes, results], [0, "", [], ["matched"]], reasons.join());
      assert.equal((await tried(...args, "--unsigned")).code, 1);
      declared(folder.path, { all: [interceptor] });
      assert.equal((await tried(...args)).code, 0, "with a made-up value");
    });
  }
});

test("what nobody here can make goes out unsigned, and try says why", async () => {
  using folder = temporaryFolder();
  declared(folder.path, { one: [proving("proof", { type: "mtls", san: "DNS:ci.example.com" })] });
  const { code, notes } = await tried("generic", "x", "-c", folder.path);
  assert.equal(code, 1);
  assert.match(
    notes.join(),
    /goes out unsigned: nobody here can make what the listener demands \(mtls\); --trust/,
  );
  declared(folder.path, { one: [proving("github", { secretRef })] });
  const other = await tried("gitlab", "push", "-c", folder.path);
  assert.match(other.notes.join(), /the listener demands the proof of github, and this is one of gitlab/);
});

test("of several Secrets one signs; --trigger chooses", async () => {
  using folder = temporaryFolder();
  const of = (secretName: string) => [proving("github", { secretRef: { secretName, secretKey: "token" } })];
  const secrets = { a: { token: "the secret of team a" }, b: { token: "the secret of team b" } };
  declared(folder.path, { first: of("a"), second: of("b") }, secrets);
  const both = await tried("github", "push", "-c", folder.path);
  assert.deepEqual(both.results, ["matched", "filtered"]);
  assert.match(
    both.notes.join(),
    /signed for github, Secret ci\/a \(key token\); for github, Secret ci\/b .* --trigger/,
  );
  assert.deepEqual((await tried("github", "push", "-c", folder.path, "--trigger", "ci/second")).results, [
    "matched",
  ]);
  const unknown = await tried("github", "push", "-c", folder.path, "--trigger", "third");
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /has no trigger third/);
});

test("a listener without any proof: try tells what serve answers, and what helps; --trust does not", async () => {
  using folder = temporaryFolder();
  declared(folder.path, { push: [] });
  for (const more of [[], ["--trust"], ["--secret", "a secret of the sender"]]) {
    const { code, notes, reasons } = await tried("github", "push", "-c", folder.path, ...more);
    assert.equal(code, 1);
    assert.match(reasons.join(), /sluice\.dev\/verification: none on the Trigger or its EventListener/);
    assert.match(notes.join(), /serve answers this delivery with 401 .* neither --secret nor --trust helps/);
    assert.match(notes.join(), /verification: none on the EventListener .* --unverified allow/);
  }
  const allowed = await tried("github", "push", "-c", folder.path, "--unverified", "allow");
  assert.deepEqual([allowed.code, allowed.notes], [0, []]);
});

test("a request that no trigger trusts: try tells that serve refuses it; of one that a trigger trusts, nothing", async () => {
  using folder = temporaryFolder();
  const secrets = { hook: { token: "0123456789abcdef0" } };
  declared(folder.path, { push: [proving("github", { secretRef })] }, secrets);
  const refused = await tried("github", "push", "-c", folder.path, "--unsigned");
  assert.match(
    refused.notes.join(),
    /^serve answers this delivery with 401 \[SLUICE_UNVERIFIED\] and stores nothing$/,
  );
  declared(folder.path, { push: [proving("github", { secretRef })], other: [] }, secrets);
  const one = await tried("github", "push", "-c", folder.path);
  assert.deepEqual([one.code, one.notes], [0, []]);
});
