/** CloudEvents about the processing of deliveries, sent to a listener's `cloudEventURI`: another listener of facts. */

import { setTimeout as wait } from "node:timers/promises";
import type { ObjectName } from "../core/delivery.ts";
import { asFault } from "../core/errors.ts";
import type { Fact, Tell } from "../core/fact.ts";
import type { HttpClient } from "../core/interceptor.ts";
import { printJson } from "../core/json.ts";
import type { Plans } from "../core/plan.ts";
import { shownUrl } from "../core/url.ts";

export interface CloudEventNeeds {
  readonly plans: Pick<Plans, "find">;
  readonly http: HttpClient;
  /** Hears of events that could not be sent, and when a listener's subscriber goes away and comes back. */
  readonly tell: Tell;
  /** Milliseconds before the second try; each further wait is twice as long. Default 100. */
  readonly firstWaitMs?: number;
}

export interface CloudEvents {
  /** Sends what a fact means to Tekton's subscribers, in the background. */
  readonly notify: Tell;
  /** Resolves when nothing is on its way any more. */
  idle(): Promise<void>;
  /** Nothing is tried again; what does not arrive in {@link LAST_MS} is told as lost. */
  stop(): Promise<void>;
}

/** What became of the processing, in the words of Tekton (pkg/reconciler/events/event.go). */
type Stage = "started" | "done" | "successful";

interface Notice {
  readonly stage: Stage;
  readonly listener: ObjectName;
  readonly delivery: string;
  readonly trigger?: ObjectName;
}

const TRIES = 5;
/** Events on their way at once. A broker that is away must cost neither memory nor deliveries. */
const MAX_SENDING = 256;
/** Milliseconds that a subscriber has at the end for what is on its way to it. */
const LAST_MS = 500;

/**
 * Tells subscribers as Tekton does, once for a delivery (`started`, `done`) and once for each trigger that has fired
 * (`successful`). Tekton says nothing of a trigger that fails or says no: its `failed` is a request that it could not
 * take (tektoncd/triggers pkg/sink/sink.go), and such a one has no id here. Beyond Tekton each event names its trigger,
 * and none holds a header of the delivery.
 */
export function createCloudEvents(needs: CloudEventNeeds): CloudEvents {
  const { plans, http, tell, firstWaitMs = 100 } = needs;
  const sending = new Map<Promise<void>, ObjectName>();
  const away = new Map<string, { readonly since: number; lost: number }>();
  const stopping = new AbortController();

  function notify(fact: Fact): void {
    for (const notice of noticesOf(fact)) {
      const { namespace, name } = notice.listener;
      const target = plans.find(namespace, name)?.cloudEventURI;
      if (target === undefined || target === "") continue;
      if (stopping.signal.aborted) lose(notice.listener, "stopping");
      else if (sending.size >= MAX_SENDING) lose(notice.listener, "busy");
      else {
        const sent = send(target, notice).finally(() => sending.delete(sent));
        sending.set(sent, notice.listener);
      }
    }
  }

  async function send(url: string, notice: Notice): Promise<void> {
    const { listener } = notice;
    const request = { method: "POST", url, ...messageOf(notice) };
    for (let tries = 1; ; tries++) {
      try {
        const { status } = await http(request);
        if (status >= 300) throw new Error(`it answered ${status}`);
        return arrived(listener, url);
      } catch (error) {
        const again = tries < TRIES && !stopping.signal.aborted && (await waited(tries));
        if (again) continue;
        if (!stopping.signal.aborted) missed(listener, url, error);
        else if (!given) lose(listener, "stopping");
        return;
      }
    }
  }

  /** False when it is time to stop. */
  function waited(tries: number): Promise<boolean> {
    const options = { ref: false, signal: stopping.signal };
    return wait(firstWaitMs * 2 ** (tries - 1), true, options).catch(() => false);
  }

  /** One word about it when that begins: it may be away for days. */
  function missed(listener: ObjectName, url: string, error: unknown): void {
    const key = nameOf(listener);
    if (!away.has(key)) {
      away.set(key, { since: performance.now(), lost: 0 });
      const { values, message } = asFault(error);
      tell({ type: "subscriber.away", listener, url: shownUrl(url), reason: values["reason"] ?? message });
    }
    lose(listener, "away");
  }

  function arrived(listener: ObjectName, url: string): void {
    const key = nameOf(listener);
    const was = away.get(key);
    if (was === undefined) return;
    away.delete(key);
    const after = performance.now() - was.since;
    tell({ type: "subscriber.back", listener, url: shownUrl(url), after, lost: was.lost });
  }

  function lose(listener: ObjectName, why: "away" | "busy" | "stopping"): void {
    const was = away.get(nameOf(listener));
    if (was !== undefined) was.lost++;
    tell({ type: "cloudevent.lost", listener, why });
  }

  let given = false;
  async function idle(): Promise<void> {
    while (sending.size > 0) await Promise.all(sending.keys());
  }

  return {
    notify,
    idle,
    async stop() {
      stopping.abort();
      await Promise.race([idle(), wait(LAST_MS, undefined, { ref: false })]);
      given = true;
      for (const listener of sending.values()) lose(listener, "stopping");
    },
  };
}

const nameOf = ({ namespace, name }: ObjectName): string => `${namespace}/${name}`;

function noticesOf(fact: Fact): readonly Notice[] {
  switch (fact.type) {
    case "delivery.accepted": {
      const { id: delivery, listener, outcome } = fact;
      if (outcome === "duplicate") return [];
      return [
        { stage: "started", listener, delivery },
        { stage: "done", listener, delivery },
      ];
    }
    case "job.attempted": {
      const { listener, delivery, trigger } = fact.job;
      return fact.attempt.outcome === "done" ? [{ stage: "successful", listener, delivery, trigger }] : [];
    }
    default:
      return [];
  }
}

/** Binary mode of the CloudEvents HTTP binding, with Tekton's id, subject and type. */
function messageOf({ stage, listener, delivery, trigger }: Notice) {
  const { namespace, name } = listener;
  const source = `/apis/triggers.tekton.dev/v1beta1/namespaces/${namespace}/EventListener/${name}`;
  return {
    headers: {
      "Content-Type": ["application/json"],
      "Ce-Specversion": ["1.0"],
      "Ce-Type": [`dev.tekton.event.triggers.${stage}.v1`],
      "Ce-Source": [source],
      "Ce-Id": [delivery],
      "Ce-Subject": [`${name} processing ${delivery}`],
    },
    body: printJson({ eventListener: name, namespace, eventID: delivery, trigger: trigger?.name }),
  };
}
