/** Examples of senders: recognised as theirs, about one repository, on main, and whole. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SENDERS } from "../../src/cli/examples/index.ts";
import { fixture, PROVIDERS } from "../../src/cli/fixture.ts";
import { payload } from "../../src/core/delivery.ts";
import { headersFromPairs } from "../../src/core/headers.ts";
import { dedupeKey, describe } from "../../src/core/provider.ts";
import { PROVIDERS as KNOWN } from "../../src/core/provider-table.ts";

const factsOf = (provider: string, event: string, id = "an-id") => {
  const { headers, body } = fixture(provider, { event, id });
  const map = headersFromPairs(Object.entries(headers).flat());
  const text = payload(body.toString("utf8"));
  return { ...describe(map, text), key: dedupeKey(provider, map, text) };
};

test("there are examples of every sender that the gateway recognises", () => {
  assert.deepEqual([...PROVIDERS].sort(), [...KNOWN.map(({ name }) => name), "generic"].sort());
});

/** Those whose example is recognised by the proof that it goes out with. */
const BY_PROOF = new Set(["slack", "standard-webhooks"]);

for (const { name, events } of SENDERS) {
  test(`${name}'s examples are recognised as its own and keyed by their id`, () => {
    for (const event of events.map((one) => (one.startsWith("any") ? "com.example.built" : one))) {
      const facts = factsOf(name, event);
      if (BY_PROOF.has(name)) continue;
      assert.equal(facts.provider, name, event);
      const isPing = event === "diagnostics:ping";
      if (name !== "generic") assert.notEqual(facts.key, undefined, event);
      if (["github", "generic", "cloudevents", "sns"].includes(name) || isPing) continue;
      assert.match(facts.repository ?? "", /storefront$/, event);
    }
  });
}

test("a push is one of a commit to main, not a branch's creation", () => {
  const pushes: readonly [string, string, string][] = [
    ["github", "push", "refs/heads/main"],
    ["gitlab", "push", "refs/heads/main"],
    ["gitea", "push", "refs/heads/main"],
    ["forgejo", "push", "refs/heads/main"],
    ["gogs", "push", "refs/heads/main"],
    ["bitbucket", "repo:push", "main"],
    ["bitbucket", "repo:refs_changed", "refs/heads/main"],
    ["azure-devops", "git.push", "refs/heads/main"],
  ];
  for (const [provider, event, ref] of pushes) {
    const facts = factsOf(provider, event);
    assert.equal(facts.ref, ref, provider);
    assert.match(facts.revision ?? "", /^[0-9a-f]{40}$/);
    const text = fixture(provider, { event }).body.toString();
    assert.ok(!text.includes("0".repeat(40)), `${provider} ${event}`);
  }
});

test("a pull request has its number, branch and revision", () => {
  for (const [provider, event] of [
    ["github", "pull_request"],
    ["gitlab", "merge_request"],
    ["gitlab", "note"],
    ["gitlab", "pipeline.merge_request"],
    ["gitea", "pull_request"],
    ["bitbucket", "pullrequest:created"],
    ["bitbucket", "pr:opened"],
    ["azure-devops", "git.pullrequest.created"],
  ] as const) {
    const { pullRequest, ref, revision } = factsOf(provider, event);
    assert.ok(pullRequest !== undefined && ref !== undefined, `${provider} ${event}`);
    if (!event.startsWith("pipeline")) assert.ok(revision !== undefined, `${provider} ${event}`);
  }
});

/** Fields that public triggers look at. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  "gitlab push": [
    ...["repository.name", "repository.git_http_url", "repository.homepage", "project.namespace"],
    ...["project.path_with_namespace", "user_name", "user_email", "user_username", "commits.0.url"],
    ...["commits.0.author.email", "commits.0.timestamp", "commits.0.title", "total_commits_count"],
  ],
  "gitlab merge_request": [
    ...[
      "object_attributes.url",
      "object_attributes.source.git_http_url",
      "object_attributes.target.path_with_namespace",
    ],
    ...[
      "object_attributes.last_commit.id",
      "object_attributes.oldrev",
      "changes",
      "labels.0.title",
      "assignees.0.username",
    ],
    ...["repository.homepage", "user.email", "object_attributes.detailed_merge_status", "reviewers.0.id"],
  ],
  "github push": ["repository.clone_url", "head_commit.id", "commits.0.modified.0", "pusher.name", "compare"],
  "bitbucket repo:push": [
    "push.changes.0.new.target.links.html.href",
    "repository.links.html.href",
    "actor.nickname",
  ],
  "bitbucket repo:refs_changed": [
    "changes.0.toHash",
    "repository.links.clone.0.href",
    "repository.project.key",
  ],
  "bitbucket pr:opened": [
    "pullRequest.fromRef.latestCommit",
    "pullRequest.toRef.repository.slug",
    "actor.emailAddress",
  ],
  "gitea push": ["repository.clone_url", "pusher.login", "commits.0.modified.0", "compare_url"],
};

test("the fields that triggers look at are there", () => {
  for (const [name, paths] of Object.entries(FIELDS)) {
    const [provider = "", event = ""] = name.split(" ");
    const asked = event === "merge_request" ? "merge_request.update" : event;
    const json: unknown = JSON.parse(fixture(provider, { event: asked }).body.toString());
    for (const path of paths) {
      const value = path
        .split(".")
        .reduce((at: unknown, key) => (at as Record<string, unknown> | undefined)?.[key], json);
      assert.notEqual(value, undefined, `${name}: ${path}`);
    }
  }
});

test("nothing says master any more", () => {
  for (const { name, events } of SENDERS) {
    for (const event of events) {
      const text = fixture(name, { event }).body.toString();
      assert.ok(!/"(refs\/heads\/)?master"/.test(text.replaceAll('"name":"master"', "")), `${name} ${event}`);
    }
  }
});
