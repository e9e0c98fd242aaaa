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
      id: "event",
      notificationId: 9,
      subscriptionId: "s",
      resource: { repository: { name: "r" } },
    },
    { provider: "azure-devops", event: "git.push", providerId: "event", repository: "r" },
    ["azure-devops", "event", "s", "9"],
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

type Facts = Partial<Record<"repository" | "ref" | "revision" | "pullRequest", string | number>>;

const SHA = "0b5c1d7e9a3f4862c0d1e2f3a4b5c6d7e8f90a1b";
const project = { path_with_namespace: "group/sub/app" };
const repository = { full_name: "octo/app" };
const ABOUT: Readonly<Record<string, readonly [Record<string, string>, object, Facts]>> = {
  "a GitLab pipeline is of its merge request, not of its own iid": [
    { "X-Gitlab-Event": "Pipeline Hook" },
    {
      ...{ object_kind: "pipeline", project, merge_request: { id: 8, iid: 4, source_branch: "topic" } },
      object_attributes: { id: 9, iid: 71, ref: "topic", sha: SHA },
    },
    { repository: "group/sub/app", ref: "topic", revision: SHA, pullRequest: 4 },
  ],
  "a GitLab pipeline of a branch is of no merge request": [
    { "X-Gitlab-Event": "Pipeline Hook" },
    { object_kind: "pipeline", project, object_attributes: { iid: 71, ref: "main", sha: SHA } },
    { repository: "group/sub/app", ref: "main", revision: SHA },
  ],
  "a GitLab job's commit has the id of its pipeline": [
    { "X-Gitlab-Event": "Job Hook" },
    { object_kind: "build", ref: "main", sha: SHA, commit: { id: 9, sha: SHA }, project_name: "group/app" },
    { repository: "group/app", ref: "main", revision: SHA },
  ],
  "a GitLab issue is no merge request": [
    { "X-Gitlab-Event": "Issue Hook" },
    { object_kind: "issue", project, object_attributes: { iid: 5 } },
    { repository: "group/sub/app" },
  ],
  "a GitLab work item neither": [
    { "X-Gitlab-Event": "Work Item Hook" },
    { object_kind: "work_item", project, object_attributes: { iid: 5 } },
    { repository: "group/sub/app" },
  ],
  "a GitLab release has a tag": [
    { "X-Gitlab-Event": "Release Hook" },
    { object_kind: "release", project, tag: "v1.2", commit: { id: SHA } },
    { repository: "group/sub/app", ref: "v1.2", revision: SHA },
  ],
  "a GitLab job of a branch has no tag, though the field is there": [
    { "X-Gitlab-Event": "Job Hook" },
    { object_kind: "build", tag: false, sha: SHA, project },
    { repository: "group/sub/app", revision: SHA },
  ],
  "a GitLab note on a merge request": [
    { "X-Gitlab-Event": "Note Hook" },
    {
      ...{ object_kind: "note", project, object_attributes: { id: 3, noteable_type: "MergeRequest" } },
      merge_request: { iid: 4, source_branch: "topic", last_commit: { id: SHA } },
    },
    { repository: "group/sub/app", ref: "topic", revision: SHA, pullRequest: 4 },
  ],
  "a GitLab note on a commit": [
    { "X-Gitlab-Event": "Note Hook" },
    { object_kind: "note", project, object_attributes: { noteable_type: "Commit" }, commit: { id: SHA } },
    { repository: "group/sub/app", revision: SHA },
  ],
  "a GitLab note on an issue": [
    { "X-Gitlab-Event": "Note Hook" },
    { object_kind: "note", project, object_attributes: { noteable_type: "Issue" }, issue: { iid: 9 } },
    { repository: "group/sub/app" },
  ],
  "GitLab's system hook for a new project": [
    { "X-Gitlab-Event": "System Hook" },
    { event_name: "project_create", path_with_namespace: "group/new", name: "New" },
    { repository: "group/new" },
  ],
  "GitLab's system hook for a member": [
    { "X-Gitlab-Event": "System Hook" },
    { event_name: "user_add_to_team", project_path_with_namespace: "group/app" },
    { repository: "group/app" },
  ],
  "GitLab's system hook for a repository": [
    { "X-Gitlab-Event": "System Hook" },
    { event_name: "repository_update", project, changes: [{ ref: "refs/heads/main", after: SHA }] },
    { repository: "group/sub/app", ref: "refs/heads/main", revision: SHA },
  ],
  "GitLab's changes of a merge request are an object, not a list": [
    { "X-Gitlab-Event": "Merge Request Hook" },
    { object_kind: "merge_request", project, object_attributes: { iid: 4 }, changes: { title: {} } },
    { repository: "group/sub/app", pullRequest: 4 },
  ],
  "GitHub's merge queue": [
    { "X-GitHub-Event": "merge_group" },
    { merge_group: { head_sha: SHA, head_ref: "refs/heads/gh-readonly-queue/main/pr-7" }, repository },
    { repository: "octo/app", ref: "refs/heads/gh-readonly-queue/main/pr-7", revision: SHA },
  ],
  "GitHub's comment on a pull request": [
    { "X-GitHub-Event": "issue_comment" },
    { issue: { number: 7, pull_request: { url: "u" } }, repository },
    { repository: "octo/app", pullRequest: 7 },
  ],
  "GitHub's comment on an issue": [
    { "X-GitHub-Event": "issue_comment" },
    { issue: { number: 7 }, repository },
    { repository: "octo/app" },
  ],
  "Gitea's comment on a pull request": [
    { "X-Gitea-Event": "issue_comment" },
    { issue: { number: 7, pull_request: null }, is_pull: true, repository },
    { repository: "octo/app", pullRequest: 7 },
  ],
  "Gitea's comment on an issue": [
    { "X-Gitea-Event": "issue_comment" },
    { issue: { number: 7, pull_request: null }, is_pull: false, repository },
    { repository: "octo/app" },
  ],
  "GitHub's workflow run": [
    { "X-GitHub-Event": "workflow_run" },
    { workflow_run: { head_sha: SHA, head_branch: "topic", pull_requests: [{ number: 7 }] }, repository },
    { repository: "octo/app", ref: "topic", revision: SHA, pullRequest: 7 },
  ],
  "GitHub's workflow job": [
    { "X-GitHub-Event": "workflow_job" },
    { workflow_job: { head_sha: SHA, head_branch: "topic" }, repository },
    { repository: "octo/app", ref: "topic", revision: SHA },
  ],
  "GitHub's check run": [
    { "X-GitHub-Event": "check_run" },
    {
      check_run: { head_sha: SHA, check_suite: { head_branch: "topic" }, pull_requests: [{ number: 7 }] },
      repository,
    },
    { repository: "octo/app", ref: "topic", revision: SHA, pullRequest: 7 },
  ],
  "GitHub's check suite without a pull request": [
    { "X-GitHub-Event": "check_suite" },
    { check_suite: { head_sha: SHA, head_branch: "topic", pull_requests: [] }, repository },
    { repository: "octo/app", ref: "topic", revision: SHA },
  ],
  "GitHub's deployment": [
    { "X-GitHub-Event": "deployment_status" },
    { deployment: { sha: SHA, ref: "topic" }, repository },
    { repository: "octo/app", ref: "topic", revision: SHA },
  ],
  "GitHub's status": [
    { "X-GitHub-Event": "status" },
    { sha: SHA, branches: [{ name: "topic" }], repository },
    { repository: "octo/app", ref: "topic", revision: SHA },
  ],
  "Bitbucket's build status": [
    { "X-Event-Key": "repo:commit_status_updated" },
    { commit_status: { refname: "topic", commit: { hash: SHA } }, repository },
    { repository: "octo/app", ref: "topic", revision: SHA },
  ],
  "a branch that Bitbucket deleted": [
    { "X-Event-Key": "repo:push" },
    { push: { changes: [{ new: null, old: { name: "topic" } }] }, repository },
    { repository: "octo/app", ref: "topic" },
  ],
  "Azure DevOps' comment on a pull request": [
    {},
    {
      ...{ eventType: "ms.vss-code.git-pullrequest-comment-event", publisherId: "tfs" },
      resource: {
        pullRequest: { pullRequestId: 7, sourceRefName: "refs/heads/topic", repository: { name: "app" } },
      },
    },
    { repository: "app", ref: "refs/heads/topic", pullRequest: 7 },
  ],
};

for (const [name, [headers, body, facts]] of Object.entries(ABOUT)) {
  test(`${name}: repository, ref, revision and pull request`, () => {
    const map = headersFromPairs(Object.entries(headers).flat());
    const described = describe(map, payload(JSON.stringify(body)));
    const { repository, ref, revision, pullRequest } = described;
    const found = { repository, ref, revision, pullRequest };
    assert.deepEqual(JSON.parse(JSON.stringify(found)), facts);
  });
}

test("Azure DevOps' test button sends events of their own, and a resent one keeps its key", () => {
  const key = (id: string, attempt: number) => {
    const event = { eventType: "git.push", publisherId: "tfs", id, notificationId: 5, subscriptionId: "0" };
    return dedupeKey("azure-devops", {}, payload(JSON.stringify({ ...event, createdDate: attempt })));
  };
  assert.notEqual(key("one", 1), key("two", 1));
  assert.equal(key("one", 1), key("one", 2));
});

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
