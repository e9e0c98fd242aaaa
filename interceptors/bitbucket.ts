/** Bitbucket Cloud and Data Center: X-Hub-Signature and the event types of X-Event-Key. Pings are signed like all else. */

import { gitHost } from "./git-host.ts";

export const bitbucket = gitHost({
  name: "bitbucket",
  summary: "Proves X-Hub-Signature and lets the named X-Event-Key types pass",
  eventHeader: "X-Event-Key",
});
