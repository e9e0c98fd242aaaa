/** GitHub: the signature and event types; changed files as an extension; the gate for owners and members. */

import type { Event } from "../src/core/delivery.ts";
import { header } from "../src/core/headers.ts";
import type { InterceptorTools, Verdict } from "../src/core/interceptor.ts";
import { defineInterceptor, GRPC, PASS } from "../src/core/interceptor.ts";
import { eventFilter, gitHostShape, proofOf } from "./git-host.ts";
import { apiUrlOf, GithubRefusal } from "./github/api.ts";
import { changedFiles } from "./github/changed-files.ts";
import type { Duty } from "./github/duty.ts";
import { ownersGate } from "./github/owners.ts";
import { flag, object, readParams, secretRef, text } from "./params.ts";

const shape = object({
  ...gitHostShape,
  addChangedFiles: object({ enabled: flag, personalAccessToken: secretRef }),
  githubOwners: object({ enabled: flag, personalAccessToken: secretRef, checkType: text }),
  // Ours: Tekton believes X-GitHub-Enterprise-Host, which no signature covers, and sends the token there.
  enterpriseHost: text,
});

export const github = defineInterceptor({
  name: "github",
  summary: "Proves X-Hub-Signature-256, lets the named event types pass, adds changed files, asks for owners",
  shape,
  compile(params, tools: InterceptorTools) {
    const read = readParams("github", shape, params);
    const { secretRef: proof, eventTypes, addChangedFiles, githubOwners, enterpriseHost } = read;
    const filter = eventFilter("X-Github-Event", eventTypes);
    const place = { apiUrl: apiUrlOf(enterpriseHost), enterpriseHost };
    const duties: Duty[] = [];
    if (addChangedFiles?.enabled) duties.push(changedFiles(addChangedFiles, place, tools));
    if (githubOwners?.enabled) duties.push(ownersGate(githubOwners, place, tools));
    const mayAsk = duties.flatMap((duty) => duty.remoteTypes);
    const remote = mayAsk.some((type) => eventTypes === undefined || eventTypes.includes(type));
    return {
      ...proofOf("github", proof, tools),
      ...(remote && { remote }),
      ...((eventTypes !== undefined || githubOwners?.enabled) && { filters: true }),
      intercept(event) {
        if (header(event.headers, "Content-Type") === "application/x-www-form-urlencoded") {
          const reason = "GitHub sends a form; set the webhook's content type to application/json";
          return { continue: false, code: GRPC.INVALID_ARGUMENT, reason };
        }
        const verdict = filter(event);
        if (!verdict.continue || duties.length === 0) return verdict;
        const type = header(event.headers, "X-Github-Event") ?? "";
        const due = duties.filter((duty) => duty.eventTypes.includes(type));
        return due.length === 0 ? PASS : runAll(due, event, type);
      },
    };
  },
});

/** Every duty must agree; Tekton skips the owners once it has added the changed files. */
async function runAll(duties: readonly Duty[], event: Event, type: string): Promise<Verdict> {
  let merged = {};
  try {
    for (const duty of duties) {
      const verdict = await duty.run(event, type);
      if (!verdict.continue) return verdict;
      merged = { ...merged, ...verdict.extensions };
    }
  } catch (error) {
    if (!(error instanceof GithubRefusal)) throw error;
    const { message: reason, transient } = error;
    return { continue: false, code: GRPC.FAILED_PRECONDITION, reason, ...(transient && { transient }) };
  }
  return Object.keys(merged).length === 0 ? PASS : { continue: true, extensions: merged };
}
