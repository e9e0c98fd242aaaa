/** The providers that are known: how each is recognised, and where its event, its id and its facts stand. */

import { type HeaderMap, header } from "./headers.ts";
import { isJsonObject, type JsonValue, valueAt } from "./json.ts";

/**
 * One provider: how it is recognised, and where its facts stand. Paths are alternatives; the first that leads to a value
 * wins. A name with a capital and a dash is a header, any other one a path into the body; `guard ? path` counts where
 * the guard leads to anything but null, false and "", `name=value ? path` where it leads to that text; `path / path` is
 * both, with a slash between.
 */
export interface Provider {
  readonly name: string;
  readonly recognises: (headers: HeaderMap, body: JsonValue | undefined) => boolean;
  /** Header names or body paths of the event's name, and of what is appended to it. */
  readonly event: readonly string[];
  readonly action?: readonly string[];
  /** Every part of the stable id; a delivery that lacks the first has none. `?` marks parts that may be absent. */
  readonly id: readonly string[];
  readonly repository?: readonly string[];
  readonly ref?: readonly string[];
  readonly revision?: readonly string[];
  readonly pullRequest?: readonly string[];
  readonly actor?: readonly string[];
}

const has = (name: string) => (headers: HeaderMap) => header(headers, name) !== undefined;

// https://docs.github.com/en/webhooks/webhook-events-and-payloads; Gitea, Forgejo and Gogs use the same names.
const githubLike = {
  action: ["action"],
  repository: ["repository.full_name"],
  ref: [
    ...["ref", "pull_request.head.ref", "release.tag_name", "workflow_run.head_branch"],
    ...["workflow_job.head_branch", "check_run.check_suite.head_branch", "check_suite.head_branch"],
    ...["merge_group.head_ref", "deployment.ref", "branches.0.name"],
    // Of a repository_dispatch; create and delete have a ref.
    "branch",
  ],
  revision: [
    ...["after", "pull_request.head.sha", "head_commit.id", "check_run.head_sha", "check_suite.head_sha"],
    ...["workflow_run.head_sha", "workflow_job.head_sha", "merge_group.head_sha", "deployment.sha", "sha"],
    ...[
      "comment.commit_id",
      "package.package_version.target_oid",
      "registry_package.package_version.target_oid",
    ],
  ],
  pullRequest: [
    // A comment on a pull request is one on an issue that has this; Gitea says `is_pull` beside it.
    ...["pull_request.number", "issue.pull_request ? issue.number", "is_pull ? issue.number"],
    ...["workflow_run.pull_requests.0.number", "check_run.pull_requests.0.number"],
    "check_suite.pull_requests.0.number",
  ],
  actor: ["sender.login", "pusher.name", "pusher.login"],
};

// In order of recognition: Forgejo and Gitea also send the headers of their ancestors, down to GitHub's. Rules:
// the providers' own documentation of their webhooks.
export const PROVIDERS: readonly Provider[] = [
  {
    name: "forgejo",
    recognises: has("X-Forgejo-Event"),
    event: ["X-Forgejo-Event"],
    id: ["X-Forgejo-Delivery"],
    ...githubLike,
  },
  {
    name: "gitea",
    recognises: has("X-Gitea-Event"),
    event: ["X-Gitea-Event"],
    id: ["X-Gitea-Delivery"],
    ...githubLike,
  },
  {
    name: "gogs",
    recognises: has("X-Gogs-Event"),
    event: ["X-Gogs-Event"],
    id: ["X-Gogs-Delivery"],
    ...githubLike,
  },
  {
    name: "github",
    recognises: has("X-Github-Event"),
    event: ["X-Github-Event"],
    // All hooks on one event share the delivery's GUID; a redelivery repeats it.
    id: ["X-Github-Delivery", "?X-Github-Hook-Id"],
    ...githubLike,
  },
  {
    name: "gitlab",
    recognises: has("X-Gitlab-Event"),
    event: ["object_kind", "event_name", "X-Gitlab-Event"],
    action: ["object_attributes.action"],
    // Never X-Gitlab-Event-UUID: recursive webhooks share it.
    id: ["Idempotency-Key"],
    // System hooks have the project at the top; so have jobs of older versions.
    repository: [
      ...["project.path_with_namespace", "path_with_namespace", "project_path_with_namespace"],
      ...["project.name", "project_name"],
    ],
    ref: [
      ...["ref", "object_attributes.source_branch", "object_attributes.ref", "merge_request.source_branch"],
      ...["object_kind=release ? tag", "event_name=repository_update ? changes.0.ref"],
    ],
    revision: [
      ...["checkout_sha", "after", "object_attributes.last_commit.id", "object_attributes.sha", "sha"],
      // Of a job, commit.id is the id of its pipeline.
      ...["merge_request.last_commit.id", "commit.sha", "commit.id"],
      ...["event_name=repository_update ? changes.0.after", "short_sha"],
    ],
    // Issues, pipelines and releases have an iid of their own.
    pullRequest: ["object_kind=merge_request ? object_attributes.iid", "merge_request.iid"],
    actor: ["user_username", "user.username", "user_name"],
  },
  {
    name: "bitbucket",
    recognises: has("X-Event-Key"),
    event: ["X-Event-Key"],
    id: ["X-Request-Uuid|X-Request-Id", "?X-Hook-Uuid"],
    // Slugs of Data Center are unique within a project.
    repository: [
      ...["repository.full_name", "repository.project.key / repository.slug", "repository.slug"],
      "pullRequest.toRef.repository.project.key / pullRequest.toRef.repository.slug",
      "pullRequest.toRef.repository.slug",
    ],
    ref: [
      ...["push.changes.0.new.name", "push.changes.0.old.name", "changes.0.ref.id"],
      ...["pullrequest.source.branch.name", "pullRequest.fromRef.displayId", "commit_status.refname"],
    ],
    revision: [
      ...["push.changes.0.new.target.hash", "changes.0.toHash"],
      ...["pullrequest.source.commit.hash", "pullRequest.fromRef.latestCommit", "commit_status.commit.hash"],
    ],
    pullRequest: ["pullrequest.id", "pullRequest.id"],
    actor: ["actor.nickname", "actor.name", "actor.display_name"],
  },
  {
    name: "cloudevents",
    recognises: (headers, body) =>
      (has("Ce-Id")(headers) && has("Ce-Type")(headers)) ||
      (/^application\/cloudevents\+json/i.test(header(headers, "Content-Type") ?? "") && isJsonObject(body)),
    event: ["Ce-Type", "type"],
    id: ["Ce-Id|id", "Ce-Source|source"],
    ref: ["Ce-Subject", "subject"],
  },
  {
    name: "slack",
    recognises: has("X-Slack-Signature"),
    event: ["event.type", "type", "command"],
    id: ["event_id"],
    actor: ["event.user", "user_name.0"],
  },
  {
    name: "sns",
    recognises: has("X-Amz-Sns-Message-Type"),
    event: ["X-Amz-Sns-Message-Type"],
    id: ["X-Amz-Sns-Message-Id|MessageId"],
    repository: ["X-Amz-Sns-Topic-Arn"],
  },
  {
    name: "azure-devops",
    recognises: (_headers, body) =>
      valueAt(body, ["eventType"]) !== undefined && valueAt(body, ["publisherId"]) !== undefined,
    event: ["eventType"],
    // `id` is the event's, and stays when it is sent again; "Test" sends the other two with the same values each time.
    id: ["id|notificationId", "subscriptionId", "?notificationId"],
    repository: [
      "resource.repository.project.name / resource.repository.name",
      "resource.pullRequest.repository.project.name / resource.pullRequest.repository.name",
      ...["resource.repository.name", "resource.pullRequest.repository.name"],
    ],
    ref: [
      ...["resource.sourceRefName", "resource.pullRequest.sourceRefName", "resource.refUpdates.0.name"],
      "resource.sourceBranch",
    ],
    revision: [
      ...["resource.lastMergeSourceCommit.commitId", "resource.pullRequest.lastMergeSourceCommit.commitId"],
      ...["resource.refUpdates.0.newObjectId", "resource.sourceVersion"],
    ],
    pullRequest: ["resource.pullRequestId", "resource.pullRequest.pullRequestId"],
    actor: [
      ...["resource.createdBy.uniqueName", "resource.pushedBy.uniqueName"],
      ...["resource.comment.author.uniqueName", "resource.requestedFor.uniqueName"],
    ],
  },
  { name: "standard-webhooks", recognises: has("Webhook-Signature"), event: ["type"], id: ["Webhook-Id"] },
];

export const GENERIC: Provider = {
  name: "generic",
  recognises: () => true,
  event: ["X-Event-Type", "type", "event"],
  id: [],
  // repo_name is Docker Hub's, whose name lacks the owner.
  repository: ["repository.full_name", "repository.repo_name", "repository.name"],
};
