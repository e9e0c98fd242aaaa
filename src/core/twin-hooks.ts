/** Two webhooks of GitHub whose events fire the same trigger: it runs twice for each, and people wonder why. */

import type { Decision } from "./decision.ts";
import type { Delivery, ObjectName } from "./delivery.ts";
import { header } from "./headers.ts";
import type { DeliveryFacts } from "./provider.ts";

/** Deliveries that are remembered: those of two hooks come within moments. */
const MAX_REMEMBERED = 1_000;
/** Pairs that are told in the life of a process; strangers choose the ids of their hooks. */
const MAX_TOLD = 100;

export interface TwinHooks {
  readonly listener: ObjectName;
  readonly hooks: readonly [string, string];
}

/**
 * Makes the function that is shown each delivery that was taken.
 *
 * @returns the two hooks, once for each pair, when a second one sends a delivery id that another sent before, and the same
 *   trigger matched both. Where a filter chooses between them, nothing runs twice; what a worker decides is not known here.
 */
export function createTwinHooks(): (
  delivery: Pick<Delivery, "headers" | "listener" | "replayOf">,
  facts: Pick<DeliveryFacts, "provider" | "providerId">,
  decisions: readonly Pick<Decision, "result" | "shown" | "trigger">[] | undefined,
) => TwinHooks | undefined {
  const senders = new Map<string, { readonly hook: string; readonly fired: readonly string[] }>();
  const told = new Set<string>();
  return ({ headers, listener, replayOf }, { provider, providerId }, decisions) => {
    if (provider !== "github" || providerId === undefined || replayOf !== undefined) return undefined;
    const hook = header(headers, "X-Github-Hook-Id")?.slice(0, 64);
    if (hook === undefined) return undefined;
    const fired = (decisions ?? [])
      .filter(({ result }) => result === "matched")
      .map(({ trigger, shown }) => shown ?? `${trigger.namespace}/${trigger.name}`);
    if (fired.length === 0) return undefined;
    const where = `${listener.namespace}/${listener.name}`;
    const key = `${where} ${providerId}`;
    const other = senders.get(key);
    if (other === undefined) {
      const [oldest] = senders.size >= MAX_REMEMBERED ? senders.keys() : [];
      if (oldest !== undefined) senders.delete(oldest);
      senders.set(key, { hook, fired });
      return undefined;
    }
    const pair = JSON.stringify([where, ...[other.hook, hook].sort()]);
    if (other.hook === hook || told.has(pair) || told.size >= MAX_TOLD) return undefined;
    if (!fired.some((trigger) => other.fired.includes(trigger))) return undefined;
    told.add(pair);
    return { listener, hooks: [other.hook, hook] };
  };
}
