/** Who sent a delivery and what it is about, read from headers and payload: for lists, searches and duplicate detection. */

import { createHash } from "node:crypto";
import type { Payload } from "./delivery.ts";
import type { HeaderMap } from "./headers.ts";
import { header } from "./headers.ts";
import type { JsonValue } from "./json.ts";
import { isJsonObject, ownValue } from "./json.ts";

/** What lists show. Nothing of it is proved: it is never used to decide. */
export interface DeliveryFacts {
  /** `github`, `gitlab`, …, `cloudevents`, `generic`. */
  readonly provider: string;
  /** The provider's event name with its action: `pull_request.opened`; `unknown` where none is given. */
  readonly event: string;
  /** The provider's own id of this delivery. */
  readonly providerId?: string;
  readonly repository?: string;
  readonly ref?: string;
  readonly revision?: string;
  readonly pullRequest?: number;
  readonly actor?: string;
}

/** One provider: how it is recognised, and where its facts stand. Paths are alternatives; the first that leads to a value wins. */
interface Provider {
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

// A name with a capital is a header, any other one a path into the body.
const has = (name: string) => (headers: HeaderMap) => header(headers, name) !== undefined;

const githubLike = {
  action: ["action"],
  repository: ["repository.full_name"],
  ref: ["ref", "pull_request.head.ref", "release.tag_name", "workflow_run.head_branch"],
  revision: [
    "after",
    "pull_request.head.sha",
    "head_commit.id",
    "check_run.head_sha",
    "check_suite.head_sha",
    "sha",
  ],
  pullRequest: ["pull_request.number"],
  actor: ["sender.login", "pusher.name", "pusher.login"],
};

// In order of recognition: Forgejo and Gitea also send the headers of their ancestors, down to GitHub's. Rules:
// the providers' own documentation of their webhooks.
const PROVIDERS: readonly Provider[] = [
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
    repository: ["project.path_with_namespace", "project.name"],
    ref: ["ref", "object_attributes.source_branch", "object_attributes.ref"],
    revision: [
      "checkout_sha",
      "after",
      "object_attributes.last_commit.id",
      "object_attributes.sha",
      "commit.id",
    ],
    pullRequest: ["object_attributes.iid", "merge_request.iid"],
    actor: ["user_username", "user.username", "user_name"],
  },
  {
    name: "bitbucket",
    recognises: has("X-Event-Key"),
    event: ["X-Event-Key"],
    id: ["X-Request-Uuid|X-Request-Id", "?X-Hook-Uuid"],
    repository: ["repository.full_name", "repository.slug", "pullRequest.toRef.repository.slug"],
    ref: [
      "push.changes.0.new.name",
      "changes.0.ref.id",
      "pullrequest.source.branch.name",
      "pullRequest.fromRef.displayId",
    ],
    revision: [
      ...["push.changes.0.new.target.hash", "changes.0.toHash"],
      ...["pullrequest.source.commit.hash", "pullRequest.fromRef.latestCommit"],
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
      valueAt(body, "eventType") !== undefined && valueAt(body, "publisherId") !== undefined,
    event: ["eventType"],
    id: ["notificationId", "subscriptionId"],
    repository: ["resource.repository.name"],
    ref: ["resource.sourceRefName", "resource.refUpdates.0.name"],
    revision: ["resource.lastMergeSourceCommit.commitId", "resource.refUpdates.0.newObjectId"],
    pullRequest: ["resource.pullRequestId"],
    actor: ["resource.createdBy.uniqueName", "resource.pushedBy.uniqueName"],
  },
  { name: "standard-webhooks", recognises: has("Webhook-Signature"), event: ["type"], id: ["Webhook-Id"] },
];

/** Names of the providers that are recognised. */
export const knownProviders: ReadonlySet<string> = new Set(PROVIDERS.map(({ name }) => name));

const GENERIC: Provider = {
  name: "generic",
  recognises: () => true,
  event: ["X-Event-Type", "type", "event"],
  id: [],
  repository: ["repository.full_name", "repository.name"],
};

/**
 * Describes a delivery.
 *
 * @param body the payload; one that is no JSON leaves its facts out.
 */
export function describe(headers: HeaderMap, body: Payload): DeliveryFacts {
  const json = jsonOf(body);
  const provider = PROVIDERS.find((candidate) => candidate.recognises(headers, json)) ?? GENERIC;
  const read = (paths: readonly string[] | undefined) => first(paths, headers, json);
  const [event = "unknown", action] = [read(provider.event), read(provider.action)];
  const [idPart = ""] = provider.id;
  const number = Number(read(provider.pullRequest));
  const texts = {
    providerId: idPart === "" ? undefined : first(idPart.split("|"), headers, json),
    repository: read(provider.repository),
    ref: read(provider.ref),
    revision: read(provider.revision),
    actor: read(provider.actor),
  };
  return {
    provider: provider.name,
    event: action === undefined ? event : `${event}.${action}`,
    ...Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== undefined)),
    ...(Number.isSafeInteger(number) && number > 0 ? { pullRequest: number } : {}),
  };
}

/**
 * The provider's stable id of a delivery: the same when it is sent again, another for anything else.
 *
 * @param provider as {@link describe} names it.
 * @returns undefined when the provider gives none: duplicates can then not be told from repetitions.
 */
export function dedupeKey(provider: string, headers: HeaderMap, body: Payload): string | undefined {
  const parts = PROVIDERS.find(({ name }) => name === provider)?.id ?? [];
  if (parts.length === 0) return undefined;
  const json = jsonOf(body);
  const values: (string | null)[] = [];
  for (const part of parts) {
    const value = first(part.replace("?", "").split("|"), headers, json, MAX_ID);
    if (value === undefined && !part.startsWith("?")) return undefined;
    values.push(value ?? null);
  }
  return keyOf(provider, values);
}

/** The key of a delivery whose id is covered by what proved it: that one counts, and no id beside it. */
export function signedKey(id: string): string {
  return keyOf("standard-webhooks", [id]);
}

function keyOf(provider: string, values: readonly (string | null)[]): string {
  const key = JSON.stringify([provider, ...values]);
  return key.length <= MAX_TEXT ? key : `${provider}:${createHash("sha256").update(key).digest("hex")}`;
}

/** Longest text that a list shows or an index holds. */
const MAX_TEXT = 256;
const MAX_ID = 64 * 1024;

function first(
  paths: readonly string[] | undefined,
  headers: HeaderMap,
  body: JsonValue | undefined,
  limit = MAX_TEXT,
): string | undefined {
  for (const path of paths ?? []) {
    const value = startsWithCapital.test(path) ? header(headers, path) : valueAt(body, path);
    if (typeof value === "string" && value !== "") return value.slice(0, limit);
    if (typeof value === "number") return String(value);
  }
  return undefined;
}

const startsWithCapital = /^[A-Z][A-Za-z]*-/;

function valueAt(body: JsonValue | undefined, path: string): JsonValue | undefined {
  let value = body;
  for (const key of path.split(".")) {
    if (Array.isArray(value)) value = value[Number(key)];
    else value = isJsonObject(value) ? ownValue(value, key) : undefined;
  }
  return value;
}

function jsonOf(body: Payload): JsonValue | undefined {
  try {
    return body.json();
  } catch {
    return undefined;
  }
}
