/** Describing deliveries: who sent what, and which id stays the same when it is sent again. */

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { payload } from "../../src/core/delivery.ts";
import { headersFromPairs } from "../../src/core/headers.ts";
import { dedupeKey, describe } from "../../src/core/provider.ts";

type Case = readonly [
  headers: Record<string, string>,
  body: unknown,
  facts: object,
  key: unknown[] | undefined,
];

const GITHUB = { "X-GitHub-Event": "pull_request", "X-GitHub-Delivery": "guid" };
const CASES: Readonly<Record<string, Case>> = {
  "a GitHub pull request": [
    { ...GITHUB, "X-GitHub-Hook-ID": "42" },
    {
      action: "opened",
      pull_request: { number: 7, head: { ref: "topic", sha: "abc" } },
      repository: { full_name: "octo/app" },
      sender: { login: "mona" },
    },
    {
      ...{ provider: "github", event: "pull_request.opened", providerId: "guid", repository: "octo/app" },
      ...{ ref: "topic", revision: "abc", actor: "mona", pullRequest: 7 },
    },
    ["github", "guid", "42"],
  ],
  "Forgejo, which also sends the headers of Gitea, Gogs and GitHub": [
    {
      ...GITHUB,
      "X-Gogs-Event": "push",
      "X-Gitea-Event": "push",
      "X-Forgejo-Event": "push",
      "X-Forgejo-Delivery": "f",
    },
    { ref: "refs/heads/main", after: "abc", pusher: { login: "mona" } },
    {
      provider: "forgejo",
      event: "push",
      providerId: "f",
      ref: "refs/heads/main",
      revision: "abc",
      actor: "mona",
    },
    ["forgejo", "f"],
  ],
  "Gitea before GitHub": [
    { ...GITHUB, "X-Gitea-Event": "push", "X-Gitea-Delivery": "g" },
    {},
    { provider: "gitea", event: "push", providerId: "g" },
    ["gitea", "g"],
  ],
  "a GitLab merge request": [
    { "X-Gitlab-Event": "Merge Request Hook", "X-Gitlab-Event-UUID": "shared", "Idempotency-Key": "once" },
    {
      object_kind: "merge_request",
      project: { path_with_namespace: "group/app" },
      object_attributes: { action: "open", iid: 3, source_branch: "topic", last_commit: { id: "abc" } },
      user: { username: "root" },
    },
    {
      ...{ provider: "gitlab", event: "merge_request.open", providerId: "once", repository: "group/app" },
      ...{ ref: "topic", revision: "abc", actor: "root", pullRequest: 3 },
    },
    ["gitlab", "once"],
  ],
  "an older GitLab, whose only id is not unique": [
    { "X-Gitlab-Event": "Push Hook", "X-Gitlab-Event-UUID": "shared" },
    { object_kind: "push" },
    { provider: "gitlab", event: "push" },
    undefined,
  ],
  "a push to Bitbucket Cloud": [
    { "X-Event-Key": "repo:push", "X-Request-UUID": "r", "X-Hook-UUID": "h" },
    {
      push: { changes: [{ new: { name: "main", target: { hash: "abc" } } }] },
      repository: { full_name: "t/r" },
    },
    {
      provider: "bitbucket",
      event: "repo:push",
      providerId: "r",
      repository: "t/r",
      ref: "main",
      revision: "abc",
    },
    ["bitbucket", "r", "h"],
  ],
  "a push to Bitbucket Data Center": [
    { "X-Event-Key": "repo:refs_changed", "X-Request-Id": "r" },
    {
      changes: [{ ref: { id: "refs/heads/main" }, toHash: "abc" }],
      repository: { slug: "r" },
      actor: { name: "admin" },
    },
    {
      ...{ provider: "bitbucket", event: "repo:refs_changed", providerId: "r", repository: "r" },
      ...{ ref: "refs/heads/main", revision: "abc", actor: "admin" },
    },
    ["bitbucket", "r", null],
  ],
  "a binary CloudEvent": [
    { "ce-id": "1", "ce-source": "/s", "ce-type": "dev.tekton", "ce-subject": "x" },
    {},
    { provider: "cloudevents", event: "dev.tekton", providerId: "1", ref: "x" },
    ["cloudevents", "1", "/s"],
  ],
  "a structured CloudEvent": [
    { "Content-Type": "application/cloudevents+json; charset=utf-8" },
    { id: "1", source: "/s", type: "dev.tekton" },
    { provider: "cloudevents", event: "dev.tekton", providerId: "1" },
    ["cloudevents", "1", "/s"],
  ],
  "Azure DevOps": [
    {},
    {
      eventType: "git.push",
      publisherId: "tfs",
      notificationId: 9,
      subscriptionId: "s",
      resource: { repository: { name: "r" } },
    },
    { provider: "azure-devops", event: "git.push", providerId: "9", repository: "r" },
    ["azure-devops", "9", "s"],
  ],
  "Standard Webhooks": [
    { "webhook-id": "msg_1", "webhook-signature": "v1,x" },
    { type: "user.created" },
    { provider: "standard-webhooks", event: "user.created", providerId: "msg_1" },
    ["standard-webhooks", "msg_1"],
  ],
  "anything else": [{}, { hello: 1 }, { provider: "generic", event: "unknown" }, undefined],
};

for (const [name, [headers, body, facts, key]] of Object.entries(CASES)) {
  test(`${name} is described and keyed`, () => {
    const map = headersFromPairs(Object.entries(headers).flat());
    const described = describe(map, payload(JSON.stringify(body)));
    assert.deepEqual(described, facts);
    const wanted = key === undefined ? undefined : JSON.stringify(key);
    assert.equal(dedupeKey(described.provider, map, payload(JSON.stringify(body))), wanted);
  });
}

test("hostile payloads and headers are described too, within bounds", () => {
  const map = headersFromPairs([
    "X-GitHub-Event",
    "e".repeat(10_000),
    "X-GitHub-Delivery",
    "d".repeat(10_000),
  ]);
  for (const text of [
    "",
    "null",
    "[]",
    "nope",
    '{"repository":{"full_name":{"a":1}},"sender":"x"}',
    '{"__proto__":{"ref":"x"}}',
  ]) {
    const facts = describe(map, payload(text));
    assert.equal(facts.event.length, 256);
    assert.equal(facts.ref, undefined);
    assert.equal(facts.repository, undefined);
  }
  const key = dedupeKey("github", map, payload("{}"));
  assert.ok(key !== undefined && key.length < 256);
  const other = headersFromPairs(["X-GitHub-Delivery", `${"d".repeat(9_999)}e`]);
  assert.notEqual(dedupeKey("github", other, payload("{}")), key);
});

test("no two deliveries share a key because of where one part ends", () => {
  const key = (id: string, source: string) =>
    dedupeKey("cloudevents", headersFromPairs(["ce-id", id, "ce-source", source]), payload("{}"));
  assert.notEqual(key('a","b', "c"), key("a", 'b","c'));
});

test("every example payload of Octokit is described with its repository or none", () => {
  const examples: readonly { name: string; examples: readonly { repository?: { full_name?: string } }[] }[] =
    createRequire(import.meta.url)("@octokit/webhooks-examples");
  for (const { name, examples: payloads } of examples) {
    for (const body of payloads) {
      const facts = describe(headersFromPairs(["X-GitHub-Event", name]), payload(JSON.stringify(body)));
      assert.equal(facts.repository, body.repository?.full_name, name);
      assert.equal(facts.event.split(".")[0], name);
    }
  }
});
