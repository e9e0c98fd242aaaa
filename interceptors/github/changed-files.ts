/** addChangedFiles: the files of a push or pull request, joined by commas, as the extension `changed_files`. */

import type { Event } from "../../src/core/delivery.ts";
import type { InterceptorTools } from "../../src/core/interceptor.ts";
import type { JsonObject, JsonValue } from "../../src/core/json.ts";
import { compareBytewise, isJsonObject, ownValue } from "../../src/core/json.ts";
import type { Read, secretRef } from "../params.ts";
import type { AskGithub, GithubPlace } from "./api.ts";
import { asker, GithubRefusal, tokenReader } from "./api.ts";
import type { Duty } from "./duty.ts";
import { integer, objectOf, pathPart, repositoryOf } from "./payload.ts";

/** GitHub lists 3,000 files at most, 100 a page. */
const MAX_PAGES = 30;

/** @throws SluiceError SLUICE_INTERCEPTOR_PARAMS. */
export function changedFiles(
  params: { readonly personalAccessToken?: Read<typeof secretRef.shape> },
  place: GithubPlace,
  tools: InterceptorTools,
): Duty {
  const readToken = tokenReader("addChangedFiles", params.personalAccessToken, tools);
  return {
    eventTypes: ["pull_request", "push"],
    remoteTypes: ["pull_request"],
    async run(event, eventType) {
      const token = await readToken();
      const files = eventType === "push" ? filesOfPush(event) : await filesOfPullRequest(event, token);
      return { continue: true, extensions: { changed_files: files.join(",") } };
    },
  };

  function filesOfPullRequest(event: Event, token: string | undefined): Promise<readonly string[]> {
    const body = objectOf(event.payload);
    const number = integer(body, "number");
    // A pull request has none, but where some are written Tekton reads them first.
    filesOfCommits(body);
    const { owner, name } = repositoryOf(body);
    const path = `repos/${pathPart(owner)}/${pathPart(name)}/pulls/${number}/files`;
    return listFiles(path, asker(event, place, token, tools));
  }
}

async function listFiles(path: string, ask: AskGithub): Promise<readonly string[]> {
  const files: string[] = [];
  let query: string | undefined = "per_page=100";
  for (let pages = 1; query !== undefined; pages++) {
    if (pages > MAX_PAGES) throw new GithubRefusal(`${path} has more than ${MAX_PAGES} pages`);
    const answer = await ask(`${path}?${query}`);
    if (answer === undefined) throw new GithubRefusal(`GitHub knows no ${path}, or the token may not see it`);
    for (const file of listOf(answer.json ?? [], path)) files.push(fileName(file));
    query = answer.nextPage === undefined ? undefined : `page=${answer.nextPage}&per_page=100`;
  }
  return files;
}

function fileName(file: JsonValue): string {
  const name = isJsonObject(file) ? ownValue(file, "filename") : undefined;
  if (typeof name !== "string") throw new GithubRefusal("GitHub listed a file without a name");
  return name;
}

function filesOfPush(event: Event): readonly string[] {
  const body = objectOf(event.payload);
  // Tekton crashes on these, so no trigger can rely on them passing.
  if (ownValue(body, "number") !== undefined) integer(body, "number");
  repositoryOf(body);
  return filesOfCommits(body);
}

function filesOfCommits(body: JsonObject): readonly string[] {
  const commits = ownValue(body, "commits");
  return Array.isArray(commits) ? commits.flatMap(filesOfCommit) : [];
}

function filesOfCommit(commit: JsonValue): string[] {
  if (!isJsonObject(commit)) throw new GithubRefusal("a commit of the push is no object");
  return ["added", "modified", "removed"].flatMap((kind) =>
    listOf(ownValue(commit, kind), `commits.*.${kind}`).map(printed),
  );
}

function listOf(value: JsonValue | undefined, what: string): readonly JsonValue[] {
  if (Array.isArray(value)) return value;
  throw new GithubRefusal(`${what} is no list`);
}

/** A value as Go's `%v` prints it: file names are texts, but Tekton takes what comes. */
function printed(value: JsonValue): string {
  if (value === null) return "<nil>";
  if (typeof value === "number") return printedNumber(value);
  if (Array.isArray(value)) return `[${value.map(printed).join(" ")}]`;
  if (!isJsonObject(value)) return String(value);
  const object: JsonObject = value;
  const keys = Object.keys(object).sort(compareBytewise);
  return `map[${keys.map((key) => `${key}:${printed(ownValue(object, key) ?? null)}`).join(" ")}]`;
}

/** `%v` of a float64: an exponent of two digits or more below 1e-4 and from 1e21. */
function printedNumber(value: number): string {
  if (Object.is(value, -0)) return "-0";
  const magnitude = Math.abs(value);
  if (magnitude === 0 || (magnitude >= 1e-4 && magnitude < 1e21)) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
}
