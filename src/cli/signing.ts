/** Signs a test delivery as the listener's triggers demand it, and says with what, or why it goes out unsigned. */

import type { ProofDemand, SecretKey } from "../core/interceptor.ts";
import type { ListenerPlan } from "../core/plan.ts";
import { demandsOf, proofName } from "../core/proof.ts";
import { validValues } from "../core/secrets.ts";
import { canSign, headerOf, type Outgoing, signed } from "./sign.ts";
import { madeUpValue, type StandIns } from "./stand-ins.ts";

/** Schemes of the interceptors that one sender is behind; all others are of whoever sends. */
const OF_SENDERS: ReadonlySet<string> = new Set(["github", "gitlab", "bitbucket", "slack"]);

export interface SignOptions {
  /** The scheme by which the sender itself signs; absent: none of its own. */
  readonly scheme?: string | undefined;
  /** What the sender signs with, whatever the Secrets hold. */
  readonly secret?: Buffer | undefined;
  /** Another program will check it: a value that is made up here proves nothing there. */
  readonly real?: true;
  /** Now, milliseconds since the epoch. */
  readonly at: number;
}

export interface Signed {
  readonly request: Outgoing;
  /** For people. */
  readonly notes: readonly string[];
}

/**
 * Signs for each demand of the listener that the sender can meet; of those that want the same header, for the first whose
 * Secret is there. A Secret that is in none of the files gets a made-up value.
 */
export async function signFor(
  plan: ListenerPlan,
  secrets: StandIns,
  request: Outgoing,
  { scheme, secret, at, real }: SignOptions,
): Promise<Signed> {
  const demands = demandsOf(plan);
  const notes: string[] = [];
  const met = await withValues(
    demands.filter((demand) => canMeet(demand, scheme)),
    secrets,
  );
  let outgoing = request;
  const taken = new Map<string, ProofDemand>();
  for (const { demand, value, isAbsent } of met) {
    const place = headerOf(demand) ?? proofName(demand);
    const other = taken.get(place);
    if (other !== undefined) {
      notes.push(`signed for ${shown(other)}; for ${shown(demand)} name its trigger by --trigger`);
      continue;
    }
    taken.set(place, demand);
    if (real && secret === undefined && value === undefined && demand.secret !== undefined) {
      notes.push(
        `${named(demand.secret)} has no value in the files, so nothing is signed for it; --secret says it`,
      );
      continue;
    }
    const signWith = secret ?? value ?? madeUpValue(demand.scheme);
    if (isAbsent && demand.secret !== undefined) {
      secrets.put(demand.secret, signWith);
      notes.push(
        secret === undefined
          ? `${named(demand.secret)} is not among the files: the example is signed with a made-up value, as if the Secret held it`
          : `${named(demand.secret)} is not among the files: it is taken to hold the value of --secret`,
      );
    }
    outgoing = await signed(outgoing, demand, signWith, at);
  }
  if (demands.length > 0 && taken.size === 0) notes.push(unsignedBecause(demands, scheme));
  return { request: outgoing, notes };
}

/** Gives the Secrets that are in none of the files the value of `--secret`: for requests that were signed elsewhere. */
export async function standInFor(
  plan: ListenerPlan,
  secrets: StandIns,
  value: Buffer,
): Promise<readonly string[]> {
  const notes: string[] = [];
  for (const { secret } of demandsOf(plan)) {
    if (secret === undefined || (await secrets.read(secret.namespace, secret.name)) !== null) continue;
    secrets.put(secret, value);
    notes.push(`${named(secret)} is not among the files: it is taken to hold the value of --secret`);
  }
  return notes;
}

function canMeet({ scheme, secret }: ProofDemand, own: string | undefined): boolean {
  return secret !== undefined && canSign(scheme) && (!OF_SENDERS.has(scheme) || scheme === own);
}

interface Valued {
  readonly demand: ProofDemand;
  readonly value: Buffer | undefined;
  readonly isAbsent: boolean;
}

/** Those whose Secret has a value first. */
async function withValues(demands: readonly ProofDemand[], secrets: StandIns): Promise<readonly Valued[]> {
  const all = await Promise.all(
    demands.map(async (demand) => {
      const { namespace = "", name = "", key = "" } = demand.secret ?? {};
      const data = await secrets.read(namespace, name);
      return { demand, value: validValues(data, key)[0], isAbsent: data === null };
    }),
  );
  return [
    ...all.filter(({ value }) => value !== undefined),
    ...all.filter(({ value }) => value === undefined),
  ];
}

function unsignedBecause(demands: readonly ProofDemand[], own: string | undefined): string {
  const wanted = [...new Set(demands.map(({ scheme }) => scheme))].join(", ");
  const why = demands.every(({ scheme }) => OF_SENDERS.has(scheme))
    ? `the listener demands the proof of ${wanted}, and ${own === undefined ? "this sender gives none" : `this is one of ${own}`}`
    : `nobody here can make what the listener demands (${wanted})`;
  return `the example goes out unsigned: ${why}; --trust takes the proof as held`;
}

function shown({ scheme, secret }: ProofDemand): string {
  return secret === undefined ? scheme : `${scheme}, ${named(secret)}`;
}

function named({ namespace, name, key }: SecretKey): string {
  return `Secret ${namespace}/${name} (key ${key})`;
}
