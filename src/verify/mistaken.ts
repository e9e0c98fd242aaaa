/** What a request without the demanded proof shows of why: another sender than was meant, or an old signature. */

import type { RequestHead } from "../core/delivery.ts";
import { header } from "../core/headers.ts";
import type { ProofDemand } from "../core/interceptor.ts";
import { PROVIDERS } from "../core/provider-table.ts";

/** As people write them; of other senders the headers do not say who made the webhook. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ["forgejo", "Forgejo"],
  ["gitea", "Gitea"],
  ["gogs", "Gogs"],
  ["github", "GitHub"],
  ["gitlab", "GitLab"],
  ["bitbucket", "Bitbucket"],
  ["slack", "Slack"],
]);

/** Who else signs as a scheme's provider does. */
const KIN: Readonly<Record<string, readonly string[]>> = {
  github: ["github", "gitea", "forgejo", "gogs"],
  gitlab: ["gitlab"],
  bitbucket: ["bitbucket"],
  slack: ["slack"],
};

/** Takes the place of the provider's name, and of the cure, of a proof that is missing. */
export interface Mistaken {
  readonly provider?: string;
  readonly cure?: string;
}

/** Tells by headers, which nobody has proved: words for operators, nothing that decides. */
export function mistaken({ scheme }: ProofDemand, { headers }: RequestHead): Mistaken {
  const kin = KIN[scheme];
  if (kin === undefined) return {};
  const sender = PROVIDERS.find(({ recognises }) => recognises(headers, undefined))?.name ?? "";
  const name = NAMES.get(sender);
  if (name !== undefined && !kin.includes(sender)) {
    const meant = NAMES.get(scheme) ?? scheme;
    const own = scheme !== "github" && KIN["github"]?.includes(sender) ? "github" : sender;
    return {
      cure: `By its headers this is from ${name}, and a proof of ${meant} is demanded: give the webhook the URL of a listener with a ${own} interceptor, or add a trigger with one here.`,
    };
  }
  if (scheme === "github" && header(headers, "X-Hub-Signature"))
    return {
      cure: `There is a secret, but only header X-Hub-Signature (sha1) came: update ${name ?? "the sender"}, which is too old for sha256, or let the proxy between pass X-Hub-Signature-256 on.`,
    };
  return name === undefined ? {} : { provider: name };
}
