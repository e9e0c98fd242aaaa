/** Deliveries of Gitea and its kin Forgejo and Gogs: each also sends the headers of its ancestors, down to GitHub's. */

import type { JsonObject } from "../../core/json.ts";
import { JSON_TYPE, type Sender } from "./sender.ts";
import {
  ADA,
  BRANCH,
  HOST,
  LIN,
  MESSAGE,
  NO_COMMIT,
  ORG,
  PULL,
  REPOSITORY,
  SHA,
  TAG,
  TOPIC,
  WHEN,
} from "./world.ts";

const SITE = `https://${HOST}`;
const full = REPOSITORY.full;

const member = ({
  id,
  login,
  name,
  email,
}: {
  id: number;
  login: string;
  name: string;
  email: string;
}): JsonObject => ({
  ...{ id, login, login_name: "", source_id: 0, full_name: name, email, username: login, language: "" },
  ...{ avatar_url: `${SITE}/avatars/${login}`, html_url: `${SITE}/${login}`, is_admin: false },
  ...{ last_login: "0001-01-01T00:00:00Z", created: WHEN.created, restricted: false, active: false },
  ...{ prohibit_login: false, location: "", website: "", description: "", visibility: "public" },
  ...{ followers_count: 0, following_count: 0, starred_repos_count: 0 },
});
const ada = member(ADA);
const lin = member(LIN);
const owner = member({ id: 3, login: ORG.path, name: ORG.name, email: "" });

const repository: JsonObject = {
  ...{ id: 15, owner, name: REPOSITORY.name, full_name: full, description: REPOSITORY.about, empty: false },
  ...{ private: true, fork: false, template: false, parent: null, mirror: false, size: 89, language: "" },
  ...{ languages_url: `${SITE}/api/v1/repos/${full}/languages`, html_url: `${SITE}/${full}` },
  ...{ url: `${SITE}/api/v1/repos/${full}`, link: "", ssh_url: `git@${HOST}:${full}.git` },
  ...{ clone_url: `${SITE}/${full}.git`, original_url: "", website: "", stars_count: 0, forks_count: 0 },
  ...{ watchers_count: 1, open_issues_count: 1, open_pr_counter: 1, release_counter: 0 },
  ...{ default_branch: BRANCH, archived: false, created_at: WHEN.created, updated_at: WHEN.pushed },
  ...{ archived_at: "1970-01-01T00:00:00Z", permissions: { admin: true, push: true, pull: true } },
  ...{ has_issues: true, has_wiki: true, has_pull_requests: true, has_projects: true, has_releases: true },
  ...{ has_packages: true, has_actions: true, ignore_whitespace_conflicts: false, internal: false },
  ...{ allow_merge_commits: true, allow_rebase: true, allow_rebase_explicit: true, allow_squash_merge: true },
  ...{ default_merge_style: "merge", avatar_url: "", mirror_interval: "", repo_transfer: null, topics: [] },
};

const author = { name: ADA.name, email: ADA.email, username: ADA.login };
const commit = (id: string, message: string): JsonObject => ({
  ...{ id, message, url: `${SITE}/${full}/commit/${id}`, author, committer: author, verification: null },
  ...{ timestamp: WHEN.committed, added: [], removed: [], modified: ["README.md"] },
});

function push(ref: string, before: string, after: string): JsonObject {
  const commits = after === NO_COMMIT || before === NO_COMMIT ? [] : [commit(after, MESSAGE.second)];
  return {
    ...{ ref, before, after, compare_url: `${SITE}/${full}/compare/${before}...${after}`, commits },
    ...{
      total_commits: commits.length,
      head_commit: after === NO_COMMIT ? null : commit(after, MESSAGE.second),
    },
    ...{ repository, pusher: ada, sender: ada },
  };
}

const side = (name: string, sha: string): JsonObject => ({
  ...{ label: name, ref: name, sha, repo_id: 15, repo: repository },
});

function pull(merged: boolean, state: "open" | "closed"): JsonObject {
  const page = `${SITE}/${full}/pulls/${PULL.number}`;
  return {
    ...{ id: PULL.id, url: page, number: PULL.number, user: ada, title: PULL.title, body: PULL.text },
    ...{ labels: [], milestone: null, assignee: null, assignees: null, requested_reviewers: [lin], state },
    ...{ draft: false, is_locked: false, comments: 0, additions: 4, deletions: 1, changed_files: 1 },
    ...{ html_url: page, diff_url: `${page}.diff`, patch_url: `${page}.patch`, mergeable: !merged, merged },
    ...{ merged_at: merged ? WHEN.later : null, merge_commit_sha: merged ? SHA.merged : null },
    ...{ merged_by: merged ? ada : null, allow_maintainer_edit: false, base: side(BRANCH, SHA.before) },
    ...{ head: side(TOPIC, SHA.topic), merge_base: SHA.before, due_date: null, created_at: WHEN.created },
    ...{ updated_at: WHEN.later, closed_at: state === "open" ? null : WHEN.later, pin_order: 0 },
  };
}

const pullRequest = (action: string, merged = false): JsonObject => ({
  ...{ action, number: PULL.number, pull_request: pull(merged, action === "closed" ? "closed" : "open") },
  ...{ requested_reviewer: null, repository, sender: ada, commit_id: "", review: null },
});

const issue = (ofPull: boolean): JsonObject => ({
  ...{ id: 9, url: `${SITE}/api/v1/repos/${full}/issues/${PULL.number}`, number: PULL.number, user: ada },
  ...{ html_url: `${SITE}/${full}/${ofPull ? "pulls" : "issues"}/${PULL.number}`, original_author: "" },
  ...{ title: PULL.title, body: PULL.text, ref: "", assets: [], labels: [], milestone: null, assignee: null },
  ...{ assignees: null, state: "open", is_locked: false, comments: 1, created_at: WHEN.created },
  ...{ updated_at: WHEN.later, closed_at: null, due_date: null },
  pull_request: ofPull
    ? { merged: false, merged_at: null, draft: false, html_url: `${SITE}/${full}/pulls/42` }
    : null,
  repository: { id: 15, name: REPOSITORY.name, owner: ORG.path, full_name: full },
});

const commented = (ofPull: boolean): JsonObject => ({
  ...{ action: "created", issue: issue(ofPull), pull_request: ofPull ? pull(false, "open") : null },
  comment: {
    ...{
      id: 17,
      html_url: `${SITE}/${full}/pulls/${PULL.number}#issuecomment-17`,
      user: lin,
      body: "/retest",
    },
    ...{ pull_request_url: ofPull ? `${SITE}/${full}/pulls/${PULL.number}` : "", issue_url: "", assets: [] },
    ...{ original_author: "", created_at: WHEN.later, updated_at: WHEN.later },
  },
  ...{ repository, sender: lin, is_pull: ofPull },
});

const created = (ref: string, kind: "branch" | "tag"): JsonObject => ({
  ...{ sha: SHA.after, ref, ref_type: kind, repository, sender: ada },
});

const release: JsonObject = {
  action: "published",
  release: {
    ...{ id: 5, tag_name: TAG, target_commitish: BRANCH, name: TAG, body: "Totals before paying" },
    ...{ url: `${SITE}/api/v1/repos/${full}/releases/5`, html_url: `${SITE}/${full}/releases/tag/${TAG}` },
    ...{
      tarball_url: `${SITE}/${full}/archive/${TAG}.tar.gz`,
      zipball_url: `${SITE}/${full}/archive/${TAG}.zip`,
    },
    ...{
      draft: false,
      prerelease: false,
      created_at: WHEN.later,
      published_at: WHEN.later,
      author: ada,
      assets: [],
    },
  },
  ...{ repository, sender: ada },
};

const branch = `refs/heads/${BRANCH}`;
const EXAMPLES: Readonly<Record<string, JsonObject>> = {
  push: push(branch, SHA.before, SHA.after),
  "push.tag": push(`refs/tags/${TAG}`, NO_COMMIT, SHA.after),
  "push.deleted": push(`refs/heads/${TOPIC}`, SHA.topic, NO_COMMIT),
  pull_request: pullRequest("opened"),
  "pull_request.opened": pullRequest("opened"),
  "pull_request.synchronized": pullRequest("synchronized"),
  "pull_request.closed": pullRequest("closed"),
  "pull_request.merged": pullRequest("closed", true),
  issue_comment: commented(true),
  "issue_comment.issue": commented(false),
  issues: {
    action: "opened",
    number: PULL.number,
    issue: issue(false),
    repository,
    sender: ada,
    commit_id: "",
  },
  create: created(TOPIC, "branch"),
  delete: { ...created(TOPIC, "branch"), pusher_type: "user" },
  release,
};

/** @param prefixes of the headers that it sends, its own first. */
function kin(name: string, prefixes: readonly string[]): Sender {
  return {
    name,
    // The interceptor for these is github's, which Gitea signs for too.
    scheme: "github",
    events: Object.keys(EXAMPLES),
    headers(event, id) {
      const type = event.split(".")[0] as string;
      const all = prefixes.flatMap((prefix) => [
        [`x-${prefix}-event`, type],
        [`x-${prefix}-event-type`, type],
        [`x-${prefix}-delivery`, id],
      ]);
      return { ...JSON_TYPE, "user-agent": "Go-http-client/1.1", ...Object.fromEntries(all) };
    },
    payload: (event) => (Object.hasOwn(EXAMPLES, event) ? EXAMPLES[event] : undefined),
  };
}

export const gitea = kin("gitea", ["gitea", "gogs", "github"]);
export const forgejo = kin("forgejo", ["forgejo", "gitea", "gogs", "github"]);
export const gogs = kin("gogs", ["gogs"]);
