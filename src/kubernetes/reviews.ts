/** What accounts may do, by the API server's own word: access reviews, remembered for some seconds. */

import type { ObjectName } from "../core/delivery.ts";
import { fault } from "../core/errors.ts";
import { isJsonObject, tryParseJson } from "../core/json.ts";
import type { Api, ApiResponse } from "./api.ts";
import { grantCommand } from "./grant.ts";
import { noAnswer } from "./refusal.ts";
import { readStatus } from "./status.ts";

/** A right as RBAC knows it. */
export interface Permission {
  readonly verb: string;
  /** "" for the core group. */
  readonly group: string;
  /** Plural; a subresource behind a slash: `eventlisteners/status`. */
  readonly resource: string;
  /** Absent: everywhere. */
  readonly namespace?: string;
  /** One object; absent: all of them. */
  readonly name?: string;
}

export interface Reviews {
  /** @throws SluiceError SLUICE_CREATE_FORBIDDEN when we may not ask, others of SLUICE_CREATE_… without an answer. */
  may(account: ObjectName, permission: Permission & { readonly namespace: string }): Promise<boolean>;
}

/** Milliseconds for which a yes is believed: a right that was taken away counts no longer. */
const YES_MS = 10_000;
/** A no is asked again sooner: somebody is just granting it. */
const NO_MS = 2_000;
const MAX_ANSWERS = 2_000;

const GROUP = "authorization.k8s.io";

/** A DNS subdomain. Anything else could make another user of `system:serviceaccount:…` than an account. */
export const isAccountName = (name: string): boolean => /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name);

/** What a listener's pod needs in Tekton to fire triggers of another namespace: its sink lists them (pkg/sink/sink.go). */
export const seeingTriggers = (namespace: string): Permission & { readonly namespace: string } => ({
  verb: "list",
  group: "triggers.tekton.dev",
  resource: "triggers",
  namespace,
});

/** The user that the API server takes a service account for (k8s.io/apiserver/pkg/authentication/serviceaccount). */
export const accountUser = ({ namespace, name }: ObjectName): string =>
  `system:serviceaccount:${namespace}:${name}`;

/** Answers for other accounts, asked in the namespace that they are about: a Role there is enough to be allowed to. */
export function createReviews(api: Api, clock = (): number => performance.now()): Reviews {
  const answers = new Map<string, { readonly until: number; readonly allowed: boolean }>();
  /** Questions under way: whoever has the same one waits for its answer. */
  const asking = new Map<string, Promise<boolean>>();

  async function ask(account: ObjectName, permission: Permission & { readonly namespace: string }) {
    const { namespace } = permission;
    const groups = [
      "system:serviceaccounts",
      `system:serviceaccounts:${account.namespace}`,
      "system:authenticated",
    ];
    const response = await api.send({
      method: "POST",
      path: `/apis/${GROUP}/v1/namespaces/${namespace}/localsubjectaccessreviews`,
      body: JSON.stringify({
        apiVersion: `${GROUP}/v1`,
        kind: "LocalSubjectAccessReview",
        metadata: { namespace },
        spec: { user: accountUser(account), groups, resourceAttributes: attributes(permission) },
      }),
    });
    return allowedIn(response, namespace);
  }

  async function answered(key: string, ...question: Parameters<typeof ask>): Promise<boolean> {
    const allowed = await ask(...question);
    if (answers.size >= MAX_ANSWERS) answers.clear();
    answers.set(key, { until: clock() + (allowed ? YES_MS : NO_MS), allowed });
    return allowed;
  }

  return {
    async may(account, permission) {
      const key = JSON.stringify([account, permission]);
      const known = answers.get(key);
      if (known !== undefined && clock() < known.until) return known.allowed;
      const under = asking.get(key) ?? answered(key, account, permission).finally(() => asking.delete(key));
      asking.set(key, under);
      return under;
    },
  };
}

/**
 * Whether we ourselves may.
 *
 * @throws SluiceError of SLUICE_CREATE_… without an answer.
 */
export async function mayWe(api: Api, permission: Permission): Promise<boolean> {
  const response = await api.send({
    method: "POST",
    path: `/apis/${GROUP}/v1/selfsubjectaccessreviews`,
    body: JSON.stringify({
      apiVersion: `${GROUP}/v1`,
      kind: "SelfSubjectAccessReview",
      spec: { resourceAttributes: attributes(permission) },
    }),
  });
  return allowedIn(response, "");
}

function attributes({ verb, group, resource, namespace, name }: Permission): object {
  const [plural, subresource] = resource.split("/");
  return {
    verb,
    group,
    resource: plural,
    ...(subresource !== undefined && { subresource }),
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
  };
}

function allowedIn(response: ApiResponse, namespace: string): boolean {
  if (response.status === 200 || response.status === 201) {
    const document = tryParseJson(response.body);
    const status = isJsonObject(document) ? document.status : undefined;
    if (isJsonObject(status) && typeof status.allowed === "boolean") return status.allowed;
  }
  if (response.status !== 403) throw noAnswer(response);
  const kind = `localsubjectaccessreviews.${GROUP}`;
  const grant = grantCommand({ verb: "create", resource: kind, namespace });
  throw fault("SLUICE_CREATE_FORBIDDEN", {
    account: "this gateway",
    verb: "create",
    kind,
    namespace,
    reason: readStatus(response).message,
    grant,
  });
}
