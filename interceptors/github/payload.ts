/** Parts of GitHub's payloads that are asked about; whatever is missing or of another kind is refused by name. */

import type { Payload } from "../../src/core/delivery.ts";
import { reasonOf } from "../../src/core/errors.ts";
import type { JsonObject, JsonValue } from "../../src/core/json.ts";
import { isJsonObject, ownValue } from "../../src/core/json.ts";
import { GithubRefusal } from "./api.ts";

/** The payload as an object; `null` counts as an empty one, as in Go. @throws GithubRefusal. */
export function objectOf(payload: Payload): JsonObject {
  let body: JsonValue;
  try {
    body = payload.json();
  } catch (error) {
    throw new GithubRefusal(`the body is no JSON: ${reasonOf(error)}`);
  }
  if (body === null) return {};
  if (!isJsonObject(body)) throw new GithubRefusal("the body is no JSON object");
  return body;
}

/** @throws GithubRefusal when `name` is no object in there. */
export function section(object: JsonObject, name: string): JsonObject {
  const value = ownValue(object, name);
  if (!isJsonObject(value)) throw new GithubRefusal(`the payload has no object ${name}`);
  return value;
}

/** A number cut to an integer. @throws GithubRefusal when it is missing or no number. */
export function integer(object: JsonObject, name: string): number {
  const value = ownValue(object, name);
  if (typeof value !== "number") throw new GithubRefusal(`the payload has no number ${name}`);
  return Math.trunc(value);
}

/** Owner and name from `repository.full_name`. @throws GithubRefusal. */
export function repositoryOf(body: JsonObject): { readonly owner: string; readonly name: string } {
  const fullName = ownValue(section(body, "repository"), "full_name");
  const [owner, name] = typeof fullName === "string" ? fullName.split("/", 2) : [];
  if (owner === undefined || name === undefined) {
    throw new GithubRefusal("the payload has no repository.full_name of the form owner/name");
  }
  return { owner, name };
}

/**
 * A name as part of an API path.
 *
 * @throws GithubRefusal for what GitHub allows in no name: it could lead the question, and the token, elsewhere.
 */
export function pathPart(name: string): string {
  if (/^[\w.-]+$/.test(name) && !/^\.{1,2}$/.test(name)) return name;
  throw new GithubRefusal(`${JSON.stringify(name.slice(0, 100))} is no name of an owner or repository`);
}
