/** One entry of `interceptors:`, with the older ways to write it turned into today's. */

import { reasonOf } from "../../core/errors.ts";
import type { JsonObject, JsonValue } from "../../core/json.ts";
import { setOwn } from "../../core/json.ts";
import type { InterceptorRef, InterceptorSpec } from "../../core/tekton.ts";
import { parseExpression } from "../../decide/cel/index.ts";
import type { Findings, Path } from "../findings.ts";
import type { Shape, Shaped } from "../shape.ts";
import { anything, list, struct, text, textPointer } from "../shape.ts";
import { checkWebhook, webhook } from "./webhook.ts";

export type Version = "v1beta1" | "v1alpha1";

const provider = struct({
  secretRef: struct({ secretKey: text, secretName: text }),
  eventTypes: list(textPointer),
});

// In the order in which Tekton takes the first one that is set.
const LEGACY = ["bitbucket", "cel", "github", "gitlab"] as const;

const fields = {
  name: textPointer,
  ref: struct({ name: text, kind: text, apiVersion: text }),
  params: list(struct({ name: text, value: anything })),
  webhook,
  bitbucket: provider,
  cel: struct({ filter: text, overlays: list(struct({ key: text, expression: text })) }),
  github: provider,
  gitlab: provider,
};

const shapes = { v1beta1: struct(fields, LEGACY), v1alpha1: struct(fields) };

type WrittenStep = Shaped<typeof shapes.v1alpha1>;

/** The shape of an entry; v1alpha1 still has `github:`, `gitlab:`, `bitbucket:` and `cel:` inline. */
export function stepShape(version: Version): Shape<WrittenStep> {
  return shapes[version];
}

/**
 * Validates an entry as Tekton's admission does and gives it its final form.
 *
 * @param read what {@link stepShape} read; undefined for a null entry, which crashes Tekton and is refused here.
 */
export function toStep(
  read: WrittenStep | undefined,
  version: Version,
  path: Path,
  findings: Findings,
): InterceptorSpec {
  if (read === undefined) findings.add(path, "must be an interceptor, is null");
  const step = withoutLegacy(read ?? {});
  if (step.webhook !== undefined) checkWebhook(step.webhook, version, [...path, "webhook"], findings);
  else if (step.ref?.name === undefined && read !== undefined)
    findings.add([...path, "ref", "name"], "is missing: name an interceptor");
  checkRest(step, path, findings);
  return finished(step);
}

/** An entry of a trigger group: Tekton does not validate those, so one that names nothing fails only when compiled. */
export function toGroupStep(read: WrittenStep | undefined, path: Path, findings: Findings): InterceptorSpec {
  if (read === undefined) findings.add(path, "must be an interceptor, is null");
  return finished(read ?? {});
}

/** Tekton's defaulting: without a ref, the first inline form becomes ref and params; others stay behind. */
function withoutLegacy(step: WrittenStep): WrittenStep {
  const form = step.ref?.name === undefined ? LEGACY.find((name) => step[name] !== undefined) : undefined;
  if (form === undefined) return step;
  const { [form]: fields = {}, ...rest } = step;
  const params = Object.entries(fields).map(([name, value]) => ({ name, value: withNulls(value) }));
  return { ...rest, ref: { ...step.ref, name: form }, params };
}

/** List elements that were null, as JSON has them. */
function withNulls(value: unknown): JsonValue {
  return (Array.isArray(value) ? value.map((element) => element ?? null) : value) as JsonValue;
}

function checkRest(step: WrittenStep, path: Path, findings: Findings): void {
  const forms = (["webhook", "github", "gitlab", "bitbucket"] as const).filter(
    (form) => step[form] !== undefined,
  );
  if (forms.length > 1 && LEGACY.some((form) => step[form] !== undefined))
    findings.add(path, `must have one of ${forms.join(", ")}, has them all`);
  if (step.cel !== undefined && step.cel.filter === undefined && step.cel.overlays === undefined)
    findings.add([...path, "cel"], "must have a filter or overlays");
  if (step.cel !== undefined) checkCel(step.cel, [...path, "cel"], findings);
}

/** Of a `cel` that stays behind beside a ref; one that became the ref is looked at when it is compiled, as in Tekton. */
function checkCel(
  { filter, overlays = [] }: NonNullable<WrittenStep["cel"]>,
  path: Path,
  findings: Findings,
): void {
  const check = (expression: string | undefined, at: Path): void => {
    try {
      parseExpression(expression ?? "");
    } catch (error) {
      findings.add(at, `does not parse as CEL: ${reasonOf(error)}`);
    }
  };
  if (filter !== undefined) check(filter, [...path, "filter"]);
  for (const [index, overlay] of overlays.entries())
    check(overlay?.expression, [...path, "overlays", index, "expression"]);
}

function finished(step: WrittenStep): InterceptorSpec {
  const name = step.name === undefined ? {} : { name: step.name };
  // Tekton's listener asks the webhook and forgets the ref when both are written.
  if (step.webhook !== undefined)
    return { ...name, params: {}, webhook: step.webhook as unknown as JsonObject };
  const params: Record<string, unknown> = {};
  for (const param of step.params ?? []) setOwn(params, param?.name ?? "", param?.value ?? null);
  return { ...name, ref: toRef(step.ref), params: params as JsonObject };
}

function toRef(ref: WrittenStep["ref"]): InterceptorRef {
  const { name = "", kind = "ClusterInterceptor" } = ref ?? {};
  if (kind === "ClusterInterceptor" || kind === "NamespacedInterceptor") return { name, kind };
  // Admission lets any kind pass and the listener then crashes on it: here it names an interceptor that cannot exist.
  return { name: `${kind}/${name}`, kind: "ClusterInterceptor" };
}
