/** Names of repositories with what they are unique in, and facts of events that keep them elsewhere. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { payload } from "../../src/core/delivery.ts";
import { headersFromPairs } from "../../src/core/headers.ts";
import { describe } from "../../src/core/provider.ts";

function factsOf(headers: Readonly<Record<string, string>>, body: unknown) {
  return describe(headersFromPairs(Object.entries(headers).flat()), payload(JSON.stringify(body)));
}

const project = { key: "PRJ", name: "Web Shop" };

test("Bitbucket Data Center: project and slug; Cloud: the full name", () => {
  const key = { "X-Event-Key": "repo:refs_changed" };
  assert.equal(factsOf(key, { repository: { slug: "shop", project } }).repository, "PRJ/shop");
  const toRef = { repository: { slug: "shop", project } };
  assert.equal(factsOf(key, { pullRequest: { toRef } }).repository, "PRJ/shop");
  assert.equal(factsOf(key, { repository: { slug: "shop" } }).repository, "shop");
  assert.equal(
    factsOf(key, { repository: { full_name: "acme/shop", slug: "shop", project } }).repository,
    "acme/shop",
  );
});

test("Azure DevOps: project and repository", () => {
  const event = { eventType: "git.push", publisherId: "tfs" };
  const repository = { name: "shop", project };
  assert.equal(factsOf({}, { ...event, resource: { repository } }).repository, "Web Shop/shop");
  assert.equal(
    factsOf({}, { ...event, resource: { pullRequest: { repository } } }).repository,
    "Web Shop/shop",
  );
  assert.equal(factsOf({}, { ...event, resource: { repository: { name: "shop" } } }).repository, "shop");
});

test("Docker Hub: owner and name", () => {
  const repository = { name: "shop", repo_name: "acme/shop" };
  assert.equal(factsOf({}, { repository }).repository, "acme/shop");
});

test("GitHub: the branch of a repository_dispatch, the commit of a package", () => {
  const dispatch = factsOf(
    { "X-GitHub-Event": "repository_dispatch" },
    { branch: "main", client_payload: null },
  );
  assert.equal(dispatch.ref, "main");
  const version = { package_version: { target_oid: "c0ffee" } };
  for (const body of [{ package: version }, { registry_package: version }])
    assert.equal(factsOf({ "X-GitHub-Event": "package" }, body).revision, "c0ffee");
});
