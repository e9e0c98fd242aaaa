/** cel.json: filter and overlays give the CEL interceptor's response. */

import { cel as interceptor } from "../../../interceptors/cel.ts";
import { payload } from "../../../src/core/delivery.ts";
import { SluiceError } from "../../../src/core/errors.ts";
import type { HeaderMap } from "../../../src/core/headers.ts";
import { GRPC } from "../../../src/core/interceptor.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import type { Secrets } from "../../../src/core/secrets.ts";
import { type DeclaredSecret, secretsOf } from "../../interceptors/ask.ts";
import { compareResponses, type InterceptorResponse, suite } from "../vectors.ts";

interface Input {
  readonly body: string;
  readonly headers: HeaderMap;
  readonly requestURL: string;
  readonly extensions?: JsonObject;
  readonly filter?: string;
  readonly overlays?: readonly JsonObject[];
  /** The raw parameters; they replace filter and overlays. */
  readonly params?: JsonObject;
  readonly namespace?: string;
  readonly secrets?: readonly DeclaredSecret[];
}

export const cel = suite<Input, InterceptorResponse & { readonly crash?: boolean }>("cel.json", async ({
  input,
  output,
}) => compareResponses(await answer(input), output, output.crash));

async function answer(input: Input): Promise<InterceptorResponse> {
  const { filter, overlays, namespace = "default" } = input;
  const written = { ...(filter !== undefined && { filter }), ...(overlays !== undefined && { overlays }) };
  try {
    const tools = { namespace, secrets: unread(secretsOf(input.secrets ?? [])) };
    const verdict = await interceptor.compile(input.params ?? written, tools).intercept({
      id: "e1",
      trigger: { namespace, name: "trigger-1" },
      url: input.requestURL,
      headers: input.headers,
      payload: payload(input.body),
      extensions: input.extensions ?? {},
    });
    if (!verdict.continue) return { continue: false, status: { code: verdict.code } };
    return { continue: true, extensions: verdict.extensions ?? null };
  } catch (error) {
    // What Tekton finds at the first event is found here when the trigger is compiled.
    if (error instanceof SluiceError) return { continue: false, status: { code: GRPC.INVALID_ARGUMENT } };
    throw error;
  }
}

/** Nothing is known before it has been read, as in a gateway that has just started. */
function unread({ read }: Secrets): Secrets {
  return { peek: () => undefined, read };
}
