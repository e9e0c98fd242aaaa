/** Payloads of Bitbucket Data Center (once Server), with the fields of its documentation of event payloads. */

import type { JsonObject } from "../../core/json.ts";
import {
  ADA,
  BRANCH,
  HOST,
  LIN,
  MESSAGE,
  NO_COMMIT,
  PULL,
  REPOSITORY,
  SHA,
  TAG,
  TOPIC,
  WHEN,
} from "./world.ts";

const SITE = `https://${HOST}`;
const repos = `${SITE}/projects/SHOP/repos/${REPOSITORY.name}`;
const date = WHEN.pushed.replace("Z", "+0000");
const self = (href: string): JsonObject => ({ self: [{ href }] });

const member = ({ id, login, name, email }: typeof ADA | typeof LIN): JsonObject => ({
  ...{ name: login, emailAddress: email, active: true, displayName: name, id, slug: login, type: "NORMAL" },
  links: self(`${SITE}/users/${login}`),
});
const ada = member(ADA);
const lin = member(LIN);

const repository: JsonObject = {
  ...{ slug: REPOSITORY.name, id: 15, name: REPOSITORY.name, description: REPOSITORY.about },
  ...{ hierarchyId: "9f2c4e6a8b0d1f35", scmId: "git", state: "AVAILABLE", statusMessage: "Available" },
  ...{ forkable: true, public: false, archived: false },
  project: {
    ...{ key: "SHOP", id: 3, name: "Shop", description: "The shop", public: false, type: "NORMAL" },
    links: self(`${SITE}/projects/SHOP`),
  },
  links: {
    clone: [
      { href: `${SITE}/scm/shop/${REPOSITORY.name}.git`, name: "http" },
      { href: `ssh://git@${HOST}:7999/shop/${REPOSITORY.name}.git`, name: "ssh" },
    ],
    ...self(`${repos}/browse`),
  },
};

const commit = (id: string, parent: string, message: string): JsonObject => ({
  ...{ id, displayId: id.slice(0, 11), author: ada, authorTimestamp: Date.parse(WHEN.committed) },
  ...{ committer: ada, committerTimestamp: Date.parse(WHEN.committed), message: message.trim() },
  parents: [{ id: parent, displayId: parent.slice(0, 11) }],
});

function refsChanged(
  kind: "BRANCH" | "TAG",
  name: string,
  change: { readonly type: "UPDATE" | "ADD" | "DELETE"; readonly from: string; readonly to: string },
): JsonObject {
  const id = `refs/${kind === "TAG" ? "tags" : "heads"}/${name}`;
  const { type, from, to } = change;
  const latest = commit(SHA.after, SHA.before, MESSAGE.second);
  return {
    ...{ eventKey: "repo:refs_changed", date, actor: ada, repository },
    changes: [{ ref: { id, displayId: name, type: kind }, refId: id, fromHash: from, toHash: to, type }],
    ...(to !== NO_COMMIT && { commits: [latest], toCommit: latest }),
  };
}

const ref = (name: string, hash: string): JsonObject => ({
  ...{ id: `refs/heads/${name}`, displayId: name, latestCommit: hash, type: "BRANCH", repository },
});

function pull(state: "OPEN" | "MERGED" | "DECLINED"): JsonObject {
  const open = state === "OPEN";
  return {
    ...{ id: PULL.number, version: open ? 0 : 1, title: PULL.title, description: PULL.text, state, open },
    ...{
      closed: !open,
      draft: false,
      createdDate: Date.parse(WHEN.created),
      updatedDate: Date.parse(WHEN.later),
    },
    ...(!open && { closedDate: Date.parse(WHEN.later) }),
    ...{ fromRef: ref(TOPIC, SHA.topic), toRef: ref(BRANCH, SHA.before), locked: false },
    author: { user: ada, role: "AUTHOR", approved: false, status: "UNAPPROVED" },
    reviewers: [{ user: lin, role: "REVIEWER", approved: false, status: "UNAPPROVED" }],
    participants: [],
    ...(state === "MERGED" && {
      properties: { mergeCommit: { id: SHA.merged, displayId: SHA.merged.slice(0, 11) } },
    }),
    links: self(`${repos}/pull-requests/${PULL.number}`),
  };
}

const about = (eventKey: string, pullRequest: JsonObject, more: JsonObject = {}): JsonObject => ({
  ...{ eventKey, date, actor: ada, pullRequest },
  ...more,
});

const comment: JsonObject = {
  ...{
    properties: { repositoryId: 15 },
    id: 62,
    version: 0,
    text: "/retest",
    author: lin,
    severity: "NORMAL",
  },
  ...{ createdDate: Date.parse(WHEN.later), updatedDate: Date.parse(WHEN.later), state: "OPEN" },
  ...{ comments: [], tasks: [] },
};

const approved: JsonObject = { user: lin, role: "REVIEWER", approved: true, status: "APPROVED" };

export const DATA_CENTER: Readonly<Record<string, JsonObject>> = {
  "repo:refs_changed": refsChanged("BRANCH", BRANCH, { type: "UPDATE", from: SHA.before, to: SHA.after }),
  "repo:refs_changed.created": refsChanged("BRANCH", TOPIC, { type: "ADD", from: NO_COMMIT, to: SHA.after }),
  "repo:refs_changed.deleted": refsChanged("BRANCH", TOPIC, {
    type: "DELETE",
    from: SHA.after,
    to: NO_COMMIT,
  }),
  "repo:refs_changed.tag": refsChanged("TAG", TAG, { type: "ADD", from: NO_COMMIT, to: SHA.after }),
  "pr:opened": about("pr:opened", pull("OPEN")),
  "pr:from_ref_updated": about("pr:from_ref_updated", pull("OPEN"), { previousFromHash: SHA.topicBefore }),
  "pr:modified": about("pr:modified", pull("OPEN"), {
    ...{ previousTitle: "Totals", previousDescription: "", previousTarget: ref(BRANCH, SHA.before) },
  }),
  "pr:merged": about("pr:merged", pull("MERGED")),
  "pr:declined": about("pr:declined", pull("DECLINED")),
  "pr:comment:added": about("pr:comment:added", pull("OPEN"), { comment }),
  "pr:reviewer:approved": about("pr:reviewer:approved", pull("OPEN"), {
    ...{ participant: approved, previousStatus: "UNAPPROVED" },
  }),
  "diagnostics:ping": { test: true },
};
