/** The interceptor `cel`: a filter that lets events through, and overlays that add extensions. */

import type { Activation } from "../src/cel/activation.ts";
import { activate } from "../src/cel/activation.ts";
import type { OverlayKey } from "../src/cel/overlay-key.ts";
import { overlayKey } from "../src/cel/overlay-key.ts";
import type { CelProgram, SecretView } from "../src/cel/program.ts";
import { compileCel } from "../src/cel/program.ts";
import { withSecrets } from "../src/cel/secrets.ts";
import { CelSyntaxError } from "../src/cel/source.ts";
import { overlayJson } from "../src/cel/to-json.ts";
import type { Value } from "../src/cel/values.ts";
import { CelFailure, kindOf } from "../src/cel/values.ts";
import type { Work } from "../src/cel/work.ts";
import { createWork } from "../src/cel/work.ts";
import type { Event } from "../src/core/delivery.ts";
import { fault, SluiceError } from "../src/core/errors.ts";
import type { Verdict } from "../src/core/interceptor.ts";
import { defineInterceptor, GRPC, PASS } from "../src/core/interceptor.ts";
import type { JsonObject, JsonValue } from "../src/core/json.ts";
import { isJsonObject } from "../src/core/json.ts";

/** One overlay, compiled. */
interface Overlay {
  readonly key: string;
  readonly program: CelProgram;
  readonly set: OverlayKey;
}

interface CelParams {
  readonly filter: string;
  readonly overlays: readonly { readonly key: string; readonly expression: string }[];
}

export const cel = defineInterceptor({
  name: "cel",
  summary: "lets events through by a CEL expression, and computes extensions from them",
  compile(params, tools) {
    const { filter, overlays } = readParams(params);
    const condition = filter === "" ? undefined : compiled(filter);
    const additions = overlays.map(
      ({ key, expression }): Overlay => ({ key, program: compiled(expression), set: overlayKey(key) }),
    );
    const view: SecretView = { namespace: tools.namespace, secrets: tools.secrets };
    return {
      intercept(event) {
        const verdict = guarded(() =>
          withSecrets(view, (known) => decide(condition, additions, event, known)),
        );
        return verdict instanceof Promise ? verdict.catch(stopFor) : verdict;
      },
    };
  },
});

function compiled(expression: string): CelProgram {
  try {
    return compileCel(expression);
  } catch (error) {
    if (!(error instanceof CelSyntaxError)) throw error;
    throw fault("SLUICE_CEL_SYNTAX", { reason: error.message, expression }, { cause: error });
  }
}

function decide(
  filter: CelProgram | undefined,
  overlays: readonly Overlay[],
  event: Event,
  secrets: SecretView,
): Verdict {
  const activation = activate(event);
  // One budget for all expressions of an interceptor: many cheap ones must not add up to a long stop.
  const work = createWork();
  if (filter !== undefined) {
    const value = evaluated("filter", filter, activation, secrets, work);
    if (value === false) return stop(GRPC.FAILED_PRECONDITION, `filter is false: ${filter.expression}`);
    if (value !== true) {
      return stop(GRPC.FAILED_PRECONDITION, `filter is no bool but ${kindOf(value)}: ${filter.expression}`);
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
      return stop(GRPC.INTERNAL, `overlay ${key}: ${error.reason}`);
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
    throw new CelFailure(`${what} failed: ${error.reason}: ${program.expression}`, error.final);
  }
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
  if (!(error instanceof SluiceError)) throw error;
  return { ...stop(GRPC.UNAVAILABLE, error.message), transient: true };
}

function stop(code: number, reason: string): Verdict & { readonly continue: false } {
  return { continue: false, code, reason };
}

/**
 * Reads the parameters. Names match without regard to case, as Go's encoding/json has it. A parameter that is neither
 * filter nor overlays is refused (Tekton ignores it, and a misspelt filter lets everything through); inside an overlay,
 * where a key and an expression are demanded anyway, more keys are ignored as Tekton does.
 *
 * @throws SluiceError SLUICE_INTERCEPTOR_PARAMS.
 */
function readParams(params: JsonObject): CelParams {
  const given = byLowerCase(params, "params");
  for (const name of given.keys()) {
    if (name !== "filter" && name !== "overlays")
      throw wrong(name, "is unknown; known are filter and overlays");
  }
  const overlays = given.get("overlays") ?? [];
  if (!Array.isArray(overlays)) throw wrong("overlays", "is no list");
  return {
    filter: text(given.get("filter"), "filter"),
    overlays: (overlays as readonly JsonValue[]).map((entry, i) => {
      if (!isJsonObject(entry)) throw wrong(`overlays[${i}]`, "is no object with key and expression");
      const fields = byLowerCase(entry, `overlays[${i}]`);
      return {
        key: text(fields.get("key"), `overlays[${i}].key`),
        expression: text(fields.get("expression"), `overlays[${i}].expression`),
      };
    }),
  };
}

function byLowerCase(object: JsonObject, field: string): ReadonlyMap<string, JsonValue> {
  const entries = new Map<string, JsonValue>();
  for (const [name, value] of Object.entries(object)) {
    if (entries.has(name.toLowerCase())) throw wrong(field, `names ${name} twice`);
    entries.set(name.toLowerCase(), value);
  }
  return entries;
}

/** Null and absent are the empty text, as in Go. */
function text(value: JsonValue | undefined, field: string): string {
  if (value === undefined || value === null) return "";
  if (typeof value !== "string") throw wrong(field, "is no text");
  return value;
}

function wrong(field: string, reason: string): SluiceError {
  return fault("SLUICE_INTERCEPTOR_PARAMS", { name: "cel", reason: `${field} ${reason}`, field });
}
