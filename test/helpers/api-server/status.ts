/** Kubernetes Status bodies, worded as k8s.io/apimachinery/pkg/api/errors words them. */

import type { Kind } from "./kinds.ts";

/** One thing wrong with a field (metav1.StatusCause). */
export interface Cause {
  /** `FieldValueInvalid`, `FieldValueRequired`, … */
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** A metav1.Status of a failure. */
export interface Status {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: object;
  readonly status: "Failure" | "Success";
  readonly message?: string;
  readonly reason?: string;
  readonly details?: object;
  readonly code?: number;
}

/** A refused request: thrown by handlers, sent by the server. */
export class Refusal extends Error {
  readonly status: Status;
  constructor(code: number, reason: string | undefined, message: string, details?: object) {
    super(message);
    this.status = failure(code, reason, message, details);
  }
}

export function failure(code: number, reason: string | undefined, message: string, details?: object): Status {
  const base = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    ...(reason !== undefined && { reason }),
  } as const;
  return details === undefined ? { ...base, code } : { ...base, details, code };
}

const resource = (kind: Kind): string => (kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}`);

const group = (kind: Kind): object => (kind.group === "" ? {} : { group: kind.group });

export const unauthorized = (): Refusal => new Refusal(401, "Unauthorized", "Unauthorized");

/** Who shows no credentials is `system:anonymous`, whom RBAC lets see versions and health only. */
export const anonymous = (path: string): Refusal =>
  new Refusal(403, "Forbidden", `forbidden: User "system:anonymous" cannot get path "${path}"`, {});

export const badRequest = (message: string): Refusal => new Refusal(400, "BadRequest", message);

export function notFound(kind: Kind, name: string): Refusal {
  const details = { name, ...group(kind), kind: kind.plural };
  return new Refusal(404, "NotFound", `${resource(kind)} "${name}" not found`, details);
}

export function namespaceMissing(name: string): Refusal {
  return new Refusal(404, "NotFound", `namespaces "${name}" not found`, { name, kind: "namespaces" });
}

/** Worded as plugin/pkg/admission/namespace/lifecycle words it. */
export function namespaceTerminating(kind: Kind, name: string, namespace: string): Refusal {
  const message = `${resource(kind)} "${name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`;
  const cause = {
    reason: "NamespaceTerminating",
    message: `namespace ${namespace} is being terminated`,
    field: "metadata.namespace",
  };
  const details = { name, ...group(kind), kind: kind.plural, causes: [cause] };
  return new Refusal(403, "Forbidden", message, details);
}

export function alreadyExists(kind: Kind, name: string): Refusal {
  const details = { name, ...group(kind), kind: kind.plural };
  return new Refusal(409, "AlreadyExists", `${resource(kind)} "${name}" already exists`, details);
}

export function conflict(kind: Kind, name: string): Refusal {
  const details = { name, ...group(kind), kind: kind.plural };
  const message = `Operation cannot be fulfilled on ${resource(kind)} "${name}": the object has been modified; please apply your changes to the latest version and try again`;
  return new Refusal(409, "Conflict", message, details);
}

export function invalid(kind: Kind, name: string, causes: readonly Cause[]): Refusal {
  const full = kind.group === "" ? kind.kind : `${kind.kind}.${kind.group}`;
  const list = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const text = list.length === 1 ? list[0] : `[${list.join(", ")}]`;
  const details = { name, ...group(kind), kind: kind.kind, causes };
  return new Refusal(422, "Invalid", `${full} "${name}" is invalid: ${text}`, details);
}

/** Of a version, or a page, that etcd has forgotten. */
export const expired = (): Refusal =>
  new Refusal(410, "Expired", "The provided continue parameter or resource version is too old.");

export function methodNotAllowed(): Refusal {
  return new Refusal(
    405,
    "MethodNotAllowed",
    "the server does not allow this method on the requested resource",
    {},
  );
}

/** The largest body that a real server takes (k8s.io/apiserver: 3 MiB). */
export const MAX_BODY = 3 * 1024 * 1024;

export function tooLarge(): Refusal {
  return new Refusal(413, "RequestEntityTooLarge", `Request entity too large: limit is ${MAX_BODY}`);
}

/** What etcd takes in one request, with what the API server adds to an object (etcd: --max-request-bytes). */
export const MAX_STORED = 1.5 * 1024 * 1024;

/** A real one answers so: with no reason, as if it were its own fault. */
export function tooLargeForEtcd(): Refusal {
  return new Refusal(500, undefined, "etcdserver: request is too large");
}

/** Real servers also take YAML, protobuf for built-in kinds, and other patches; this one speaks JSON only. */
export function unsupportedMediaType(): Refusal {
  return new Refusal(415, "UnsupportedMediaType", "the body of the request was in an unknown format");
}
