/** git-interceptors.json, github-api.json, interceptor-http.json: the built-in interceptors through their answerer. */

import { createAnswerer } from "../../../interceptors/answer.ts";
import { BUILT_IN } from "../../../interceptors/index.ts";
import { answerTo, type DeclaredSecret, type InterceptorInput, secretsOf } from "../../interceptors/ask.ts";
import { compareResponses, type InterceptorResponse, suite } from "../vectors.ts";

interface GitOutput extends InterceptorResponse {
  readonly crash?: boolean;
}

export const gitInterceptors = suite<InterceptorInput, GitOutput>("git-interceptors.json", async ({
  input,
  output,
}) => compareResponses(await ask(input), output, output.crash));

interface ApiOutput {
  readonly response?: InterceptorResponse;
  readonly crash?: boolean;
}

export const githubApi = suite<InterceptorInput, ApiOutput>("github-api.json", async ({ input, output }) =>
  compareResponses(await ask(input), output.response ?? {}, output.crash));

async function ask(input: InterceptorInput): Promise<InterceptorResponse> {
  return (await answerTo(input)) as InterceptorResponse;
}

interface HttpInput {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly secrets?: readonly DeclaredSecret[];
}

interface HttpOutput {
  readonly status?: number;
  readonly contentType?: string;
  readonly body?: InterceptorResponse;
  readonly connectionClosed?: boolean;
}

export const interceptorHttp = suite<HttpInput, HttpOutput>("interceptor-http.json", async ({
  input,
  output,
}) => {
  const answer = createAnswerer({ interceptors: BUILT_IN, secrets: secretsOf(input.secrets ?? []) });
  const { status, contentType, body } = await answer(input.path, input.body);
  const response = contentType === "application/json" ? (JSON.parse(body) as InterceptorResponse) : undefined;
  if (output.connectionClosed) return compareResponses(response ?? {}, {}, true);
  if (output.body === undefined || response === undefined) {
    return { got: [status, contentType], want: [output.status, output.contentType] };
  }
  const { got, want } = compareResponses(response, output.body);
  return { got: [status, contentType, got], want: [output.status, output.contentType, want] };
});
