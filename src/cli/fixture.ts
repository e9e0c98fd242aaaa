/** Test deliveries as the providers send them: real payloads, real headers, a correct proof. */

import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { sign } from "@octokit/webhooks-methods";
import { gitlabPayload } from "./gitlab-payload.ts";
import { misused } from "./verb.ts";

export const PROVIDERS = ["github", "gitlab", "cloudevents", "generic"] as const;
export type FixtureProvider = (typeof PROVIDERS)[number];

/** A request ready to be sent. */
export interface Fixture {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface FixtureOptions {
  /** `pull_request`, `pull_request.opened`, `push`, `push.tag`, a CloudEvents type. */
  readonly event: string;
  /** Body text to send instead of the built-in example. */
  readonly payload?: string;
  /** What the provider signs with; undefined sends no proof. */
  readonly secret?: string;
  /** Delivery id; a new one by default. */
  readonly id?: string;
}

interface GithubExample {
  readonly name: string;
  readonly examples: readonly Readonly<Record<string, unknown>>[];
}

/** @throws SluiceError SLUICE_ARGUMENT_INVALID for a provider or event that has no example. */
export async function fixture(provider: string, options: FixtureOptions): Promise<Fixture> {
  switch (provider) {
    case "github":
      return github(options);
    case "gitlab":
      return gitlab(options);
    case "cloudevents":
      return cloudEvent(options);
    case "generic":
      return { headers: json, body: options.payload ?? "{}" };
    default:
      throw misused("provider", `"${provider}" is none of ${PROVIDERS.join(", ")}`);
  }
}

const json = { "content-type": "application/json" };

async function github({ event, payload, secret, id = randomUUID() }: FixtureOptions): Promise<Fixture> {
  const body = payload ?? githubExample(event);
  const proof = secret === undefined ? {} : { "x-hub-signature-256": await sign(secret, body) };
  return {
    headers: {
      ...json,
      "user-agent": "GitHub-Hookshot/sluice",
      "x-github-event": event.split(".")[0] as string,
      "x-github-delivery": id,
      "x-github-hook-id": "1",
      ...proof,
    },
    body,
  };
}

/** The first example of an event, or of the action behind the dot; all fields are GitHub's own. */
function githubExample(event: string): string {
  const all = createRequire(import.meta.url)("@octokit/webhooks-examples") as readonly GithubExample[];
  const [name, action = name === "push" ? "branch" : undefined] = event.split(".");
  const found = all.find((one) => one.name === name)?.examples;
  const example = action === undefined ? found?.[0] : found?.find((one) => actionOf(one) === action);
  if (example !== undefined) return JSON.stringify(example);
  const actions = [...new Set(found?.map(actionOf))].filter((one) => one !== undefined);
  const known = found === undefined ? all.map((one) => one.name) : actions.map((one) => `${name}.${one}`);
  throw misused("event", `no example of "${event}"; there are ${known.join(", ")}`);
}

/** What the payload says was done; pushes do not say, but those of tags and of branches start different triggers. */
function actionOf({ action, ref }: GithubExample["examples"][number]): string | undefined {
  if (typeof action === "string") return action;
  const [, kind] = /^refs\/(tag|head)s\//.exec(String(ref)) ?? [];
  return kind === "head" ? "branch" : kind;
}

function gitlab({ event, payload, secret, id = randomUUID() }: FixtureOptions): Fixture {
  return {
    headers: {
      ...json,
      "user-agent": "GitLab/sluice",
      "x-gitlab-event": `${event
        .split("_")
        .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
        .join(" ")} Hook`,
      "x-gitlab-webhook-uuid": randomUUID(),
      "idempotency-key": id,
      ...(secret === undefined ? {} : { "x-gitlab-token": secret }),
    },
    body: payload ?? gitlabPayload(event),
  };
}

function cloudEvent({ event, payload, id = randomUUID() }: FixtureOptions): Fixture {
  return {
    headers: {
      ...json,
      "ce-specversion": "1.0",
      "ce-type": event,
      "ce-source": "/sluice/send",
      "ce-id": id,
    },
    body: payload ?? '{"message":"hello from sluice send"}',
  };
}
