/** Evaluates one expression against parts of an event, for tests. */

import { payload } from "../../../src/core/delivery.ts";
import { SluiceError } from "../../../src/core/errors.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import type { Secrets } from "../../../src/core/secrets.ts";
import { activate } from "../../../src/decide/cel/activation.ts";
import { compileCel } from "../../../src/decide/cel/program.ts";
import type { Value } from "../../../src/decide/cel/values.ts";
import { CelFailure } from "../../../src/decide/cel/values.ts";

export const noSecrets: Secrets = { peek: () => null, read: async () => null };

/** What expressions see of an event with this body. */
export function eventWith(body: unknown, more: { headers?: Record<string, string[]>; url?: string } = {}) {
  const { headers = {}, url = "/" } = more;
  const extensions: JsonObject = {};
  return activate({ payload: payload(JSON.stringify(body)), headers, extensions, url });
}

/** The value of an expression. */
export function evaluate(expression: string, body: unknown = {}): Value {
  return compileCel(expression).evaluate(eventWith(body), { namespace: "default", secrets: noSecrets });
}

/** Why an expression has no value. @throws Error when it has one. */
export function failureOf(expression: string, body: unknown = {}): string {
  try {
    evaluate(expression, body);
  } catch (error) {
    if (error instanceof CelFailure) return error.reason;
    if (error instanceof SluiceError) return error.message;
    throw error;
  }
  throw new Error(`${expression} has a value`);
}
