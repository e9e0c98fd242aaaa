/** The parts that GitLab's payloads share, and those of comments, issues, pipelines and jobs. */

import type { JsonObject } from "../../core/json.ts";
import { ADA, BRANCH, LIN, MESSAGE, ORG, PULL, REPOSITORY, SHA, TAG, TOPIC, WHEN } from "./world.ts";

const HOST = "gitlab.example.com";
const web = `https://${HOST}/${REPOSITORY.full}`;
const ssh = `git@${HOST}:${REPOSITORY.full}.git`;

export const user = {
  id: ADA.id,
  name: ADA.name,
  username: ADA.login,
  avatar_url: `https://${HOST}/uploads/-/system/user/avatar/${ADA.id}/avatar.png`,
  email: ADA.email,
};

/** A project without its id, as merge requests have their source and target. */
export const projectReference = {
  ...{ name: "Storefront", description: REPOSITORY.about, web_url: web, avatar_url: null },
  ...{ git_ssh_url: ssh, git_http_url: `${web}.git`, namespace: ORG.name, visibility_level: 0 },
  ...{ path_with_namespace: REPOSITORY.full, default_branch: BRANCH, ci_config_path: "" },
  ...{ homepage: web, url: ssh, ssh_url: ssh, http_url: `${web}.git` },
};

export const project = { id: 15, ...projectReference };

export const repository = {
  ...{ name: "Storefront", url: ssh, description: REPOSITORY.about, homepage: web },
  ...{ git_http_url: `${web}.git`, git_ssh_url: ssh, visibility_level: 0 },
};

/** @param modified absent: the lists of files too, as where a merge request names its last commit. */
export function branchCommit(id: string, message: string, modified?: readonly string[]): JsonObject {
  return {
    ...{ id, message, title: message.trim(), timestamp: WHEN.committed, url: `${web}/-/commit/${id}` },
    author: { name: ADA.name, email: ADA.email },
    ...(modified !== undefined && { added: [], modified: [...modified], removed: [] }),
  };
}

export const labels: JsonObject[] = [
  {
    ...{ id: 206, title: "checkout", color: "#1f75cb", project_id: project.id, created_at: WHEN.created },
    ...{
      updated_at: WHEN.created,
      template: false,
      description: "Paying",
      type: "ProjectLabel",
      group_id: null,
    },
  },
];

export function tagPush(before: string, after: string): JsonObject {
  return {
    ...{ object_kind: "tag_push", event_name: "tag_push", before, after, ref: `refs/tags/${TAG}` },
    ...{ ref_protected: true, checkout_sha: after === SHA.after ? after : null, message: "" },
    ...{ user_id: ADA.id, user_name: ADA.name, user_username: ADA.login, user_email: ADA.email },
    ...{ user_avatar: user.avatar_url, project_id: project.id, project, commits: [] },
    ...{ total_commits_count: 0, push_options: {}, repository },
  };
}

const issue = {
  ...{ id: 301, iid: 23, title: "Total is missing", description: "It comes too late.", author_id: ADA.id },
  ...{ assignee_ids: [LIN.id], assignee_id: LIN.id, project_id: project.id, created_at: WHEN.created },
  ...{ updated_at: WHEN.later, updated_by_id: null, last_edited_at: null, last_edited_by_id: null },
  ...{ relative_position: 0, milestone_id: null, state_id: 1, confidential: false, discussion_locked: null },
  ...{ due_date: null, moved_to_id: null, duplicated_to_id: null, time_estimate: 0, total_time_spent: 0 },
  ...{ time_change: 0, human_total_time_spent: null, human_time_estimate: null, human_time_change: null },
  ...{
    weight: null,
    health_status: null,
    type: "Issue",
    url: `${web}/-/issues/23`,
    severity: "unknown",
    labels,
  },
};

export function issuePayload(action: "open" | "close"): JsonObject {
  const state = action === "open" ? "opened" : "closed";
  const assignee = { id: LIN.id, name: LIN.name, username: LIN.login, avatar_url: user.avatar_url };
  return {
    ...{ object_kind: "issue", event_type: "issue", user, project, repository },
    object_attributes: { ...issue, state, action },
    ...{ assignees: [assignee], assignee, labels },
    changes: { updated_at: { previous: WHEN.created, current: WHEN.later } },
  };
}

export function notePayload(on: "merge_request" | "commit" | "issue"): JsonObject {
  const types = { merge_request: "MergeRequest", commit: "Commit", issue: "Issue" };
  const places = {
    merge_request: `merge_requests/${PULL.number}`,
    commit: `commit/${SHA.after}`,
    issue: "issues/23",
  };
  const about = {
    merge_request: { merge_request: notedMergeRequest },
    commit: { commit: branchCommit(SHA.after, MESSAGE.second) },
    issue: { issue: { ...issue, state: "opened" } },
  };
  return {
    ...{ object_kind: "note", event_type: "note", user, project_id: project.id, project, repository },
    object_attributes: {
      ...{ id: 1_241, note: "/retest", noteable_type: types[on], author_id: ADA.id },
      ...{ created_at: WHEN.later, updated_at: WHEN.later, project_id: project.id, attachment: null },
      ...{ line_code: null, commit_id: on === "commit" ? SHA.after : "", system: false, st_diff: null },
      ...{ noteable_id: on === "commit" ? null : on === "issue" ? issue.id : PULL.id, type: null },
      ...{ discussion_id: "6a9c1e750b3d", action: "create", url: `${web}/-/${places[on]}#note_1241` },
    },
    ...about[on],
  };
}

const notedMergeRequest: JsonObject = {
  ...{ id: PULL.id, iid: PULL.number, target_branch: BRANCH, source_branch: TOPIC, title: PULL.title },
  ...{ source_project_id: project.id, target_project_id: project.id, author_id: ADA.id },
  ...{ assignee_id: LIN.id, assignee_ids: [LIN.id], description: PULL.text, milestone_id: null },
  ...{ created_at: WHEN.created, updated_at: WHEN.later, state: "opened", state_id: 1, draft: false },
  ...{ work_in_progress: false, merge_status: "can_be_merged", detailed_merge_status: "mergeable" },
  ...{ source: projectReference, target: projectReference, labels, reviewer_ids: [LIN.id] },
  ...{ last_commit: branchCommit(SHA.topic, MESSAGE.second), url: `${web}/-/merge_requests/${PULL.number}` },
};

const runner = {
  ...{ id: 380, description: "runner-1.example.com", runner_type: "instance_type", active: true },
  ...{ is_shared: true, tags: ["linux", "docker"] },
};

const built = (id: number, stage: string, name: string, status: string): JsonObject => ({
  ...{ id, stage, name, status, created_at: WHEN.pushed, started_at: WHEN.pushed, finished_at: WHEN.later },
  ...{ duration: 61.5, queued_duration: 2.5, failure_reason: null, when: "on_success", manual: false },
  ...{
    allow_failure: false,
    user,
    runner,
    artifacts_file: { filename: null, size: null },
    environment: null,
  },
});

export function pipelinePayload(ofMergeRequest: boolean): JsonObject {
  const sha = ofMergeRequest ? SHA.topic : SHA.after;
  const merge = {
    ...{ id: PULL.id, iid: PULL.number, title: PULL.title, source_branch: TOPIC, target_branch: BRANCH },
    ...{ source_project_id: project.id, target_project_id: project.id, state: "opened" },
    ...{ merge_status: "can_be_merged", detailed_merge_status: "mergeable" },
    url: `${web}/-/merge_requests/${PULL.number}`,
  };
  return {
    object_kind: "pipeline",
    object_attributes: {
      ...{ id: 31, iid: 305, name: null, ref: ofMergeRequest ? TOPIC : BRANCH, tag: false, sha },
      ...{ before_sha: ofMergeRequest ? SHA.topicBefore : SHA.before, status: "success" },
      ...{ source: ofMergeRequest ? "merge_request_event" : "push", detailed_status: "passed" },
      ...{ stages: ["build", "test"], created_at: WHEN.pushed, finished_at: WHEN.later, duration: 123 },
      ...{ queued_duration: 5, variables: [], url: `${web}/-/pipelines/31` },
    },
    ...{ merge_request: ofMergeRequest ? merge : null, user, project },
    commit: branchCommit(sha, MESSAGE.second),
    builds: [built(377, "build", "image", "success"), built(378, "test", "unit", "success")],
  };
}

export const job: JsonObject = {
  ...{ object_kind: "build", ref: BRANCH, tag: false, before_sha: SHA.before, sha: SHA.after },
  ...{ build_id: 1_977, build_name: "unit", build_stage: "test", build_status: "success" },
  ...{ build_created_at: WHEN.pushed, build_started_at: WHEN.pushed, build_finished_at: WHEN.later },
  ...{
    build_created_at_iso: WHEN.pushed,
    build_started_at_iso: WHEN.pushed,
    build_finished_at_iso: WHEN.later,
  },
  ...{ build_duration: 61.5, build_queued_duration: 2.5, build_allow_failure: false },
  ...{ build_failure_reason: "unknown_failure", retries_count: 0, pipeline_id: 31 },
  ...{ project_id: project.id, project_name: `${ORG.name} / Storefront`, user },
  commit: {
    // The pipeline's id: as GitLab has it.
    ...{ id: 31, name: null, sha: SHA.after, message: MESSAGE.second, author_name: ADA.name },
    ...{
      author_email: ADA.email,
      status: "success",
      duration: 123,
      started_at: WHEN.pushed,
      finished_at: WHEN.later,
    },
  },
  ...{ repository, project, runner, environment: null },
};
