/** The API over HTTP, with the tokens that may open it. */

import type { ErrorCode } from "../core/error-table.ts";
import { ERRORS } from "../core/error-table.ts";
import { asFault, fault, reasonOf, SluiceError } from "../core/errors.ts";
import { exchange } from "./exchange.ts";

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
 * @param trusted PEM texts of authorities and certificates that are trusted beside the usual ones.
 */
export function overHttp(
  url: string,
  tokens: readonly (string | undefined)[],
  trusted: readonly string[] = [],
): Client {
  return {
    async ask<T>(method: Method, path: string, body?: object): Promise<T> {
      let refused: SluiceError | undefined;
      for (const token of tokens) {
        try {
          return await once<T>({ url, trusted }, method, path, token, body);
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
  { url, trusted }: { readonly url: string; readonly trusted: readonly string[] },
  method: Method,
  path: string,
  token: string | undefined,
  body: object | undefined,
): Promise<T> {
  const headers = {
    ...(body !== undefined && { "content-type": "application/json" }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  const sent = { method, headers, trusted, ...(body !== undefined && { body: JSON.stringify(body) }) };
  try {
    const { status, text } = await exchange(new URL(path, url), sent);
    return answered<T>(url, status, text);
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    throw fault("SLUICE_GATEWAY_AWAY", { url, reason: reasonOf(error) }, { cause: error });
  }
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
