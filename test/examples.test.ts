/** Tekton's published examples: each loads unchanged, and the request that it documents gives what it promises. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, test } from "node:test";
import { BUILT_IN } from "../interceptors/index.ts";
import { formatFault, loadCatalog } from "../src/catalog/index.ts";
import { compilePlans } from "../src/catalog/plans/in-force.ts";
import type { Delivery } from "../src/core/delivery.ts";
import { headersFromPairs } from "../src/core/headers.ts";
import type { HttpClient } from "../src/core/interceptor.ts";
import { decide } from "../src/decide/decide.ts";
import { createRegistry } from "../src/decide/intercept/registry.ts";
import { createVerifier } from "../src/verify/verifier.ts";
import { stubHttp } from "./interceptors/ask.ts";

interface DocumentedRequest {
  readonly example: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly bodyFile?: string;
}

const SHA = "28911bbb5a3e2ea034daf1f6be0a822d50e31e73";
const REPOSITORY = "https://github.com/tektoncd/triggers.git";

/** What each documented request creates: `Kind namespace/generateName`, and texts of the event that must be in it. */
const PROMISES: Readonly<Record<string, readonly [object: string, ...texts: string[]]>> = {
  "bitbucket-cloud": ["TaskRun default/bitbucket-cloud-run-", "bb-cloud-test-1"],
  "bitbucket-server": ["TaskRun default/bitbucket-run-", "ssh://git@localhost:7999/~test/helloworld.git"],
  "create-configmap": ["ConfigMap default/sample-"],
  "custom-resource": ["TaskRun default/github-run-", SHA, REPOSITORY],
  "embedded-trigger": ["PipelineRun default/simple-pipeline-run-", REPOSITORY],
  github: ["TaskRun default/github-run-", SHA, REPOSITORY],
  "github-add-changed-files-pr": ["TaskRun default/github-add-changed-files-pr-run-", "controllers/a.go"],
  "github-add-changed-files-push-cel": [
    "TaskRun default/github-add-changed-files-push-cel-run-",
    "controllers/tektonhelperconfig_controller.go",
  ],
  "github-owners": ["TaskRun default/github-owners-run-"],
  gitlab: ["TaskRun default/gitlab-run-", "1a1736ec3d7b03349b31218a2f2c572c7c7206d6"],
  "label-selector": ["PipelineRun default/simple-pipeline-run-", REPOSITORY],
  "namespace-selector": ["PipelineRun foo/simple-pipeline-run-", REPOSITORY],
  slack: ["TaskRun default/slack-run-"],
};

/** GitHub's API, as far as two examples ask it. */
const github: HttpClient = stubHttp([
  {
    url: "https://api.github.com/repos/tektoncd/triggers/pulls/1503/files?per_page=100",
    body: [{ filename: "controllers/a.go" }],
  },
  {
    url: "https://api.github.com/repos/tektoncd/triggers/contents/OWNERS",
    body: { encoding: "base64", content: Buffer.from("approvers: [khrm]").toString("base64") },
  },
]);

/** Examples that paste fields of the event into scripts, with the params that do it; slack's names miss each other, too. */
const DOUBTS: Readonly<Record<string, readonly string[]>> = {
  "bitbucket-cloud": injected("gitrevision", "gitrepourl", "gitreponame", "pushername"),
  "bitbucket-server": injected("gitrevision", "gitrepositoryurl"),
  "custom-resource": injected("gitrevision", "gitrepositoryurl"),
  github: injected("gitrevision", "gitrepositoryurl"),
  "github-add-changed-files-pr": injected("changedfiles"),
  "github-add-changed-files-push-cel": injected("changedfiles"),
  "github-owners": injected("gitrepositoryurl"),
  gitlab: injected("gitrevision", "gitrepositoryurl"),
  slack: ["PARAM_UNBOUND response", "PARAM_UNUSED branch", "PARAM_UNUSED image"],
};

function injected(...params: readonly string[]): readonly string[] {
  return params.map((param) => `SCRIPT_INJECTION ${param}`);
}

const examples = join(import.meta.dirname, "../../shared/tekton/examples");

if (!existsSync(examples)) {
  test("Tekton's examples work unchanged", { skip: `NOT RUN: ${examples} is absent` }, () => {});
} else {
  test("every example loads, but the one whose template uses a param that it does not declare", async () => {
    const files = globSync("**/*.{yaml,yml}", { cwd: examples });
    assert.ok(files.length > 80, `only ${files.length} files were found`);
    const faults: string[] = [];
    for (const file of files) {
      const loaded = await loadCatalog({ paths: [join(examples, file)] });
      faults.push(...loaded.faults.map((fault) => relative(examples, formatFault(fault))));
    }
    // Tekton's own admission refuses this one too.
    assert.equal(faults.length, 1, faults.join("\n"));
    assert.match(
      faults[0] ?? "",
      /azurerepo-pullrequest-listener\.yaml:71:7 TriggerTemplate .*azurerepo-user-type/,
    );
  });

  const { requests } = JSON.parse(readFileSync(join(examples, "requests.json"), "utf8")) as {
    requests: readonly DocumentedRequest[];
  };

  describe("the documented request of", () => {
    test("every example has a promise", () => {
      assert.deepEqual(requests.map(({ example }) => example).sort(), Object.keys(PROMISES).sort());
    });
    test("bitbucket-server, signed with sha1 as documented, creates nothing", async () => {
      const documented = requests.find(({ example }) => example === "bitbucket-server");
      assert.deepEqual(documented && (await objectsOf(documented)), []);
    });
    for (const request of requests) {
      const [promised = "", ...texts] = PROMISES[request.example] ?? [];
      test(`${request.example} creates ${promised}…`, async () => {
        const objects = await objectsOf(asSentToday(request));
        assert.equal(objects.length, 1);
        const [{ kind, metadata } = assert.fail("nothing is created")] = objects;
        assert.ok(`${kind} ${metadata.namespace}/${metadata.name}`.startsWith(promised), metadata.name);
        for (const part of texts) assert.ok(JSON.stringify(objects).includes(part), `${part} is not in it`);
      });
    }
  });
}

/** The example's Secret, as it is published. */
const BITBUCKET_SECRET = "1234567";

/**
 * Bitbucket signs with sha256; the example documents a request signed with sha1, which proves nothing here unless the
 * interceptor says `allowSha1: true` (docs/compatibility.md).
 */
function asSentToday(request: DocumentedRequest): DocumentedRequest {
  if (request.example !== "bitbucket-server") return request;
  const digest = createHmac("sha256", BITBUCKET_SECRET)
    .update(request.body ?? "")
    .digest("hex");
  return { ...request, headers: { ...request.headers, "X-Hub-Signature": `sha256=${digest}` } };
}

/** Objects of all triggers of the example's listeners. Many examples prove nobody, and do not say so. */
async function objectsOf({ example, method, path, headers, body, bodyFile }: DocumentedRequest) {
  const { declarations, secrets, faults } = await loadCatalog({ paths: [join(examples, example)] });
  assert.deepEqual(faults, []);
  const registry = createRegistry(BUILT_IN);
  const compiled = compilePlans(declarations, { registry, secrets, http: github, unverified: "allow" });
  assert.deepEqual(compiled.errors, []);
  const doubts = compiled.warnings.map(
    ({ code, values }) => `${code.slice("SLUICE_".length)} ${values["param"]}`,
  );
  assert.deepEqual(doubts, DOUBTS[example] ?? []);
  const objects = [];
  for (const plan of compiled.plans.all()) {
    const delivery: Delivery = {
      id: "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
      listener: plan,
      receivedAt: 1_780_000_000_000,
      method,
      url: path,
      headers: headersFromPairs(Object.entries(headers).flat()),
      body: bodyFile === undefined ? Buffer.from(body ?? "") : readFileSync(join(examples, bodyFile)),
    };
    const { decisions } = await decide(plan, delivery, createVerifier(secrets).begin(delivery));
    objects.push(...decisions.flatMap((decision) => decision.job?.objects ?? []));
  }
  return objects;
}
