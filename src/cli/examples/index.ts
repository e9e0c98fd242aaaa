/** The senders that `sluice send` and `sluice try` can speak for: all that src/core/provider-table.ts knows. */

import { azureDevops } from "./azure-devops.ts";
import { bitbucket } from "./bitbucket.ts";
import { forgejo, gitea, gogs } from "./gitea.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";
import { cloudevents, generic, slack, sns, standardWebhooks } from "./others.ts";
import type { Sender } from "./sender.ts";

export type { Sender } from "./sender.ts";

export const SENDERS: readonly Sender[] = [
  ...[github, gitlab, bitbucket, gitea, forgejo, gogs, azureDevops, slack, sns],
  ...[cloudevents, standardWebhooks, generic],
];
