/** Secrets of a cluster: read by name when a proof needs one, kept for seconds, never listed and never watched. */

import { within } from "../../core/deadline.ts";
import type { SluiceError } from "../../core/errors.ts";
import { asFault, fault } from "../../core/errors.ts";
import { isJsonObject, parseJson } from "../../core/json.ts";
import type { SecretData, Secrets } from "../../core/secrets.ts";
import type { Api, ApiResponse } from "../../kubernetes/index.ts";
import { readStatus, userIn } from "../../kubernetes/index.ts";
import { createFindings } from "../findings.ts";
import { checkSubdomain } from "../kinds/metadata.ts";
import { readSecret } from "../kinds/secret.ts";

export interface ClusterSecretsOptions {
  readonly api: Api;
  /** None can be read now; told once. */
  readonly onAway?: (error: SluiceError) => void;
  readonly onBack?: () => void;
  /** Milliseconds, never going back. */
  readonly clock?: () => number;
}

/** What was read is used for so many milliseconds: a Secret that was revoked proves nobody for longer. */
const FRESH_MS = 5_000;
/** A Secret that is not there, or may not be read, is asked for again after this; so is one that failed to prove. */
const AGAIN_MS = 1_000;
/** Milliseconds that a proof waits for a new value while an older one is known. */
const PATIENCE_MS = 1_000;
/** Milliseconds for which nobody else waits so, once somebody did for nothing: a server that hangs keeps hanging. */
const HUNG_MS = 5_000;
/** An expression may compute names, so the memory of them is bounded. */
const MAX_KNOWN = 5_000;

type Answer = { readonly data: SecretData | null } | { readonly refused: SluiceError };

interface Known {
  readonly answer: Answer;
  readonly until: number;
  readonly readAt: number;
}

/**
 * A cluster-wide list or watch would bring every Secret into this process, and a watch by name for each would be as
 * many connections; a read by name needs no more than the verb get. While the API server is away, what was read last
 * still counts, as it would in a pod that mounts the Secret; while it hangs, one proof waits for it, and the others do not.
 */
export function createClusterSecrets(options: ClusterSecretsOptions): Secrets {
  const { api, onAway, onBack, clock = () => performance.now() } = options;
  const known = new Map<string, Known>();
  const asked = new Map<string, Promise<Answer>>();
  let away = false;
  let hungUntil = Number.NEGATIVE_INFINITY;

  function keep(key: string, answer: Answer, forMs: number): Answer {
    known.delete(key);
    known.set(key, { answer, until: clock() + forMs, readAt: clock() });
    for (const oldest of known.keys()) {
      if (known.size <= MAX_KNOWN) break;
      known.delete(oldest);
    }
    return answer;
  }

  async function ask(namespace: string, name: string): Promise<Answer> {
    const key = `${namespace}/${name}`;
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}`;
    let error: SluiceError;
    try {
      const response = await api.send({ method: "GET", path });
      const { status } = response;
      const said = status === 200 || status === 404 || status === 403;
      if (said && away) onBack?.();
      if (said) away = false;
      if (said) hungUntil = Number.NEGATIVE_INFINITY;
      if (status === 200) return keep(key, { data: dataOf(response, namespace) }, FRESH_MS);
      if (status === 404) return keep(key, { data: null }, AGAIN_MS);
      const refusal = readStatus(response);
      const values = {
        ...{ secret: key, name, namespace, reason: refusal.message },
        account: userIn(refusal) ?? api.account,
      };
      if (status === 403) return keep(key, { refused: fault("SLUICE_SECRET_FORBIDDEN", values) }, AGAIN_MS);
      error = fault("SLUICE_SECRET_AWAY", values);
    } catch (thrown) {
      const { message } = asFault(thrown);
      error = fault("SLUICE_SECRET_AWAY", { secret: key, reason: message }, { cause: thrown });
    }
    if (!away) onAway?.(error);
    away = true;
    const before = known.get(key)?.answer;
    if (before !== undefined && "data" in before && before.data !== null) return keep(key, before, AGAIN_MS);
    return { refused: error };
  }

  /** One request for all that need a Secret at a time. */
  function shared(namespace: string, name: string): Promise<Answer> {
    const key = `${namespace}/${name}`;
    const answer = asked.get(key) ?? ask(namespace, name).finally(() => asked.delete(key));
    asked.set(key, answer);
    const before = known.get(key)?.answer;
    if (before === undefined || !("data" in before) || before.data === null) return answer;
    const hung = (): Answer => {
      hungUntil = clock() + HUNG_MS;
      return before;
    };
    return clock() < hungUntil ? Promise.resolve(hung()) : within(answer, PATIENCE_MS, hung);
  }

  function fresh(namespace: string, name: string): Answer | undefined {
    const found = known.get(`${namespace}/${name}`);
    return found !== undefined && clock() < found.until ? found.answer : undefined;
  }

  return {
    peek(namespace, name) {
      const answer = fresh(namespace, name);
      return answer !== undefined && "data" in answer ? answer.data : undefined;
    },
    async read(namespace, name) {
      if (!isName(name) || !isName(namespace)) return null;
      return opened(fresh(namespace, name) ?? (await shared(namespace, name)));
    },
    async again(namespace, name) {
      const found = known.get(`${namespace}/${name}`);
      if (found !== undefined && clock() < found.readAt + AGAIN_MS) return undefined;
      return opened(await shared(namespace, name));
    },
  };
}

function opened(answer: Answer): SecretData | null {
  if ("refused" in answer) throw answer.refused;
  return answer.data;
}

/** @returns null for what holds no usable value at all. */
function dataOf({ body }: ApiResponse, namespace: string): SecretData | null {
  const written = parseJson(body);
  const read = isJsonObject(written) ? readSecret(written, namespace, createFindings()) : undefined;
  return read?.data ?? null;
}

/** Names come from triggers, and from expressions: none may lead to another path. */
function isName(name: string): boolean {
  const findings = createFindings();
  checkSubdomain({ name }, findings);
  return findings.found.length === 0;
}
