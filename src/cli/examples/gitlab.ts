/** GitLab's project hooks, with the fields that its documentation of webhook events has. */

import type { JsonObject } from "../../core/json.ts";
import {
  branchCommit,
  issuePayload,
  job,
  labels,
  notePayload,
  pipelinePayload,
  project,
  projectReference,
  repository,
  tagPush,
  user,
} from "./gitlab-objects.ts";
import { JSON_TYPE, type Sender } from "./sender.ts";
import { ADA, BRANCH, LIN, MESSAGE, NO_COMMIT, PULL, SHA, TAG, TOPIC, WHEN } from "./world.ts";

const url = project.web_url;

const push: JsonObject = {
  ...{ object_kind: "push", event_name: "push", before: SHA.before, after: SHA.after },
  ...{ ref: `refs/heads/${BRANCH}`, ref_protected: true, checkout_sha: SHA.after, message: null },
  ...{ user_id: ADA.id, user_name: ADA.name, user_username: ADA.login, user_email: ADA.email },
  ...{ user_avatar: user.avatar_url, project_id: project.id, project },
  commits: [
    branchCommit(SHA.between, MESSAGE.first, ["src/price.ts"]),
    branchCommit(SHA.after, MESSAGE.second, ["README.md"]),
  ],
  ...{ total_commits_count: 2, push_options: {}, repository },
};

function mergeRequest(action: string): JsonObject {
  const states: Readonly<Record<string, string>> = { close: "closed", merge: "merged" };
  const change = (previous: unknown, current: unknown) => ({ previous, current }) as JsonObject;
  const changes: Readonly<Record<string, JsonObject>> = {
    open: { updated_at: change(null, WHEN.later), merge_status: change("preparing", "unchecked") },
    update: { updated_at: change(WHEN.pushed, WHEN.later) },
  };
  return {
    ...{ object_kind: "merge_request", event_type: "merge_request", user, project, repository },
    object_attributes: {
      ...{ id: PULL.id, iid: PULL.number, target_branch: BRANCH, source_branch: TOPIC },
      ...{ source_project_id: project.id, target_project_id: project.id, author_id: ADA.id },
      ...{ assignee_id: LIN.id, assignee_ids: [LIN.id], reviewer_ids: [LIN.id], title: PULL.title },
      ...{ created_at: WHEN.created, updated_at: WHEN.later, prepared_at: WHEN.created },
      ...{ last_edited_at: null, last_edited_by_id: null, updated_by_id: null, milestone_id: null },
      ...{ state_id: 1, state: states[action] ?? "opened", description: PULL.text, head_pipeline_id: null },
      ...{ blocking_discussions_resolved: true, work_in_progress: false, draft: false },
      ...{ first_contribution: false, merge_status: "unchecked", detailed_merge_status: "mergeable" },
      ...{ merge_commit_sha: action === "merge" ? SHA.merged : null, merge_error: null, merge_user_id: null },
      ...{ merge_params: { force_remove_source_branch: "1" }, merge_when_pipeline_succeeds: false },
      ...{ time_estimate: 0, total_time_spent: 0, time_change: 0, human_time_estimate: null },
      ...{ human_total_time_spent: null, human_time_change: null },
      url: `${url}/-/merge_requests/${PULL.number}`,
      ...{ source: projectReference, target: projectReference },
      last_commit: branchCommit(SHA.topic, MESSAGE.second),
      ...{ labels, action },
      // As GitLab: only where the source branch has new commits.
      ...(action === "update" && { oldrev: SHA.topicBefore }),
    },
    ...{
      labels,
      changes: changes[action] ?? { state_id: change(1, 2), updated_at: change(WHEN.pushed, WHEN.later) },
    },
    assignees: [{ ...user, id: LIN.id, name: LIN.name, username: LIN.login }],
    reviewers: [{ ...user, id: LIN.id, name: LIN.name, username: LIN.login }],
  };
}

const release: JsonObject = {
  ...{ id: 5, created_at: WHEN.later, description: "Totals before paying", name: TAG },
  ...{ released_at: WHEN.later, tag: TAG, object_kind: "release", project },
  ...{ url: `${url}/-/releases/${TAG}`, action: "create" },
  assets: {
    count: 5,
    links: [{ id: 1, link_type: "other", name: "Notes", url: "https://shop.example/notes" }],
    sources: ["zip", "tar.gz", "tar.bz2", "tar"].map((format) => ({
      format,
      url: `${url}/-/archive/${TAG}/storefront-${TAG}.${format}`,
    })),
  },
  commit: branchCommit(SHA.after, MESSAGE.second),
};

const deployment: JsonObject = {
  ...{ object_kind: "deployment", status: "success", status_changed_at: WHEN.later, deployment_id: 15 },
  ...{ deployable_id: 796, deployable_url: `${url}/-/jobs/796`, environment: "staging" },
  ...{ environment_tier: "staging", environment_slug: "staging" },
  ...{ environment_external_url: "https://staging.shop.example", project, ref: BRANCH },
  ...{ short_sha: SHA.after.slice(0, 8), user, user_url: `https://gitlab.example.com/${ADA.login}` },
  ...{ commit_url: `${url}/-/commit/${SHA.after}`, commit_title: MESSAGE.second.trim() },
};

const EXAMPLES: Readonly<Record<string, JsonObject>> = {
  push,
  merge_request: mergeRequest("open"),
  ...Object.fromEntries(
    ["open", "update", "merge", "close", "reopen", "approved", "unapproved"].map((action) => [
      `merge_request.${action}`,
      mergeRequest(action),
    ]),
  ),
  tag_push: tagPush(NO_COMMIT, SHA.after),
  "tag_push.deleted": tagPush(SHA.after, NO_COMMIT),
  "push.deleted": { ...push, after: NO_COMMIT, checkout_sha: null, commits: [], total_commits_count: 0 },
  note: notePayload("merge_request"),
  "note.merge_request": notePayload("merge_request"),
  "note.commit": notePayload("commit"),
  "note.issue": notePayload("issue"),
  issue: issuePayload("open"),
  "issue.close": issuePayload("close"),
  pipeline: pipelinePayload(false),
  "pipeline.merge_request": pipelinePayload(true),
  job,
  build: job,
  release,
  deployment,
};

/** The event as it is named here: `Push Hook` is taken too. */
const nameOf = (event: string): string =>
  event
    .replace(/ Hook$/i, "")
    .replaceAll(" ", "_")
    .toLowerCase();

export const gitlab: Sender = {
  name: "gitlab",
  scheme: "gitlab",
  events: Object.keys(EXAMPLES),
  headers: (event, id) => ({
    ...JSON_TYPE,
    "user-agent": "GitLab/sluice",
    "x-gitlab-event": headerOf(nameOf(event).split(".")[0] as string),
    "x-gitlab-instance": "https://gitlab.example.com",
    "x-gitlab-webhook-uuid": "f6b4b7d2-6c9d-4b7e-8d43-1f0f3a9c5e21",
    "x-gitlab-event-uuid": "0d5a1c3e-7b92-4f68-a1d4-9e8c7b6a5f43",
    "idempotency-key": id,
  }),
  payload: (event) => {
    const name = nameOf(event);
    return Object.hasOwn(EXAMPLES, name) ? EXAMPLES[name] : undefined;
  },
};

function headerOf(kind: string): string {
  const words = (kind === "build" ? "job" : kind).split("_");
  return `${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(" ")} Hook`;
}
