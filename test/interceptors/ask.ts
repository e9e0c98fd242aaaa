/** Asks interceptors through the answerer, which proves first and asks then, as the gateway does; with stubs around them. */

import assert from "node:assert/strict";
import { createAnswerer } from "../../interceptors/answer.ts";
import { BUILT_IN } from "../../interceptors/index.ts";
import { fault } from "../../src/core/errors.ts";
import { headersFromPairs } from "../../src/core/headers.ts";
import type { HttpClient } from "../../src/core/interceptor.ts";
import type { Secrets } from "../../src/core/secrets.ts";

export interface StubAnswer {
  readonly url: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly rawBody?: string;
}

export interface DeclaredSecret {
  readonly namespace: string;
  readonly name: string;
  readonly data: Readonly<Record<string, string>>;
}

interface Response {
  readonly continue: boolean;
  readonly extensions?: unknown;
  readonly status?: { readonly code?: number };
}

export interface InterceptorInput {
  readonly interceptor: string;
  readonly params: object;
  readonly headers: object;
  readonly body: string;
  readonly secrets?: readonly DeclaredSecret[];
  readonly namespace?: string;
  readonly noContext?: boolean;
  readonly triggerID?: string;
  readonly api?: readonly StubAnswer[];
}

/** Secrets held in memory. */
export function secretsOf(declared: readonly DeclaredSecret[]): Secrets {
  const find = (namespace: string, name: string) => {
    const found = declared.find((secret) => secret.namespace === namespace && secret.name === name);
    return found ? new Map(Object.entries(found.data).map(([key, text]) => [key, Buffer.from(text)])) : null;
  };
  return { peek: find, read: async (namespace, name) => find(namespace, name) };
}

/** An HTTP client that knows some answers; GitHub's other pages are not found. */
export function stubHttp(answers: readonly StubAnswer[], calls: string[] = []): HttpClient {
  return async ({ url, headers }) => {
    const token = headers["Authorization"]?.[0];
    calls.push(token === undefined ? url : `${url} ${token}`);
    const answer = answers.find((candidate) => candidate.url === url);
    if (answer === undefined) return { status: 404, headers: {}, body: '{"message":"Not Found"}' };
    const body = answer.rawBody ?? JSON.stringify(answer.body);
    return {
      status: answer.status ?? 200,
      headers: headersFromPairs(Object.entries(answer.headers ?? {}).flat()),
      body,
    };
  };
}

/** Sends a case's input through the answerer. */
export async function answerTo(input: InterceptorInput, calls: string[] = []): Promise<Response> {
  const answer = createAnswerer({
    interceptors: BUILT_IN,
    secrets: secretsOf(input.secrets ?? []),
    http: input.api === undefined ? noCallExpected : stubHttp(input.api, calls),
  });
  const trigger = input.triggerID ?? `namespaces/${input.namespace ?? "default"}/triggers/trigger-1`;
  const request = {
    body: input.body,
    header: input.headers,
    interceptor_params: input.params,
    ...(input.noContext ? {} : { context: { event_url: "/", event_id: "e", trigger_id: trigger } }),
  };
  const { status, body } = await answer(`/${input.interceptor}`, JSON.stringify(request));
  assert.equal(status, 200, body);
  return JSON.parse(body);
}

const noCallExpected: HttpClient = async ({ url }) => {
  throw fault("SLUICE_INTERCEPTOR_FAILED", { name: url, reason: "this case needs no call" });
};
