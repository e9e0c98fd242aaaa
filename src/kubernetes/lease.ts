/** Leader election by a Lease: of all gateways that ask, one works at a time; who stops renewing is succeeded. */

import { setTimeout as wait } from "node:timers/promises";
import { asFault, fault, type SluiceError } from "../core/errors.ts";
import type { Api } from "./api.ts";
import type { LeaseObject } from "./lease-object.ts";
import { isHeldBy, leasePath, leaseText, readLease, specOf } from "./lease-object.ts";
import { readStatus } from "./status.ts";

export interface LeaseNeeds {
  readonly api: Api;
  readonly namespace: string;
  readonly name: string;
  /** Unique to this process. */
  readonly identity: string;
  /**
   * The work of the leader: started when the Lease is ours, told by the signal to end at once when it is no longer, or
   * when {@link Lease.close} is called. The Lease is given back when the promise has settled.
   */
  readonly lead: (signal: AbortSignal) => Promise<void>;
  /** Told once of each trouble that begins, and with undefined when it is over. */
  readonly onTrouble?: (error: SluiceError | undefined) => void;
  readonly timing?: LeaseTiming;
  /** Milliseconds, never going back. */
  readonly clock?: () => number;
}

/** Milliseconds, as client-go has them. */
export interface LeaseTiming {
  /** Others wait so long, from when they saw the last change, before they take over. */
  readonly duration: number;
  /** The leader gives up when it could not renew for so long; shorter than `duration`. */
  readonly deadline: number;
  /** Between tries. */
  readonly retry: number;
}

export interface Lease {
  readonly leading: boolean;
  /** Ends the work, gives the Lease back. */
  close(): Promise<void>;
}

const TIMING: LeaseTiming = { duration: 15_000, deadline: 10_000, retry: 2_000 };
const LONGEST_END_MS = 2_000;
/** A Lease that another holds is believed for so long at most, whatever stands in it. */
const MAX_DURATION_MS = 600_000;

/**
 * Starts asking for the Lease, and asks again for as long as it is not closed.
 *
 * Nobody's clock is believed: what counts is how long ago, by our own clock, the Lease was last seen to change
 * (k8s.io/client-go/tools/leaderelection).
 */
export function createLease(needs: LeaseNeeds): Lease {
  const { api, identity, lead, onTrouble, timing = TIMING, clock = () => performance.now() } = needs;
  const closing = new AbortController();
  let seen: { readonly spec: string; readonly at: number } | undefined;
  let ours: LeaseObject | undefined;
  let term:
    | { readonly end: AbortController; readonly work: Promise<void>; expiry: NodeJS.Timeout }
    | undefined;
  let troubled = "";

  async function ask(): Promise<void> {
    const at = clock();
    try {
      const held = await takeOrRenew();
      trouble(undefined);
      if (held) return await begin(at);
      await end();
    } catch (error) {
      // The leader goes on till its deadline: an API server that restarts must not end every term.
      trouble(asFault(error));
    }
  }

  /** True when the Lease is ours from now on. */
  async function takeOrRenew(): Promise<boolean> {
    // What we wrote last is still there if nobody took over: one request instead of two.
    if (term !== undefined && ours !== undefined && (await write("PUT", ours))) return true;
    const response = await api.send({ method: "GET", path: leasePath(needs) });
    if (response.status === 404) return write("POST", undefined);
    if (response.status !== 200) throw refused(response, "get");
    const found = readLease(response.body);
    if (found === undefined)
      throw fault("SLUICE_LEASE", { ...about(), reason: "what was answered is no Lease" });
    const spec = specOf(found);
    if (spec !== seen?.spec) seen = { spec, at: clock() };
    const free = found.holder === "" || isHeldBy(found, identity);
    const expired = clock() >= seen.at + Math.min(found.durationMs, MAX_DURATION_MS);
    return free || expired ? write("PUT", found) : false;
  }

  /** False when somebody else was faster. */
  async function write(method: "POST" | "PUT", before: LeaseObject | undefined): Promise<boolean> {
    const body = leaseText({ ...needs, before, durationMs: timing.duration, now: Date.now() });
    const response = await api.send({ method, path: leasePath(needs, method === "POST"), body });
    if (response.status === 409 || (response.status === 404 && method === "PUT")) {
      ours = undefined;
      return false;
    }
    if (response.status !== 200 && response.status !== 201)
      throw refused(response, method === "PUT" ? "update" : "create");
    ours = readLease(response.body);
    return true;
  }

  async function begin(renewedAt: number): Promise<void> {
    if (closing.signal.aborted) return;
    const left = renewedAt + timing.deadline - clock();
    if (left <= 0) return end();
    if (term === undefined) {
      const stop = new AbortController();
      const work = lead(stop.signal).catch((error: unknown) => trouble(asFault(error)));
      term = { end: stop, work, expiry: setTimeout(() => void end(), left) };
      return;
    }
    clearTimeout(term.expiry);
    term.expiry = setTimeout(() => void end(), left);
  }

  async function end(): Promise<void> {
    const ended = term;
    term = undefined;
    if (ended === undefined) return;
    clearTimeout(ended.expiry);
    ended.end.abort();
    await ended.work;
  }

  async function run(): Promise<void> {
    while (!closing.signal.aborted) {
      await ask();
      // A fifth of jitter, as client-go: gateways that start together should not ask together for ever.
      const pause = timing.retry * (1 + Math.random() / 5);
      await wait(pause, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
    }
  }

  async function giveBack(): Promise<void> {
    if (ours === undefined) return;
    const body = leaseText({ ...needs, identity: "", before: ours, durationMs: 1_000, now: Date.now() });
    // Whoever comes next waits the duration out when this cannot be said.
    await api.send({ method: "PUT", path: leasePath(needs), body }).catch(() => undefined);
  }

  function trouble(error: SluiceError | undefined): void {
    const now = error?.message ?? "";
    if (now !== troubled && !closing.signal.aborted) onTrouble?.(error);
    troubled = now;
  }

  const about = () => ({ namespace: needs.namespace, name: needs.name });

  function refused(response: { status: number; headers: object; body: string }, verb: string): SluiceError {
    const { message } = readStatus({ ...response, headers: {} });
    return fault("SLUICE_LEASE", { ...about(), reason: `${verb}: ${response.status}: ${message}` });
  }

  const running = run();
  return {
    get leading() {
      return term !== undefined;
    },
    async close() {
      closing.abort();
      await end();
      // A request that takes the Lease may be under way. One that hangs is not waited for: others wait the duration out.
      await Promise.race([running, wait(LONGEST_END_MS, undefined, { ref: false })]);
      await giveBack();
    },
  };
}
