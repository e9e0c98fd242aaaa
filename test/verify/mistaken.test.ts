/** Words about a proof that is missing: who sent the request by its headers, and an old signature. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProofDemand } from "../../src/core/interceptor.ts";
import { missing } from "../../src/verify/failure.ts";
import { schemeOf } from "../../src/verify/schemes.ts";

function reasonFor(scheme: string, headers: Record<string, string>): string {
  const demand: ProofDemand = { scheme, secret: { namespace: "ci", name: "hook", key: "token" } };
  const known = schemeOf(demand);
  assert.ok(known);
  const all = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  return missing(known, demand, { method: "POST", url: "/ci/git", headers: all }).reason;
}

test("a sender of another kind is named, with where its webhook belongs", () => {
  const gitlab = reasonFor("github", { "X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": "t" });
  assert.match(
    gitlab,
    /X-Hub-Signature-256 is missing\. .*from GitLab, .*GitHub is demanded: .*gitlab interceptor/,
  );
  assert.doesNotMatch(gitlab, /Set a secret/);
  assert.match(reasonFor("gitlab", { "X-Github-Event": "push" }), /from GitHub, .*github interceptor/);
  assert.match(
    reasonFor("gitlab", { "X-Gitea-Event": "push", "X-Github-Event": "push" }),
    /from Gitea, .*github interceptor/,
  );
  assert.match(reasonFor("bitbucket", { "X-Github-Event": "push" }), /from GitHub/);
  assert.match(
    reasonFor("github", { "X-Event-Key": "repo:push" }),
    /from Bitbucket, .*bitbucket interceptor/,
  );
});

test("a signature with sha1 alone is no missing secret", () => {
  const reason = reasonFor("github", { "X-Github-Event": "push", "X-Hub-Signature": "sha1=00" });
  assert.match(reason, /only header X-Hub-Signature \(sha1\) came: update GitHub.*X-Hub-Signature-256 on/);
  assert.doesNotMatch(reason, /Set a secret/);
});

test("the right sender without a secret is told to set one, by its own name", () => {
  assert.match(
    reasonFor("github", { "X-Github-Event": "push" }),
    /Set a secret on the webhook in GitHub; .*ci\/hook/,
  );
  assert.match(reasonFor("github", { "X-Gitea-Event": "push" }), /webhook in Gitea/);
  assert.match(reasonFor("github", {}), /webhook in GitHub/);
  assert.match(reasonFor("bearer", { "X-Github-Event": "push" }), /Set a secret/);
});
