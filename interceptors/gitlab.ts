/** GitLab: the secret token (or the signing token of 2026) and the event types of X-Gitlab-Event. */

import { gitHost } from "./git-host.ts";

export const gitlab = gitHost({
  name: "gitlab",
  summary: "Proves X-Gitlab-Token and lets the named X-Gitlab-Event types pass",
  eventHeader: "X-Gitlab-Event",
});
