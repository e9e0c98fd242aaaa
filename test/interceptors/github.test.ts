/** The github interceptor: contract, real payloads, changed files and owners. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createRequire } from "node:module";
import { test } from "node:test";
import { sign } from "@octokit/webhooks-methods";
import { github } from "../../interceptors/github.ts";
import { BUILT_IN } from "../../interceptors/index.ts";
import { SluiceError } from "../../src/core/errors.ts";
import type { HttpClient } from "../../src/core/interceptor.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { runChain } from "../../src/decide/intercept/chain.ts";
import { createVerifier } from "../../src/verify/verifier.ts";
import { readVectors, SHARED, type Vector } from "../conformance/vectors.ts";
import {
  deliveryOf,
  eventOf,
  interceptorContract,
  memorySecrets,
  offlineTools,
} from "../contracts/interceptor.ts";
import type { InterceptorInput } from "./ask.ts";
import { answerTo, stubHttp } from "./ask.ts";

interceptorContract({
  interceptor: github,
  params: {
    secretRef: { secretName: "hook", secretKey: "token" },
    eventTypes: ["push"],
    addChangedFiles: { enabled: true },
  },
  body: '{"ref":"refs/heads/main","repository":{"full_name":"octo/app"},"commits":[]}',
  sign: (body, secret) => ({
    "X-GitHub-Event": "push",
    "X-Hub-Signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
  }),
  proofHeader: "X-Hub-Signature-256",
  coversBody: true,
});

const enterprise = readVectors(SHARED, "github-api.json")?.cases.filter(
  ({ id }) => id === "github-api-0019" || id === "github-api-0021" || id === "github-api-0061",
) as readonly Vector<InterceptorInput, { readonly response: unknown }>[] | undefined;
test("with enterpriseHost set, the vectors of GitHub Enterprise hold too", {
  skip: !enterprise && "../shared is absent",
}, async () => {
  for (const { input, output } of enterprise ?? []) {
    const host = Reflect.get(input.headers, "X-Github-Enterprise-Host")[0];
    const got = await answerTo({ ...input, params: { ...input.params, enterpriseHost: host } });
    assert.deepEqual(got, output.response);
  }
});

interface Example {
  readonly name: string;
  readonly examples: readonly JsonObject[];
}

test("every example payload of Octokit, signed by Octokit, is proved and passes; one changed byte is refused", async () => {
  const examples: readonly Example[] = createRequire(import.meta.url)("@octokit/webhooks-examples");
  const secrets = memorySecrets({ hook: { token: "It's a Secret to Everybody" } });
  const params = {
    secretRef: { secretName: "hook", secretKey: "token" },
    addChangedFiles: { enabled: false },
  };
  const compiled = github.compile(params, offlineTools(secrets));
  const [demand] = compiled.proofs ?? [];
  assert.ok(demand);
  let count = 0;
  for (const { name, examples: payloads } of examples) {
    const body = JSON.stringify(payloads[0]);
    const signature = await sign("It's a Secret to Everybody", body);
    const headers = { "X-GitHub-Event": name, "X-Hub-Signature-256": signature };
    const proof = await createVerifier(secrets).begin(deliveryOf(headers, body)).check(demand);
    assert.ok(proof.ok, name);
    const broken = deliveryOf(headers, body.replace('"', "'"));
    assert.equal((await createVerifier(secrets).begin(broken).check(demand)).ok, false, name);
    const { stopped } = await runChain([{ name: "github", interceptor: compiled }], eventOf(proof.delivery));
    assert.equal(stopped, undefined, name);
    count++;
  }
  assert.ok(count > 40, `only ${count} examples`);
});

const pullRequest = (fullName: string) =>
  JSON.stringify({ number: 7, repository: { full_name: fullName }, sender: { login: "mona" } });

async function ask(
  params: JsonObject,
  body: string,
  http: HttpClient,
  more: Record<string, string> = {},
  type = "pull_request",
) {
  const secrets = memorySecrets({ gh: { pat: "ghp_x", broken: "ghp_x\n" } });
  const interceptor = github.compile(params, { ...offlineTools(secrets), http });
  const event = eventOf(deliveryOf({ "X-GitHub-Event": type, ...more }, body));
  return runChain([{ name: "github", interceptor }], event);
}

test("pages are followed by number, so a link can lead the token nowhere", async () => {
  const files = "https://api.github.com/repos/octo/app/pulls/7/files";
  const calls: string[] = [];
  const http = stubHttp(
    [
      {
        url: `${files}?per_page=100`,
        body: [{ filename: "a" }],
        headers: { Link: '<https://evil.test/?page=2&x=1>; rel="next"' },
      },
      { url: `${files}?page=2&per_page=100`, body: [{ filename: "b" }] },
    ],
    calls,
  );
  const token = { secretName: "gh", secretKey: "pat" };
  const { event } = await ask(
    { addChangedFiles: { enabled: true, personalAccessToken: token } },
    pullRequest("octo/app"),
    http,
  );
  assert.deepEqual(event.extensions, { changed_files: "a,b" });
  assert.deepEqual(calls, [
    `${files}?per_page=100 Bearer ghp_x`,
    `${files}?page=2&per_page=100 Bearer ghp_x`,
  ]);
});

test("an endless list of pages ends in a refusal", async () => {
  let calls = 0;
  const http: HttpClient = async () => {
    calls++;
    return { status: 200, headers: { Link: ['<https://api.github.com/?page=2>; rel="next"'] }, body: "[]" };
  };
  const { stopped } = await ask({ addChangedFiles: { enabled: true } }, pullRequest("octo/app"), http);
  assert.match(stopped?.reason ?? "", /more than 30 pages/);
  assert.equal(calls, 30);
});

test("names that would change the path of a question are refused before anything is asked", async () => {
  for (const name of ["../app", "octo/..", "octo/a?b", "octo/a#b", "o%2e/app", "octo", "/", "octo/"]) {
    const { stopped } = await ask({ addChangedFiles: { enabled: true } }, pullRequest(name), neverAsked);
    assert.equal(stopped?.code, 9, name);
  }
});

test("the header of GitHub Enterprise never chooses who gets the token", async () => {
  const token = { secretName: "gh", secretKey: "pat" };
  const params = { githubOwners: { enabled: true, checkType: "all", personalAccessToken: token } };
  const headers = { "X-GitHub-Enterprise-Host": "evil.test" };
  for (const extra of [{}, { enterpriseHost: "ghe.example.com" }]) {
    const { stopped } = await ask({ ...params, ...extra }, pullRequest("octo/app"), neverAsked, headers);
    assert.match(stopped?.reason ?? "", /evil\.test/);
  }
});

test("a server error or used-up rate limit is transient, a plain refusal is not", async () => {
  const answers = [
    [500, {}, true],
    [403, { "X-Ratelimit-Remaining": ["0"] }, true],
    [403, {}, undefined],
    [401, {}, undefined],
  ] as const;
  for (const [status, headers, transient] of answers) {
    const http: HttpClient = async () => ({ status, headers, body: "{}" });
    const { stopped } = await ask({ addChangedFiles: { enabled: true } }, pullRequest("octo/app"), http);
    assert.equal(stopped?.transient, transient, String(status));
  }
});

test("GitHub's odd answers: null is no files, page 0 is none, 202 is not yet an answer", async () => {
  const url = "https://api.github.com/repos/o/r/pulls/1/files?per_page=100";
  const ask = (answer: object, more: object = {}) =>
    answerTo({
      interceptor: "github",
      params: { addChangedFiles: { enabled: true } },
      headers: { "X-Github-Event": ["pull_request"] },
      body: JSON.stringify({ number: 1, repository: { full_name: "o/r" }, ...more }),
      api: [{ url, ...answer }],
    });
  assert.deepEqual((await ask({ body: null })).extensions, { changed_files: "" });
  const headers = { Link: '<https://api.github.com/x?page=0>; rel="next"' };
  assert.deepEqual((await ask({ body: [{ filename: "a" }], headers })).extensions, { changed_files: "a" });
  assert.equal((await ask({ status: 202, body: [] })).status?.code, 9);
  assert.equal((await ask({ status: 500, body: [] })).status?.code, 9);
  // Commits are no part of a pull request, but are read where they stand.
  assert.equal((await ask({ body: [] }, { commits: [{}] })).status?.code, 9);
});

test("of an OWNERS file with several documents the first counts", async () => {
  const ask = async (content: string) => {
    const url = "https://api.github.com/repos/o/r/contents/OWNERS";
    const { continue: passes } = await answerTo({
      interceptor: "github",
      params: { githubOwners: { enabled: true, checkType: "none" } },
      headers: { "X-Github-Event": ["pull_request"] },
      body: JSON.stringify({ number: 1, repository: { full_name: "o/r" }, sender: { login: "ann" } }),
      api: [{ url, body: { encoding: "", content } }],
    });
    return passes;
  };
  assert.equal(await ask("approvers: [ann]\n---\napprovers: [bob]"), true);
  assert.equal(await ask("approvers: [bob]\n---\napprovers: [ann]"), false);
});

test("a token with a line break is refused with a reason that does not show it", async () => {
  const token = { secretName: "gh", secretKey: "broken" };
  const { stopped } = await ask(
    { addChangedFiles: { enabled: true, personalAccessToken: token } },
    pullRequest("o/r"),
    neverAsked,
  );
  assert.match(stopped?.reason ?? "", /line break/);
  assert.doesNotMatch(stopped?.reason ?? "", /ghp_/);
});

test("owners stand guard also when changed files are added", async () => {
  const http = stubHttp([
    { url: "https://api.github.com/repos/octo/app/pulls/7/files?per_page=100", body: [{ filename: "a" }] },
  ]);
  const params = { addChangedFiles: { enabled: true }, githubOwners: { enabled: true, checkType: "none" } };
  const { stopped } = await ask(params, pullRequest("octo/app"), http);
  assert.match(stopped?.reason ?? "", /mona is not named in OWNERS/);
});

test("OWNERS with an alias bomb or without lists is refused", async () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${[..."bcdefgh"].map((k, i) => `${k}: &${k} [${`*${"abcdefg"[i]},`.repeat(9)}]`).join("\n")}\n`;
  for (const text of [bomb, "approvers: {a: b}", "- mona", "approvers: [[mona]]", "\tx"]) {
    const content = Buffer.from(text).toString("base64");
    const url = "https://api.github.com/repos/octo/app/contents/OWNERS";
    const http = stubHttp([{ url, body: { encoding: "base64", content } }]);
    const { stopped } = await ask(
      { githubOwners: { enabled: true, checkType: "none" } },
      pullRequest("octo/app"),
      http,
    );
    assert.equal(stopped?.code, 9, text.slice(0, 40));
  }
});

test("a chain leaves the process only when one of its event types asks GitHub", () => {
  const remote = (params: JsonObject) => github.compile(params, offlineTools()).remote ?? false;
  const addChangedFiles = { enabled: true };
  const githubOwners = { enabled: true, checkType: "none" };
  assert.equal(remote({}), false);
  assert.equal(remote({ addChangedFiles }), true);
  assert.equal(remote({ addChangedFiles, eventTypes: ["push"] }), false);
  assert.equal(remote({ githubOwners, eventTypes: ["push", "issue_comment"] }), true);
  assert.equal(remote({ githubOwners: { enabled: false }, eventTypes: ["issue_comment"] }), false);
});

test("misspelt parameters are found, nested ones too", () => {
  const params = {
    eventType: ["push"],
    secretRef: { secretName: "a", key: "b" },
    AddChangedFiles: { enable: true },
  };
  const unknown = BUILT_IN.find(({ name }) => name === "github")?.unknown?.(params) ?? [];
  assert.deepEqual(
    unknown.map(({ field }) => field),
    ["eventType", "secretRef.key", "AddChangedFiles.enable"],
  );
});

test("an enterpriseHost that is no host is refused", () => {
  for (const host of ["user@host", "host?x", "host#x", "", "a b", "https://host"]) {
    assert.throws(() => github.compile({ enterpriseHost: host }, offlineTools()), SluiceError, host);
  }
});

const neverAsked: HttpClient = async ({ url }) => assert.fail(`asked ${url}`);
