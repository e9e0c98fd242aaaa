/** Slack slash commands: copies the requested fields of the form into the extensions, each a list of texts. */

import type { Payload } from "../src/core/delivery.ts";
import { reasonOf } from "../src/core/errors.ts";
import { header } from "../src/core/headers.ts";
import type { Verdict } from "../src/core/interceptor.ts";
import { defineInterceptor, GRPC } from "../src/core/interceptor.ts";
import type { JsonObject, JsonValue } from "../src/core/json.ts";
import { isJsonObject, ownValue, setOwn } from "../src/core/json.ts";
import { object, readParams, secretOf, secretRef, texts } from "./params.ts";

// Tekton never proves Slack's signature and ignores a secretRef here; signingSecretRef is ours.
const shape = object({ requestedFields: texts, signingSecretRef: secretRef });

export const slack = defineInterceptor({
  name: "slack",
  summary:
    "Takes the requested fields of a slash command; proves Slack's signature when signingSecretRef is set",
  shape,
  compile(params, tools) {
    const { requestedFields, signingSecretRef } = readParams("slack", shape, params);
    const secret = signingSecretRef && secretOf("slack", "signingSecretRef", signingSecretRef, tools);
    return {
      ...(secret && { proofs: [{ scheme: "slack", secret }] }),
      filters: true,
      intercept({ headers, payload }) {
        if (header(headers, "Content-Type") !== "application/x-www-form-urlencoded")
          return stop(GRPC.INVALID_ARGUMENT, "Content-Type is not application/x-www-form-urlencoded");
        if (!header(headers, "X-Slack-Signature"))
          return stop(GRPC.INVALID_ARGUMENT, "header X-Slack-Signature is missing");
        let form: JsonObject;
        try {
          form = formOf(payload);
        } catch (error) {
          return stop(GRPC.INVALID_ARGUMENT, reasonOf(error));
        }
        // Said per event and this late because Tekton does; it looks at the event first.
        if (requestedFields === undefined)
          return stop(GRPC.NOT_FOUND, "the parameter requestedFields is missing");
        const extensions: Record<string, JsonValue> = {};
        for (const field of requestedFields) {
          const value = ownValue(form, field);
          if (value === undefined) return stop(GRPC.NOT_FOUND, `the form has no field ${field}`);
          setOwn(extensions, field, Array.isArray(value) ? value.map((item) => item ?? "") : value);
        }
        return requestedFields.length === 0 ? { continue: true } : { continue: true, extensions };
      },
    };
  },
});

function formOf(payload: Payload): JsonObject {
  const form = payload.json() ?? {};
  if (!isJsonObject(form)) throw new TypeError("the body is no form");
  for (const [field, value] of Object.entries(form)) {
    const isTexts = Array.isArray(value) && value.every((item) => item === null || typeof item === "string");
    if (value !== null && !isTexts) throw new TypeError(`field ${field} is no list of texts`);
  }
  return form;
}

function stop(code: number, reason: string): Verdict {
  return { continue: false, code, reason };
}
