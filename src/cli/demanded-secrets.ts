/** The Secrets that triggers prove senders with: which are missing, and whose values are weak. */

import type { Loaded } from "../catalog/index.ts";
import { fault, SluiceError, type SourcePosition } from "../core/errors.ts";
import type { ProofDemand } from "../core/interceptor.ts";
import { type ListenerPlan, shownTrigger, type TriggerPlan } from "../core/plan.ts";
import { meantInstead } from "../core/secret-lack.ts";
import { tellWeaknesses, weakKeys } from "../core/secret-quality.ts";
import { type SecretData, type Secrets, validValues } from "../core/secrets.ts";

type SecretKey = NonNullable<ProofDemand["secret"]>;

export interface DemandedSecret {
  /** The first of the triggers that name it. */
  readonly trigger: TriggerPlan;
  readonly secret: SecretKey;
}

/** Each key of each Secret once, in the order of the listeners. */
export function demandedSecrets(listeners: readonly ListenerPlan[]): readonly DemandedSecret[] {
  const demanded = new Map<string, DemandedSecret>();
  for (const trigger of listeners.flatMap(({ groups }) => groups.flatMap((group) => group.triggers))) {
    // Its Secrets are not the listener's to use.
    if (trigger.barred !== undefined) continue;
    for (const { secret } of trigger.proofs) {
      if (secret === undefined) continue;
      const { namespace, name, key } = secret;
      const place = `${namespace}/${name}/${key}`;
      if (!demanded.has(place)) demanded.set(place, { trigger, secret });
    }
  }
  return [...demanded.values()];
}

/**
 * A fault for each value that counts and is weak.
 *
 * @param locate where a key of the Secret was written.
 */
export function weakValues(
  { trigger, secret }: DemandedSecret,
  data: SecretData | null,
  locate?: (key: string) => SourcePosition | undefined,
): readonly SluiceError[] {
  return weakKeys(data, secret.key).map(({ key, weaknesses }) => {
    const at = locate?.(key);
    const values = { ...namesOf(trigger, secret), key, weakness: tellWeaknesses(weaknesses) };
    return fault("SLUICE_SECRET_WEAK", values, at && { at });
  });
}

/**
 * What is doubtful about the Secrets of these listeners, as far as they stand in the same files. One that does not may be
 * in the cluster: it is named only where another has nearly its name.
 */
export async function doubtfulSecrets(
  listeners: readonly ListenerPlan[],
  { secrets, locateSecret }: Pick<Loaded, "secrets" | "locateSecret">,
): Promise<readonly SluiceError[]> {
  const doubts = demandedSecrets(listeners).map(async (demanded): Promise<readonly SluiceError[]> => {
    const { trigger, secret } = demanded;
    const data = await readUnbroken(secrets, secret);
    if (data === undefined) return [];
    const locate = (key: string) => locateSecret(secret, key);
    const weak = weakValues(demanded, data, locate);
    if (weak.length > 0 || validValues(data, secret.key).length > 0) return weak;
    const meant = meantInstead(secret, data, secrets);
    const hint = meant === undefined ? "" : `; ${meant}`;
    const values = { ...namesOf(trigger, secret), key: secret.key, hint };
    if (data === null) return meant === undefined ? [] : [fault("SLUICE_SECRET_NAME", values)];
    const at = locate(secret.key);
    return [fault("SLUICE_SECRET_KEY", values, at && { at })];
  });
  return (await Promise.all(doubts)).flat();
}

/** The Secrets that stand in none of the files and are like none of them: for people, since they may be in the cluster. */
export async function secretsElsewhere(
  listeners: readonly ListenerPlan[],
  secrets: Secrets,
): Promise<readonly SluiceError[]> {
  const found = demandedSecrets(listeners).map(async ({ trigger, secret }) => {
    const data = await readUnbroken(secrets, secret);
    if (data !== null || meantInstead(secret, data, secrets) !== undefined) return [];
    return [fault("SLUICE_SECRET_ELSEWHERE", { ...namesOf(trigger, secret), key: secret.key })];
  });
  return (await Promise.all(found)).flat();
}

/** Undefined for a Secret that is there and broken: its fault stands in the catalog. */
async function readUnbroken(secrets: Secrets, { namespace, name }: SecretKey) {
  try {
    return await secrets.read(namespace, name);
  } catch (error) {
    if (error instanceof SluiceError && error.code === "SLUICE_SECRET_BROKEN") return undefined;
    throw error;
  }
}

function namesOf(trigger: TriggerPlan, secret: SecretKey) {
  return { secret: `${secret.namespace}/${secret.name}`, trigger: shownTrigger(trigger) };
}
