/** Event types of `github`, `gitlab` and `bitbucket` that are spelled otherwise than the host does: they let nothing pass. */

import type { JsonValue } from "../../core/json.ts";
import { ownValue } from "../../core/json.ts";
import { nearest } from "../../core/nearest.ts";
import type { InterceptorSpec, TektonObject } from "../../core/tekton.ts";
import type { Path } from "../index.ts";
import { isBuiltIn } from "./chain.ts";
import type { Finding } from "./finding.ts";

// X-GitHub-Event (docs.github.com/en/webhooks), X-Gitlab-Event (docs.gitlab.com, webhook events), X-Event-Key of
// Bitbucket Cloud and Data Center (their own pages on event payloads).
const GITHUB =
  "branch_protection_configuration branch_protection_rule check_run check_suite code_scanning_alert commit_comment create custom_property custom_property_values delete dependabot_alert deploy_key deployment deployment_protection_rule deployment_review deployment_status discussion discussion_comment fork github_app_authorization gollum installation installation_repositories installation_target issue_comment issue_dependencies issues label marketplace_purchase member membership merge_group meta milestone org_block organization package page_build personal_access_token_request ping project project_card project_column projects_v2 projects_v2_item projects_v2_status_update public pull_request pull_request_review pull_request_review_comment pull_request_review_thread push registry_package release repository repository_advisory repository_dispatch repository_import repository_ruleset repository_vulnerability_alert secret_scanning_alert secret_scanning_alert_location secret_scanning_scan security_advisory security_and_analysis sponsorship star status sub_issues team team_add watch workflow_dispatch workflow_job workflow_run";
const GITLAB =
  "Push Hook,Tag Push Hook,Issue Hook,Confidential Issue Hook,Note Hook,Confidential Note Hook,Merge Request Hook,Wiki Page Hook,Pipeline Hook,Job Hook,Deployment Hook,Feature Flag Hook,Release Hook,Milestone Hook,Emoji Hook,Member Hook,Subgroup Hook,Project Hook,Resource Access Token Hook,Vulnerability Hook,System Hook,Work Item Hook";
const BITBUCKET =
  "repo:push repo:fork repo:updated repo:transfer repo:commit_comment_created repo:commit_status_created repo:commit_status_updated repo:deleted issue:created issue:updated issue:comment_created pullrequest:created pullrequest:updated pullrequest:changes_request_created pullrequest:changes_request_removed pullrequest:approved pullrequest:unapproved pullrequest:fulfilled pullrequest:rejected pullrequest:comment_created pullrequest:comment_updated pullrequest:comment_deleted pullrequest:comment_resolved pullrequest:comment_reopened diagnostics:ping repo:refs_changed repo:modified repo:forked repo:comment:added repo:comment:edited repo:comment:deleted repo:secret_detected mirror:repo_synchronized pr:opened pr:from_ref_updated pr:modified pr:reviewer:updated pr:reviewer:approved pr:reviewer:unapproved pr:reviewer:needs_work pr:reviewer:changes_requested pr:merged pr:declined pr:deleted pr:comment:added pr:comment:edited pr:comment:deleted";
const TYPES: ReadonlyMap<string, readonly string[]> = new Map([
  ["github", GITHUB.split(" ")],
  ["gitlab", GITLAB.split(",")],
  ["bitbucket", BITBUCKET.split(" ")],
]);

/** Characters of a name that is compared. */
const LONGEST = 100;

/** What people call an event after another host, by its letters alone. */
const ALIASES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  github: { mergerequest: "pull_request", tagpush: "push", pullrequests: "pull_request", issue: "issues" },
  gitlab: {
    pullrequest: "Merge Request Hook",
    issues: "Issue Hook",
    comment: "Note Hook",
    build: "Job Hook",
  },
  bitbucket: { push: "repo:push", pullrequest: "pullrequest:created" },
};

/** @param path of the object that has the interceptors. */
export function checkEventTypes(
  owner: TektonObject,
  path: Path,
  interceptors: readonly InterceptorSpec[],
): readonly Finding[] {
  return interceptors.flatMap((spec, index) => {
    const names = Object.keys(spec.params);
    const param = names.find((name) => name.toLowerCase() === "eventtypes");
    const types = param === undefined ? undefined : ownValue(spec.params, param);
    if (param === undefined || !Array.isArray(types)) return [];
    const at = [...path, "interceptors", index, "params", names.indexOf(param), "value"];
    return [...TYPES].flatMap(([host, known]) =>
      isBuiltIn(spec, host) ? misspelt(types as readonly JsonValue[], host, known, { owner, path: at }) : [],
    );
  });
}

function misspelt(
  types: readonly JsonValue[],
  host: string,
  known: readonly string[],
  { owner, path }: Pick<Finding, "owner" | "path">,
): readonly Finding[] {
  return types.flatMap((type, i): readonly Finding[] => {
    if (typeof type !== "string" || type.length > LONGEST || known.includes(type)) return [];
    const meant = meantBy(type, host, known);
    if (meant === undefined) return [];
    const action = host === "github" ? /\.(\w+)$/.exec(type)?.[1] : undefined;
    const more = action === undefined ? "" : ` and filter by body.action == '${action}' in a cel interceptor`;
    const values = { host, type: JSON.stringify(type.slice(0, 80)), meant, more };
    return [{ code: "SLUICE_EVENT_TYPE", values, owner, path: [...path, i] }];
  });
}

/** The known event that has these letters; of those that hosts may add one day nothing is said. */
function meantBy(type: string, host: string, known: readonly string[]): string | undefined {
  const base = host === "github" ? type.replace(/\.\w+$/, "") : type;
  const letters = lettersOf(base);
  const same = known.find((one) => lettersOf(one) === letters);
  const aliases = ALIASES[host] ?? {};
  return same ?? (Object.hasOwn(aliases, letters) ? aliases[letters] : nearest(base, known, 1));
}

function lettersOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[\s_]*(?:hooks?|events?)$/, "")
    .replace(/[^a-z0-9:]/g, "");
}
