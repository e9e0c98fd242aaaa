/** GitHub's deliveries: Octokit's collection of examples, on the branch main as GitHub makes repositories since 2020. */

import { createRequire } from "node:module";
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/json.ts";
import { JSON_TYPE, type Sender } from "./sender.ts";
import { MESSAGE, SHA } from "./world.ts";

interface Collected {
  readonly name: string;
  readonly examples: readonly JsonObject[];
}

const collected = (): readonly Collected[] =>
  createRequire(import.meta.url)("@octokit/webhooks-examples") as readonly Collected[];

export const github: Sender = {
  name: "github",
  scheme: "github",
  get events() {
    return collected().flatMap(({ name, examples }) => {
      const actions = [...new Set(examples.map(actionOf))].filter((one) => one !== undefined);
      return actions.length === 0 ? [name] : [name, ...actions.map((action) => `${name}.${action}`)];
    });
  },
  headers: (event, id) => ({
    ...JSON_TYPE,
    accept: "*/*",
    "user-agent": "GitHub-Hookshot/sluice",
    "x-github-event": event.split(".")[0] as string,
    "x-github-delivery": id,
    "x-github-hook-id": "1",
    "x-github-hook-installation-target-type": "repository",
    "x-github-hook-installation-target-id": "1",
  }),
  payload(event) {
    const [name, action = name === "push" ? "branch" : undefined] = event.split(".");
    const examples = collected().find((one) => one.name === name)?.examples;
    const example = action === undefined ? examples?.[0] : examples?.find((one) => actionOf(one) === action);
    if (example === undefined) return undefined;
    const onMain = renamed(example, "") as JsonObject;
    return event === "push" || event === "push.branch" ? pushed(onMain) : onMain;
  },
};

/** What the payload says was done; pushes do not say, but those of tags and of branches start different triggers. */
function actionOf({ action, ref }: JsonObject): string | undefined {
  if (typeof action === "string") return action;
  const [, kind] = /^refs\/(tag|head)s\//.exec(String(ref)) ?? [];
  return kind === "head" ? "branch" : kind;
}

/** The names under which a payload has a branch. */
const BRANCHES: ReadonlySet<string> = new Set([
  ...["ref", "base_ref", "default_branch", "master_branch", "head_branch", "branch", "target_commitish"],
]);

/** The example with `main` where the collection, made in 2019, has `master`. */
function renamed(value: JsonValue, key: string): JsonValue {
  if (Array.isArray(value)) return value.map((one) => renamed(one, key));
  if (isJsonObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, renamed(one, name)]));
  if (typeof value !== "string") return value;
  if (value === "master" && BRANCHES.has(key)) return "main";
  return value.replace(/^refs\/heads\/master$/, "refs/heads/main").replace(/^([\w-]+):master$/, "$1:main");
}

/** The collection has a branch's creation only; most pushes are of a commit to a branch that is there. */
function pushed(example: JsonObject): JsonObject {
  const { repository, head_commit: head } = example;
  const url = String(isJsonObject(repository) ? repository["html_url"] : "");
  const commit = {
    ...(isJsonObject(head) ? head : {}),
    ...{ id: SHA.after, tree_id: SHA.tree, distinct: true, message: MESSAGE.second.trim() },
    ...{ url: `${url}/commit/${SHA.after}`, added: [], removed: [], modified: ["README.md"] },
  };
  return {
    ...example,
    ...{ before: SHA.before, after: SHA.after, created: false, deleted: false, forced: false },
    compare: `${url}/compare/${SHA.before.slice(0, 12)}...${SHA.after.slice(0, 12)}`,
    ...{ commits: [commit], head_commit: commit },
  };
}
