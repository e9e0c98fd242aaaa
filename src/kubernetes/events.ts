/** Kubernetes Events about objects: what repeats is counted in one Event, and nobody can make us flood the cluster. */

import { hash } from "node:crypto";
import { REPORTER } from "../core/labels.ts";
import type { Api } from "./api.ts";
import { isEnding, mergePatch, microTime, refusedWrite } from "./write.ts";

/** What an Event is about. */
export interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface Said {
  readonly type: "Normal" | "Warning";
  /** One word in CamelCase. */
  readonly reason: string;
  /** What was done or not done, one word. */
  readonly action: string;
  /** For people. */
  readonly note: string;
}

export interface EventNeeds {
  readonly api: Api;
  /** Of this process. */
  readonly instance: string;
  /** Milliseconds, never going back. */
  readonly clock?: () => number;
}

export interface Events {
  /**
   * Says something of an object; nothing where too much was said of it lately.
   *
   * @returns whether it was said.
   * @throws SluiceError when the server refuses or does not answer.
   */
  say(regarding: Regarding, said: Said): Promise<boolean>;
}

/** Of one object: so many Events at once, and one more each so many milliseconds (client-go's spam filter has 25 and 5 min). */
const BURST = 10;
const EACH_MS = 300_000;
/** Objects whose counts are remembered. */
const MAX_OBJECTS = 2_000;
/** Bytes of a note (k8s.io/api/events/v1). */
const MAX_NOTE = 1_024;

export function createEvents({ api, instance, clock = () => performance.now() }: EventNeeds): Events {
  const spent = new Map<string, { readonly tokens: number; readonly at: number }>();
  const counts = new Map<string, number>();

  function maySay(key: string): boolean {
    const now = clock();
    const { tokens, at } = spent.get(key) ?? { tokens: BURST, at: now };
    const left = Math.min(BURST, tokens + (now - at) / EACH_MS);
    remember(spent, key, { tokens: left >= 1 ? left - 1 : left, at: now });
    return left >= 1;
  }

  return {
    async say(regarding, said) {
      const { namespace, name, uid } = regarding;
      if (!maySay(`${namespace}/${name}`)) return false;
      const note = shortened(said.note);
      const digest = hash("sha256", JSON.stringify([uid, said.type, said.reason, note])).slice(0, 16);
      const event = `${name.slice(0, 200).replace(/[-.]+$/, "")}.${digest}`;
      const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
      const eventTime = microTime();
      const body = JSON.stringify({
        apiVersion: "events.k8s.io/v1",
        kind: "Event",
        metadata: { name: event, namespace },
        ...{ eventTime, regarding, note, type: said.type, reason: said.reason, action: said.action },
        ...{ reportingController: REPORTER, reportingInstance: instance.slice(0, 128) },
      });
      const made = await api.send({ method: "POST", path, body });
      if (made.status === 201) return true;
      // Nobody reads Events of a namespace that goes, and with it what they are about.
      if (isEnding(made)) return false;
      if (made.status !== 409) throw refusedWrite(made, `create Event ${namespace}/${event}`);
      // Said before, by us or by the gateway that led before.
      const count = (counts.get(event) ?? 1) + 1;
      remember(counts, event, count);
      const series = { count, lastObservedTime: eventTime };
      const counted = await api.send(mergePatch(`${path}/${event}`, { series }));
      // An Event lives for an hour; one that went just now is not missed.
      if (counted.status !== 200 && counted.status !== 404)
        throw refusedWrite(counted, `patch Event ${namespace}/${event}`);
      return true;
    },
  };
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= MAX_OBJECTS) break;
    map.delete(oldest);
  }
}

function shortened(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= MAX_NOTE) return note;
  // A sign that is cut in two becomes one that stands for it, of three bytes.
  return `${bytes.subarray(0, MAX_NOTE - 6).toString()}…`;
}
