/** The API over HTTP, with the tokens that may open it. */

import type { ErrorCode } from "../core/error-table.ts";
import { ERRORS } from "../core/error-table.ts";
import type { SluiceError } from "../core/errors.ts";
import { asFault, fault, reasonOf } from "../core/errors.ts";

export type Method = "GET" | "POST" | "DELETE";

export interface Client extends AsyncDisposable {
  /**
   * One call of the API.
   *
   * @param path with its query: `/api/v1/deliveries?outcome=dead`.
   * @throws SluiceError SLUICE_GATEWAY_AWAY, or the fault that was answered.
   */
  ask<T>(method: Method, path: string, body?: object): Promise<T>;
}

/**
 * @param tokens tried in order, the next one only when the gateway does not know the one before; undefined is to show none.
 *   At least one.
 */
export function overHttp(url: string, tokens: readonly (string | undefined)[]): Client {
  return {
    async ask<T>(method: Method, path: string, body?: object): Promise<T> {
      let refused: SluiceError | undefined;
      for (const token of tokens) {
        try {
          return await once<T>(url, method, path, token, body);
        } catch (thrown) {
          const error = asFault(thrown);
          if (error.code !== "SLUICE_ADMIN_TOKEN") throw error;
          refused = error;
        }
      }
      const guessed = tokens.length > 1;
      throw guessed ? fault("SLUICE_ADMIN_TOKEN", { ...refused?.values, reason: GUESSED }) : refused;
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** Why the last one, which showed nothing, was refused, is not what a person has to mend. */
const GUESSED = "this user's own token is not known there";

async function once<T>(
  url: string,
  method: Method,
  path: string,
  token: string | undefined,
  body: object | undefined,
): Promise<T> {
  let response: Response;
  let text: string;
  const headers = {
    ...(body !== undefined && { "content-type": "application/json" }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  try {
    response = await fetch(new URL(path, url), {
      method,
      headers,
      // A token must not follow to wherever somebody points.
      redirect: "error",
      signal: AbortSignal.timeout(60_000),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    text = await response.text();
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw fault("SLUICE_GATEWAY_AWAY", { url, reason: reasonOf(cause) }, { cause: error });
  }
  return answered<T>(url, response.status, text);
}

/**
 * What an answer says.
 *
 * @param from for people: who answered.
 * @throws SluiceError the fault that was answered; SLUICE_GATEWAY_AWAY when it is none of ours.
 */
export function answered<T>(from: string, status: number, text: string): T {
  try {
    if (status < 300) return JSON.parse(text) as T;
    const { error } = JSON.parse(text) as { error: { code: ErrorCode; values: Record<string, string> } };
    if (Object.hasOwn(ERRORS, error.code)) throw fault(error.code, error.values);
  } catch (error) {
    // Whatever answered otherwise is no gateway.
    if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
  }
  throw fault("SLUICE_GATEWAY_AWAY", { url: from, reason: `it answered ${status}` });
}
