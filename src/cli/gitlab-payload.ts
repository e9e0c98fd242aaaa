/** Small GitLab payloads with the fields that triggers usually look at; npm has no collection of real ones. */

import { misused } from "./verb.ts";

const project = {
  id: 15,
  name: "Diaspora",
  path_with_namespace: "mike/diaspora",
  web_url: "https://gitlab.example/mike/diaspora",
  git_http_url: "https://gitlab.example/mike/diaspora.git",
  git_ssh_url: "git@gitlab.example:mike/diaspora.git",
  default_branch: "main",
};
const revision = "da1560886d4f094c3e6c9ef40349f7d38b5d27d7";
const user = { id: 4, name: "Mike", username: "mike" };

const PAYLOADS: Readonly<Record<string, object>> = {
  push: {
    object_kind: "push",
    event_name: "push",
    before: "95790bf891e76fee5e1747ab589903a6a1f80f22",
    after: revision,
    ref: "refs/heads/main",
    checkout_sha: revision,
    user_id: user.id,
    user_username: user.username,
    project_id: project.id,
    project,
    commits: [{ id: revision, message: "fixed readme\n", added: [], modified: ["README.md"], removed: [] }],
    total_commits_count: 1,
  },
  merge_request: {
    object_kind: "merge_request",
    event_type: "merge_request",
    user,
    project,
    object_attributes: {
      id: 99,
      iid: 1,
      action: "open",
      state: "opened",
      title: "MS-Viewport",
      source_branch: "ms-viewport",
      target_branch: "main",
      last_commit: { id: revision, message: "fixed readme\n" },
    },
  },
  tag_push: {
    object_kind: "tag_push",
    before: "0000000000000000000000000000000000000000",
    after: revision,
    ref: "refs/tags/v1.0.0",
    checkout_sha: revision,
    user_username: user.username,
    project,
  },
};

/** @throws SluiceError SLUICE_ARGUMENT_INVALID for an event without an example. */
export function gitlabPayload(event: string): string {
  const found = Object.hasOwn(PAYLOADS, event) ? PAYLOADS[event] : undefined;
  if (found !== undefined) return JSON.stringify(found);
  const reason = `no example of "${event}"; there are ${Object.keys(PAYLOADS).join(", ")}`;
  throw misused("event", reason);
}
