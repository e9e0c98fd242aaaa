/** A route of the API: what it takes, what it answers, who may ask. Server, OpenAPI document and docs read the same rows. */

import type { ErrorCode } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Permission } from "../core/permission.ts";
import type { Fields, Read } from "./fields.ts";
import { readFields } from "./fields.ts";

/** Who asks: a token's name. */
export interface Caller {
  readonly name: string;
  readonly permissions: ReadonlySet<Permission>;
}

/** A request as a handler gets it. */
export interface Call<Q, B> {
  /** The part of the path that stands for `{id}`; empty where there is none. */
  readonly id: string;
  readonly query: Q;
  readonly body: B;
  readonly caller: Caller;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** Where what was made can be found. */
  readonly location?: string;
}

interface Declared {
  readonly method: "GET" | "POST" | "DELETE";
  /** As OpenAPI writes it: `/api/v1/deliveries/{id}`. */
  readonly path: string;
  /** A name for generated clients. */
  readonly operation: string;
  readonly summary: string;
  /** `none`: whoever reaches the port may ask. */
  readonly permission: Permission | "none";
  /** What it answers when all is well: status and JSON Schema. */
  readonly answer: { readonly status: number; readonly schema: JsonObject };
  /** What may go wrong besides a wrong request, a missing right and a store that is away. */
  readonly faults?: readonly ErrorCode[];
}

export interface Route extends Declared {
  readonly query: Fields;
  /** Undefined where no body is taken. */
  readonly body: Fields | undefined;
  /** @throws SluiceError, whose status becomes the answer. */
  handle(call: Call<unknown, unknown>): Promise<Answer>;
}

/** Makes a route whose handler gets what was read and checked by its fields. */
export function route<Q extends Fields = Fields, B extends Fields = Fields>(
  declared: Declared & {
    readonly query?: Q;
    readonly body?: B;
    readonly handle: (call: Call<Read<Q>, Read<B>>) => Promise<unknown>;
    /** Where what was made can be found, from the answer. */
    readonly location?: (answer: { readonly id: string }) => string;
  },
): Route {
  const { query = {} as Q, body, handle, location, ...rest } = declared;
  return {
    ...rest,
    query,
    body,
    async handle(call) {
      const read = { query: readFields(query, call.query), body: readFields(body ?? ({} as B), call.body) };
      const answer = await handle({ ...call, ...read });
      const { status } = declared.answer;
      if (location === undefined) return { status, body: answer };
      return { status, body: answer, location: location(answer as { readonly id: string }) };
    },
  };
}
