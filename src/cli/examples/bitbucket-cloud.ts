/** Payloads of Bitbucket Cloud, with the fields of its documentation of event payloads. */

import type { JsonObject } from "../../core/json.ts";
import { ADA, BRANCH, LIN, MESSAGE, ORG, PULL, REPOSITORY, SHA, TAG, TOPIC, WHEN } from "./world.ts";

const API = "https://api.bitbucket.org/2.0";
const SITE = "https://bitbucket.org";
const full = REPOSITORY.full;

const links = (...rest: readonly [string, string][]): JsonObject =>
  Object.fromEntries(rest.map(([name, href]) => [name, { href }]));

const member = (
  { login, name }: { readonly login: string; readonly name: string },
  digit: string,
): JsonObject => ({
  ...{ type: "user", display_name: name, nickname: login, account_id: `557058:${digit.repeat(8)}` },
  uuid: `{${digit.repeat(8)}-0000-4000-8000-${digit.repeat(12)}}`,
  links: links(
    ["self", `${API}/users/${login}`],
    ["html", `${SITE}/${login}/`],
    ["avatar", `${SITE}/account/${login}/avatar/`],
  ),
});

const ada = member(ADA, "1");
const lin = member(LIN, "2");
const owner: JsonObject = {
  ...{
    type: "team",
    display_name: ORG.name,
    username: ORG.path,
    uuid: "{33333333-0000-4000-8000-333333333333}",
  },
  links: links(["self", `${API}/teams/${ORG.path}`], ["html", `${SITE}/${ORG.path}/`]),
};

const project: JsonObject = {
  ...{ type: "project", key: "SHOP", name: "Shop", uuid: "{44444444-0000-4000-8000-444444444444}" },
  links: links(["self", `${API}/workspaces/${ORG.path}/projects/SHOP`]),
};
const workspace: JsonObject = {
  ...{ type: "workspace", slug: ORG.path, name: ORG.name, uuid: "{33333333-0000-4000-8000-333333333333}" },
  links: links(["self", `${API}/workspaces/${ORG.path}`], ["html", `${SITE}/${ORG.path}/`]),
};

const reference: JsonObject = {
  ...{
    type: "repository",
    name: REPOSITORY.name,
    full_name: full,
    uuid: "{55555555-0000-4000-8000-555555555555}",
  },
  links: links(["self", `${API}/repositories/${full}`], ["html", `${SITE}/${full}`]),
};
const repository: JsonObject = {
  ...reference,
  ...{ scm: "git", website: null, is_private: true, owner, project, workspace, parent: null },
};

const commit = (hash: string, parent: string, message: string): JsonObject => ({
  ...{ type: "commit", hash, date: WHEN.committed.replace("Z", "+00:00"), message },
  author: { type: "author", raw: `${ADA.name} <${ADA.email}>`, user: ada },
  summary: { type: "rendered", raw: message, markup: "markdown", html: `<p>${message.trim()}</p>` },
  rendered: {},
  properties: {},
  parents: [
    { type: "commit", hash: parent, links: links(["self", `${API}/repositories/${full}/commit/${parent}`]) },
  ],
  links: links(
    ["self", `${API}/repositories/${full}/commit/${hash}`],
    ["html", `${SITE}/${full}/commits/${hash}`],
  ),
});

const named = (type: "branch" | "tag", name: string, target: JsonObject): JsonObject => ({
  ...{ type, name, target },
  ...(type === "branch" && {
    merge_strategies: ["merge_commit", "squash", "fast_forward"],
    default_merge_strategy: "merge_commit",
  }),
  links: links(
    ["self", `${API}/repositories/${full}/refs/${type === "tag" ? "tags" : "branches"}/${name}`],
    ["commits", `${API}/repositories/${full}/commits/${name}`],
    ["html", `${SITE}/${full}/branch/${name}`],
  ),
});

function push(
  before: JsonObject | null,
  after: JsonObject | null,
  commits: readonly JsonObject[],
): JsonObject {
  const change: JsonObject = {
    ...{ old: before, new: after, created: before === null, closed: after === null, forced: false },
    ...{ commits: [...commits], truncated: false },
    links: links(
      ["commits", `${API}/repositories/${full}/commits?include=${SHA.after}&exclude=${SHA.before}`],
      ["diff", `${API}/repositories/${full}/diff/${SHA.after}..${SHA.before}`],
      ["html", `${SITE}/${full}/branches/compare/${SHA.after}..${SHA.before}`],
    ),
  };
  return { push: { changes: [change] }, repository, actor: ada };
}

const old = commit(SHA.before, SHA.topicBefore, MESSAGE.first);
const latest = commit(SHA.after, SHA.before, MESSAGE.second);
const tag = named("tag", TAG, latest);

const side = (name: string, hash: string): JsonObject => ({
  branch: { name },
  commit: {
    type: "commit",
    hash: hash.slice(0, 12),
    links: links(["self", `${API}/repositories/${full}/commit/${hash}`]),
  },
  repository: reference,
});

function pull(state: "OPEN" | "MERGED" | "DECLINED"): JsonObject {
  const merged = state === "MERGED" ? { type: "commit", hash: SHA.merged.slice(0, 12) } : null;
  return {
    ...{ type: "pullrequest", id: PULL.number, title: PULL.title, description: PULL.text, state },
    ...{ draft: false, author: ada, source: side(TOPIC, SHA.topic), destination: side(BRANCH, SHA.before) },
    ...{ merge_commit: merged, close_source_branch: true, closed_by: state === "OPEN" ? null : ada },
    ...{ reason: "", created_on: WHEN.created, updated_on: WHEN.later, comment_count: 0, task_count: 0 },
    participants: [{ type: "participant", user: lin, role: "REVIEWER", approved: false, state: null }],
    reviewers: [lin],
    links: links(
      ["self", `${API}/repositories/${full}/pullrequests/${PULL.number}`],
      ["html", `${SITE}/${full}/pull-requests/${PULL.number}`],
    ),
  };
}

const about = (state: "OPEN" | "MERGED" | "DECLINED"): JsonObject => ({
  repository,
  actor: ada,
  pullrequest: pull(state),
});

const comment: JsonObject = {
  ...{ type: "pullrequest_comment", id: 17, user: lin, created_on: WHEN.later, updated_on: WHEN.later },
  content: { type: "rendered", raw: "/retest", markup: "markdown", html: "<p>/retest</p>" },
  ...{ deleted: false, pending: false },
  links: links(["html", `${SITE}/${full}/pull-requests/${PULL.number}/_/diff#comment-17`]),
};

const status: JsonObject = {
  ...{
    key: "build",
    type: "build",
    name: "Build",
    state: "SUCCESSFUL",
    description: "passed",
    refname: BRANCH,
  },
  ...{ url: "https://ci.example.com/builds/1", created_on: WHEN.pushed, updated_on: WHEN.later },
  ...{ repository: reference, commit: latest },
};

export const CLOUD: Readonly<Record<string, JsonObject>> = {
  "repo:push": push(named("branch", BRANCH, old), named("branch", BRANCH, latest), [latest]),
  "repo:push.created": push(null, named("branch", TOPIC, latest), [latest]),
  "repo:push.deleted": push(named("branch", TOPIC, latest), null, []),
  "repo:push.tag": push(null, tag, []),
  "pullrequest:created": about("OPEN"),
  "pullrequest:updated": about("OPEN"),
  "pullrequest:fulfilled": about("MERGED"),
  "pullrequest:rejected": about("DECLINED"),
  "pullrequest:approved": { ...about("OPEN"), approval: { date: WHEN.later, user: lin } },
  "pullrequest:comment_created": { ...about("OPEN"), actor: lin, comment },
  "repo:commit_status_updated": { repository, actor: ada, commit_status: status },
};
