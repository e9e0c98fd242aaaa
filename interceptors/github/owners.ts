/** githubOwners: pull requests pass when their sender is a member or owner, comments when such a one says /ok-to-test. */

import { parseAllDocuments } from "yaml";
import type { Event } from "../../src/core/delivery.ts";
import { reasonOf } from "../../src/core/errors.ts";
import type { InterceptorTools, Verdict } from "../../src/core/interceptor.ts";
import { GRPC, PASS } from "../../src/core/interceptor.ts";
import type { JsonValue } from "../../src/core/json.ts";
import { isJsonObject, ownValue } from "../../src/core/json.ts";
import { quoted } from "../../src/core/quoted.ts";
import type { Read, secretRef } from "../params.ts";
import type { AskGithub, GithubPlace } from "./api.ts";
import { asker, GithubRefusal, tokenReader } from "./api.ts";
import type { Duty } from "./duty.ts";
import { integer, objectOf, pathPart, repositoryOf, section } from "./payload.ts";

interface OwnersParams {
  readonly personalAccessToken?: Read<typeof secretRef.shape>;
  /** orgMembers, repoMembers, all (either) or none; the OWNERS file counts always. */
  readonly checkType?: string;
}

interface Question {
  readonly owner: string;
  readonly repository: string;
  readonly sender: string;
  /** Of a comment; undefined for a pull request. */
  readonly comment: string | undefined;
}

const EVENT_TYPES = ["pull_request", "issue_comment"];
/** Whoever can push to the repository writes this file, and reading it costs our CPU. */
const MAX_OWNERS = 128 * 1024;
const OK_TO_TEST = /(?:^|\n)\/ok-to-test(?:\r|\n|$)/;

/** @throws SluiceError SLUICE_INTERCEPTOR_PARAMS. */
export function ownersGate(params: OwnersParams, place: GithubPlace, tools: InterceptorTools): Duty {
  const { checkType } = params;
  const readToken = tokenReader("githubOwners", params.personalAccessToken, tools);
  return {
    eventTypes: EVENT_TYPES,
    remoteTypes: EVENT_TYPES,
    async run(event, eventType) {
      const token = await readToken();
      if (token === undefined && checkType !== "none") {
        return stop(`githubOwners.checkType ${checkType || "(none given)"} needs a personalAccessToken`);
      }
      const question = questionOf(event, eventType);
      if (question.comment !== undefined && !OK_TO_TEST.test(question.comment)) {
        return stop("the comment does not say /ok-to-test on a line of its own");
      }
      const why = await whyNot(question, checkType, asker(event, place, token, tools));
      return why === undefined ? PASS : stop(`${question.sender} is ${why.join(" and ")}`);
    },
  };
}

function stop(reason: string): Verdict {
  return { continue: false, code: GRPC.FAILED_PRECONDITION, reason };
}

function questionOf(event: Event, eventType: string): Question {
  const body = objectOf(event.payload);
  let comment: string | undefined;
  if (eventType === "issue_comment") {
    integer(section(body, "issue"), "number");
    const text = ownValue(section(body, "comment"), "body");
    if (typeof text !== "string") throw new GithubRefusal("the payload has no text comment.body");
    comment = text;
  } else integer(body, "number");
  const { owner, name } = repositoryOf(body);
  const login = ownValue(section(body, "sender"), "login");
  const sender = typeof login === "string" ? login : "";
  return { owner: pathPart(owner), repository: pathPart(name), sender, comment };
}

/** Undefined when the sender counts; else everything that he is not. Asks no further than it must. */
async function whyNot(
  { owner, repository, sender }: Question,
  checkType: string | undefined,
  ask: AskGithub,
): Promise<readonly string[] | undefined> {
  const missing: string[] = [];
  if (checkType === "orgMembers" || checkType === "all") {
    const members = await ask(`orgs/${owner}/public_members`);
    // 404: the owner is a person, no organisation.
    if (members !== undefined && hasLogin(members.json, sender)) return undefined;
    missing.push(`no public member of ${owner}${firstPageOnly(members?.nextPage)}`);
  }
  if (checkType === "repoMembers" || checkType === "all") {
    const people = await ask(`repos/${owner}/${repository}/collaborators`);
    if (people === undefined)
      throw new GithubRefusal(`the token may not see the collaborators of ${repository}`);
    if (hasLogin(people.json, sender)) return undefined;
    missing.push(`no collaborator of ${owner}/${repository}${firstPageOnly(people.nextPage)}`);
  }
  const file = await ask(`repos/${owner}/${repository}/contents/OWNERS`);
  if (file !== undefined && ownersIn(contentOf(file.json)).includes(sender.toLowerCase())) return undefined;
  return [...missing, `not named in ${file === undefined ? "OWNERS, which does not exist" : "OWNERS"}`];
}

/** Tekton reads one page of members, and so do we: whom the gate lets in must not change with the gateway. */
function firstPageOnly(nextPage: number | undefined): string {
  return nextPage === undefined ? "" : " (only the first page of the list counts)";
}

function hasLogin(users: JsonValue, sender: string): boolean {
  if (!Array.isArray(users)) throw new GithubRefusal("GitHub's list of people is no list");
  return users.some((user: JsonValue) => {
    const login = isJsonObject(user) ? ownValue(user, "login") : undefined;
    if (typeof login !== "string") throw new GithubRefusal("GitHub listed somebody without a login");
    return login === sender;
  });
}

/** https://docs.github.com/rest/repos/contents#get-repository-content */
function contentOf(file: JsonValue): string {
  if (!isJsonObject(file)) throw new GithubRefusal("OWNERS is a directory");
  const [encoding, content] = [ownValue(file, "encoding") ?? "", ownValue(file, "content") ?? ""];
  if (typeof content !== "string") throw new GithubRefusal("OWNERS has no content");
  if (encoding === "") return content;
  if (encoding === "base64") return Buffer.from(content, "base64").toString("utf8");
  throw new GithubRefusal(`OWNERS comes in the encoding ${quoted(String(encoding))}`);
}

/** Approvers and reviewers in lower case. Every scalar is read as text, so that a login like `007` stays one. */
function ownersIn(text: string): readonly string[] {
  if (text.length > MAX_OWNERS) throw new GithubRefusal(`OWNERS is longer than ${MAX_OWNERS} characters`);
  let owners: unknown;
  try {
    // Of several documents the first counts.
    const [document] = parseAllDocuments(text, { schema: "failsafe", uniqueKeys: false, logLevel: "silent" });
    const [error] = document?.errors ?? [];
    if (error !== undefined) throw error;
    owners = document?.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new GithubRefusal(`OWNERS is no valid YAML: ${quoted(reasonOf(error))}`);
  }
  if (owners === null || owners === undefined || owners === "") return [];
  if (typeof owners !== "object" || Array.isArray(owners)) throw new GithubRefusal("OWNERS holds no mapping");
  return ["approvers", "reviewers"].flatMap((role) => {
    const names: unknown = Object.hasOwn(owners, role) ? Reflect.get(owners, role) : [];
    if (names === null || names === "" || names === "~" || names === "null") return [];
    if (!Array.isArray(names) || !names.every((name) => typeof name === "string")) {
      throw new GithubRefusal(`${role} in OWNERS is no list of names`);
    }
    return names.map((name) => name.toLowerCase());
  });
}
