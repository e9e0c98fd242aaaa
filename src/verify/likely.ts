/** Which secret proved a sender's hook last: where there are too many to try for a large body, that one is tried first. */

import type { RequestHead } from "../core/delivery.ts";
import { header } from "../core/headers.ts";
import type { ProofDemand } from "../core/interceptor.ts";
import { proofName } from "../core/proof.ts";

/** Headers by which providers name the webhook that sends. Not signed: they change the order, and nothing else. */
const HOOK_HEADERS = ["X-Github-Hook-Id", "X-Hook-Uuid", "X-Gitlab-Webhook-Uuid", "X-Gitea-Hook-Id"];
/** Up to so many secrets are tried for the largest body, in any order. */
const FEW = 8;
const MAX_HOOKS = 10_000;
const MAX_ID = 100;

export interface Likely {
  /** The demands with that one first which proved this hook last. @param scope tells listeners apart. */
  order(scope: string, head: RequestHead, demands: readonly ProofDemand[]): readonly ProofDemand[];
  /** Remembers what held, where order matters. */
  proved(scope: string, head: RequestHead, demands: readonly ProofDemand[], name: string): void;
}

export function createLikely(): Likely {
  const last = new Map<string, string>();

  return {
    order(scope, head, demands) {
      if (demands.length <= FEW) return demands;
      const hook = hookOf(scope, head);
      const name = hook === undefined ? undefined : last.get(hook);
      const first = name === undefined ? undefined : demands.find((demand) => proofName(demand) === name);
      return first === undefined ? demands : [first, ...demands.filter((demand) => demand !== first)];
    },
    proved(scope, head, demands, name) {
      const hook = demands.length <= FEW ? undefined : hookOf(scope, head);
      if (hook === undefined) return;
      last.delete(hook);
      const [oldest] = last.size >= MAX_HOOKS ? last.keys() : [];
      if (oldest !== undefined) last.delete(oldest);
      last.set(hook, name);
    },
  };
}

function hookOf(scope: string, { headers }: RequestHead): string | undefined {
  for (const name of HOOK_HEADERS) {
    const id = header(headers, name);
    if (id && id.length <= MAX_ID) return `${scope} ${name} ${id}`;
  }
  return undefined;
}
