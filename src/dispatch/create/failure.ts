/** What an answer of the API server that is no success means: a code, and with it who may try again. */

import type { ObjectName } from "../../core/delivery.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { fault, SluiceError } from "../../core/errors.ts";
import type { CreateAnswer } from "../../core/job.ts";
import { quoted } from "../../core/quoted.ts";
import type { ApiResponse, Status } from "../../kubernetes/index.ts";
import { type Grant, grantCommand, readStatus, retryAfter, userIn } from "../../kubernetes/index.ts";

export type CreateFailure = Extract<CreateAnswer, { readonly outcome: "failed" }>;

/** What a failure is about, for its message. */
export interface About {
  readonly kind: string;
  /** "" for what lives in none. */
  readonly namespace: string;
  readonly name: string;
  /** What was asked for: `pipelineruns.tekton.dev`; "" while it is not known. */
  readonly resource: string;
  readonly verb: "create" | "get";
  /** For people: whose rights counted. */
  readonly account: string;
  /** The service account that we acted as; undefined: ourselves. */
  readonly as?: ObjectName | undefined;
}

/** A failure of the error table as an answer. Who may mend a missing right reads the answer only, so it says how. */
export function failed(error: SluiceError, after?: number): CreateFailure {
  const { code, retry, message, fix, values } = error;
  const reason = values["grant"] === undefined ? message : `${message}. ${fix}`;
  return { outcome: "failed", retry, code, reason, ...(after === undefined ? {} : { after }) };
}

/**
 * Reads an answer by its status code and Status.reason, never by its text.
 *
 * @param now milliseconds since the epoch; a Retry-After that is a date counts from it.
 */
export function failureOf(response: ApiResponse, about: About, now: number): CreateFailure {
  const status = readStatus(response);
  const after = retryAfter(response, status, now);
  const { kind, name, namespace } = about;
  if (status.causes.includes("NamespaceTerminating"))
    return failed(fault("SLUICE_CREATE_NAMESPACE", { namespace, reason: reasonIn(status) }), after);
  if (response.status === 403) return failed(forbidden(status, about), after);
  const values = { kind, name, namespace, status: String(response.status), reason: reasonIn(status) };
  return failed(fault(codeOf(response.status, status), values), after);
}

/**
 * Three different refusals share one status. A right to impersonate that is missing is about the service account
 * (k8s.io/apiserver/pkg/endpoints/filters/impersonation.go); a right to create that is missing is about the resource, as
 * no name stands in the path; admission is about the object that it was shown, or its webhook said about nothing at all: what
 * that answers is passed on as it is (pkg/admission/plugin/webhook/errors/statuserror.go), while authorization always names
 * the resource (pkg/endpoints/handlers/responsewriters/errors.go).
 */
function forbidden(status: Status, about: About): SluiceError {
  const { kind, name, namespace, resource, verb, as } = about;
  const reason = reasonIn(status);
  const user = userIn(status);
  const account = as === undefined ? (user ?? about.account) : about.account;
  if (as !== undefined && status.kind === "serviceaccounts" && status.name === as.name) {
    const grant = grantCommand({
      verb: "impersonate",
      resource: "serviceaccounts",
      namespace: as.namespace,
      resourceNames: [as.name],
      ...(user !== undefined && { user }),
    });
    return fault("SLUICE_CREATE_IMPERSONATE", { account, reason, grant });
  }
  if (verb === "create" && (status.name !== "" || status.kind === ""))
    return fault("SLUICE_CREATE_POLICY", { kind, name, namespace, reason });
  const grant = grantCommand({ verb, resource: resource || kind, namespace, ...whose(as, user) });
  const where = namespace || "the whole cluster";
  return fault("SLUICE_CREATE_FORBIDDEN", { account, verb, kind, namespace: where, reason, grant });
}

/** Who needs the right. */
function whose(as: ObjectName | undefined, user: string | undefined): Pick<Grant, "account" | "user"> {
  if (as !== undefined) return { account: as };
  return user === undefined ? {} : { user };
}

/**
 * An object that etcd will never take. The API server says so by a 500 without a reason, as of any trouble, so that
 * the size decides.
 *
 * @param bytes of the object as it was sent; what is stored is larger.
 */
export function tooLarge(
  response: ApiResponse,
  { kind, name }: About,
  bytes: number,
): CreateFailure | undefined {
  if (response.status !== 500 || bytes <= ETCD_BYTES) return undefined;
  const { reason, message } = readStatus(response);
  if (reason !== "") return undefined;
  const size = `it has ${bytes} bytes, and etcd takes ${ETCD_BYTES} (${quoted(message)})`;
  return failed(fault("SLUICE_CREATE_REFUSED", { kind, name, reason: size }));
}

/** One request to etcd, by its default (etcd: --max-request-bytes). */
const ETCD_BYTES = 1_572_864;

/**
 * Why, as the API server says it. Its messages and those of webhooks repeat what they refuse, which may be an event's text:
 * they are quoted. In front of it stands what repeats nothing: the fields that are wrong, and how. What it says of rights and
 * of missing namespaces names but accounts, kinds and names.
 */
function reasonIn({ message, fields }: Status): string {
  if (HARMLESS.some((known) => known.test(message))) return message;
  return fields.length === 0 ? quoted(message) : `${fields.join(", ")}: ${quoted(message)}`;
}

/** Whole messages of k8s.io/apiserver and apimachinery (pkg/api/errors) whose parts are names. */
const NAME = String.raw`[\w.:@/*-]{0,253}`;
const HARMLESS: readonly RegExp[] = [
  `^HTTP \\d{3}$`,
  `^namespaces "${NAME}" not found$`,
  `^(${NAME} )?"?${NAME}"? is forbidden: User "${NAME}" cannot \\w+ resource "${NAME}" in API group "${NAME}"( at the cluster scope| in the namespace "${NAME}")$`,
  `^(${NAME} )?"?${NAME}"? is forbidden: unable to create new content in namespace ${NAME} because it is being terminated$`,
  "^the server could not find the requested resource$",
  "^Unauthorized$",
].map((pattern) => new RegExp(pattern));

function codeOf(code: number, status: Status): ErrorCode {
  if (code === 401) return "SLUICE_CREATE_CREDENTIALS";
  if (code === 404) return status.kind === "namespaces" ? "SLUICE_CREATE_NAMESPACE" : "SLUICE_CREATE_KIND";
  // 409 is a Conflict here: AlreadyExists is no failure and never comes this far.
  if (code < 400 || code >= 500 || BUSY.has(code)) return "SLUICE_CREATE_BUSY";
  return "SLUICE_CREATE_REFUSED";
}

const BUSY: ReadonlySet<number> = new Set([408, 409, 425, 429]);

/** A thrown fault as an answer; anything else is a defect and thrown on. */
export function failedBy(error: unknown): CreateFailure {
  if (error instanceof SluiceError) return failed(error);
  throw error;
}
