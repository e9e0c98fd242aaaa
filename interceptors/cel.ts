/** The interceptor `cel`: a filter that lets events through, and overlays that add extensions. */

import type { Cost } from "../src/core/cost-budget.ts";
import type { Event } from "../src/core/delivery.ts";
import { fault, SluiceError } from "../src/core/errors.ts";
import type { ProofDemand, Verdict } from "../src/core/interceptor.ts";
import { defineInterceptor, GRPC, PASS } from "../src/core/interceptor.ts";
import type { JsonValue } from "../src/core/json.ts";
import type { Activation, CelProgram, OverlayKey, SecretView, Value, Work } from "../src/decide/cel/index.ts";
import {
  activate,
  CelFailure,
  CelSyntaxError,
  comparedHeaders,
  compileCel,
  createWork,
  cureOf,
  explain,
  type HeaderComparison,
  kindOf,
  overlayJson,
  overlayKey,
  provesSecret,
  readsSensitiveHeader,
  withSecrets,
} from "../src/decide/cel/index.ts";
import { object, readParams, text } from "./params.ts";

/** One overlay, compiled. */
interface Overlay {
  readonly key: string;
  readonly program: CelProgram;
  readonly set: OverlayKey;
}

/** More keys in an overlay are ignored, as Tekton does: key and expression are demanded there anyway. */
const overlayShape = object({ key: text, expression: text });

/** @throws SluiceError SLUICE_INTERCEPTOR_PARAMS when it is no list of objects. */
function overlayList(value: JsonValue, place: Parameters<typeof text>[1]) {
  if (!Array.isArray(value)) throw wrong("overlays", "overlays must be a list");
  return (value as readonly JsonValue[]).map((entry, i) =>
    overlayShape(entry, { ...place, path: `${place.path}[${i}]` }),
  );
}

const shape = object({ filter: text, overlays: overlayList });

export const cel = defineInterceptor({
  name: "cel",
  shape,
  summary: "lets events through by a CEL expression, and computes extensions from them",
  compile(params, tools) {
    const { filter = "", overlays = [] } = readParams("cel", shape, params);
    const failures: Failure[] = [];
    const condition =
      filter === "" ? undefined : compiled(filter, { what: "filter", field: "filter" }, failures);
    const additions = overlays.flatMap(({ key = "", expression = "" }, index): readonly Overlay[] => {
      const place = { what: `overlay ${key}`, field: `overlays[${index}].expression` };
      const program = compiled(expression, place, failures);
      return program === undefined ? [] : [{ key, program, set: overlayKey(key) }];
    });
    if (failures.length > 0) throw notCompiled(failures);
    const programs = [
      ...(condition === undefined ? [] : [condition]),
      ...additions.map(({ program }) => program),
    ];
    const compared = condition === undefined ? [] : comparedHeaders(condition.tree.root);
    const readsHeaders = programs.some(({ tree }) => readsSensitiveHeader(tree.root, compared));
    const view: SecretView = { namespace: tools.namespace, secrets: tools.secrets };
    const recorded = condition && proved(condition, compared);
    const comparesSecret =
      condition !== undefined && compared.length === 0 && provesSecret(condition.tree.root);
    return {
      ...(compared.length > 0 && { proofs: compared.map((one) => demandOf(one, tools.namespace)) }),
      ...(readsHeaders && { readsHeaders }),
      ...(comparesSecret && { comparesSecret }),
      ...(condition !== undefined && { filters: true }),
      intercept(event: Event, cost?: Cost) {
        const filter = event.proofsRecorded ? recorded : condition;
        // One budget for all expressions: many cheap ones must not add up to a long stop.
        const work = createWork(cost);
        const verdict = guarded(() =>
          withSecrets(view, (known) => decide(filter, additions, event, known, work)),
        );
        return verdict instanceof Promise ? verdict.catch(stopFor) : verdict;
      },
      explain(event) {
        const activation = activate(event);
        return withSecrets(view, (known) => ({
          ...(condition === undefined ? {} : { filter: explain(condition, activation, known) }),
          ...Object.fromEntries(
            additions.map(({ key, program }) => [`overlay ${key}`, explain(program, activation, known)]),
          ),
        }));
      },
    };
  },
});

/** The comparison as a proof that is demanded before any step of the chain sees the event. */
function demandOf({ header, secret: name, key }: HeaderComparison, namespace: string): ProofDemand {
  return { scheme: "cel-header", secret: { namespace, name, key }, parameters: [header], hides: [header] };
}

/** A filter for deliveries whose proofs are recorded and whose values are masked: comparisons that held hold again. */
function proved(filter: CelProgram, compared: readonly HeaderComparison[]): CelProgram {
  if (compared.length === 0) return filter;
  return { ...filter, evaluate: filter.assuming(compared.map(({ node }) => node)) };
}

interface ExpressionPlace {
  /** `filter`, `overlay tag` */
  readonly what: string;
  /** Among the parameters: `filter`, `overlays[0].expression`. */
  readonly field: string;
}

/** An expression that does not compile. */
interface Failure extends ExpressionPlace {
  readonly expression: string;
  readonly error: CelSyntaxError;
}

function compiled(expression: string, place: ExpressionPlace, failures: Failure[]): CelProgram | undefined {
  try {
    return compileCel(expression);
  } catch (error) {
    if (!(error instanceof CelSyntaxError)) throw error;
    failures.push({ ...place, expression, error });
    return undefined;
  }
}

/** All that are wrong, so that nobody mends one to be told of the next. */
function notCompiled(failures: readonly Failure[]): SluiceError {
  const told = failures.slice(0, MOST_TOLD);
  const left = failures.length - told.length;
  const reasons = told.map(({ what, error }) => `${what} ${error.message}`);
  const cures = told.map(({ what, expression, error }) => {
    if (expression === "")
      return `Write the expression of ${what.slice(0, 80)} under "expression": it has none.`;
    const cure = error.cure ?? (told.length > 1 ? "Correct it." : undefined);
    return cure === undefined ? undefined : `${cure} In: ${expression}`;
  });
  const [first] = told;
  const cure = cures.includes(undefined) ? undefined : cures.join(" ");
  const reason = `${reasons.join("; ")}${left > 0 ? `; and ${left} more` : ""}`;
  const { expression = "", field = "", error } = first ?? {};
  const values = { reason, expression, field, ...(cure !== undefined && { cure }) };
  return fault("SLUICE_CEL_SYNTAX", values, { cause: error });
}

/** Expressions of one interceptor that a fault names. */
const MOST_TOLD = 5;

function decide(
  filter: CelProgram | undefined,
  overlays: readonly Overlay[],
  event: Event,
  secrets: SecretView,
  work: Work,
): Verdict {
  const activation = activate(event);
  if (filter !== undefined) {
    const value = evaluated("filter", filter, activation, secrets, work);
    if (value === false) return stop(GRPC.FAILED_PRECONDITION, `filter is false: ${printed(filter)}`);
    if (value !== true) {
      const cure = "Compare it with something, as in body.ref == 'refs/heads/main'.";
      return stop(
        GRPC.FAILED_PRECONDITION,
        `filter is no bool but ${kindOf(value)}: ${printed(filter)}. ${cure}`,
      );
    }
  }
  if (overlays.length === 0) return PASS;
  const extensions: Record<string, JsonValue> = {};
  for (const { key, program, set } of overlays) {
    const value = evaluated(`overlay ${key}`, program, activation, secrets, work);
    try {
      set(extensions, overlayJson(value, work));
    } catch (error) {
      if (!(error instanceof CelFailure)) throw error;
      const cure = value === null ? ". null cannot be an extension: (x) == null ? '' : (x)" : "";
      return stop(GRPC.INTERNAL, `overlay ${key}: ${error.reason}${cure}`);
    }
  }
  return Object.keys(extensions).length === 0 ? PASS : { continue: true, extensions };
}

function evaluated(
  what: string,
  program: CelProgram,
  activation: Activation,
  secrets: SecretView,
  work: Work,
): Value {
  try {
    return program.evaluate(activation, secrets, work);
  } catch (error) {
    if (!(error instanceof CelFailure)) throw error;
    const cure = cureOf(error, program.tree);
    const reason = `${what} failed: ${error.reason}: ${printed(program)}`;
    throw new CelFailure(cure === undefined ? reason : `${reason}. ${cure}`, error.final);
  }
}

/** The expression, short enough for a line of a list. */
function printed({ expression }: CelProgram): string {
  return expression.length > 300 ? `${expression.slice(0, 300)}…` : expression;
}

function guarded(decide: () => Verdict | Promise<Verdict>): Verdict | Promise<Verdict> {
  try {
    return decide();
  } catch (error) {
    return stopFor(error);
  }
}

/** @throws what is neither a failed evaluation nor a fault of the secret store. */
function stopFor(error: unknown): Verdict {
  if (error instanceof CelFailure) return stop(GRPC.INVALID_ARGUMENT, error.reason);
  // A trigger that costs too much has failed: nobody has said no.
  if (!(error instanceof SluiceError) || error.code === "SLUICE_COST_EXCEEDED") throw error;
  return { ...stop(GRPC.UNAVAILABLE, error.message), transient: true };
}

function stop(code: number, reason: string): Verdict & { readonly continue: false } {
  return { continue: false, code, reason };
}

function wrong(field: string, reason: string): SluiceError {
  return fault("SLUICE_INTERCEPTOR_PARAMS", { name: "cel", reason, field });
}
