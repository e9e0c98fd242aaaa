/** Questions to GitHub's API: where it is, with which token, and what a failed answer means. */

import type { Event } from "../../src/core/delivery.ts";
import { fault, reasonOf, SluiceError } from "../../src/core/errors.ts";
import { header } from "../../src/core/headers.ts";
import type { HttpResponse, InterceptorTools } from "../../src/core/interceptor.ts";
import type { JsonValue } from "../../src/core/json.ts";
import { parseJson } from "../../src/core/json.ts";
import { quoted } from "../../src/core/quoted.ts";
import { lackOf } from "../../src/core/secret-lack.ts";
import type { Read, secretRef } from "../params.ts";
import { secretOf } from "../params.ts";

/** The event cannot pass: its payload, the configuration or GitHub's answer does not serve. */
export class GithubRefusal extends Error {
  override readonly name = "GithubRefusal";
  readonly transient: boolean;

  constructor(message: string, options: { transient?: boolean } = {}) {
    super(message);
    this.transient = options.transient ?? false;
  }
}

/** Which GitHub is asked: by configuration only. */
export interface GithubPlace {
  readonly apiUrl: string;
  /** The Enterprise host as configured; undefined means github.com. */
  readonly enterpriseHost: string | undefined;
}

export interface GithubAnswer {
  readonly json: JsonValue;
  /** Number of the page that follows, from the Link header. */
  readonly nextPage?: number;
}

/** Asks for a path below the API's root. `undefined` is GitHub's 404. @throws GithubRefusal. */
export type AskGithub = (path: string) => Promise<GithubAnswer | undefined>;

/**
 * The root of the API.
 *
 * @param enterpriseHost `host[:port][/path]` of a GitHub Enterprise Server.
 * @throws SluiceError SLUICE_INTERCEPTOR_PARAMS.
 */
export function apiUrlOf(enterpriseHost: string | undefined): string {
  if (enterpriseHost === undefined) return "https://api.github.com/";
  const url = /^[\w.-]+(:\d+)?(\/[\w.-]+)*$/.test(enterpriseHost)
    ? URL.parse(`https://${enterpriseHost}`)
    : null;
  if (url !== null) return `${url.href.replace(/\/*$/, "")}/api/v3/`;
  const reason = `enterpriseHost must be host[:port], got ${enterpriseHost}`;
  throw fault("SLUICE_INTERCEPTOR_PARAMS", { name: "github", reason, field: "enterpriseHost" });
}

/** A personal access token by reference, read for each event so that a rotated one counts at once. */
export type ReadToken = () => Promise<string | undefined>;

/** @throws SluiceError SLUICE_INTERCEPTOR_PARAMS when the reference is incomplete. */
export function tokenReader(
  field: string,
  ref: Read<typeof secretRef.shape> | undefined,
  tools: InterceptorTools,
): ReadToken {
  if (ref === undefined) return async () => undefined;
  const { namespace, name, key } = secretOf("github", `${field}.personalAccessToken`, ref, tools);
  return async () => {
    const known = tools.secrets.peek(namespace, name);
    const data = known === undefined ? await readSecret(tools, namespace, name) : known;
    const token = data?.get(key);
    if (token === undefined) {
      const { secret, lack } = lackOf({ namespace, name, key }, data ?? null, tools.secrets);
      throw new GithubRefusal(`Secret ${secret} ${lack}: ${field} needs its token`);
    }
    return token.length === 0 ? undefined : token.toString("utf8");
  };
}

async function readSecret(tools: InterceptorTools, namespace: string, name: string) {
  try {
    return await tools.secrets.read(namespace, name);
  } catch (error) {
    const transient = error instanceof SluiceError && error.retry === "soon";
    throw new GithubRefusal(`Secret ${namespace}/${name} cannot be read: ${reasonOf(error)}`, { transient });
  }
}

/**
 * A way to ask about one event.
 *
 * @throws GithubRefusal when there is no way out, or when the event says that it comes from another GitHub than the
 *   one configured: neither the token nor a question about a namesake repository must reach that one.
 */
export function asker(
  event: Event,
  place: GithubPlace,
  token: string | undefined,
  tools: InterceptorTools,
): AskGithub {
  const { http } = tools;
  const claimed = header(event.headers, "X-Github-Enterprise-Host");
  if (claimed && claimed !== place.enterpriseHost) {
    throw new GithubRefusal(
      `the event comes from GitHub Enterprise ${quoted(claimed)}: set the parameter enterpriseHost to it`,
    );
  }
  if (http === undefined) throw new GithubRefusal(`${place.apiUrl} is not asked offline`);
  if (/[^\t\x20-\x7e\x80-\xff]/.test(token ?? "")) {
    throw new GithubRefusal(
      "the personal access token holds a line break: write its Secret again without one",
    );
  }
  return async (path) => {
    const headers = {
      Accept: ["application/vnd.github+json"],
      "User-Agent": ["sluice"],
      ...(token === undefined ? {} : { Authorization: [`Bearer ${token}`] }),
    };
    const answer = await http({ method: "GET", url: place.apiUrl + path, headers });
    if (answer.status === 404) return undefined;
    // 202 is a promise: the answer is being made.
    if (answer.status < 200 || answer.status > 299 || answer.status === 202) {
      const reason = `GitHub answered ${answer.status} to ${path}: ${quoted(answer.body.slice(0, 200))}`;
      throw new GithubRefusal(reason, { transient: passesWithTime(answer) });
    }
    const nextPage = nextPageOf(answer);
    return { json: jsonOf(path, answer.body), ...(nextPage === undefined ? {} : { nextPage }) };
  };
}

/** https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit */
function passesWithTime({ status, headers }: HttpResponse): boolean {
  if (status >= 500 || status === 429 || status === 202) return true;
  return (
    status === 403 &&
    (header(headers, "X-Ratelimit-Remaining") === "0" || header(headers, "Retry-After") !== undefined)
  );
}

/** Only the number is taken from the link: following a link would send the token where an answer points. */
function nextPageOf({ headers }: HttpResponse): number | undefined {
  const next = (header(headers, "Link") ?? "").split(",", 20).find((link) => /;\s*rel="?next"?/.test(link));
  const [, page] = /[?&]page=([0-9]{1,6})[&>]/.exec(next ?? "") ?? [];
  // Pages are counted from 1.
  return Number(page ?? 0) || undefined;
}

function jsonOf(path: string, body: string): JsonValue {
  try {
    return parseJson(body);
  } catch (error) {
    throw new GithubRefusal(`GitHub's answer to ${path} is no JSON: ${reasonOf(error)}`);
  }
}
