/** A target whose kubeconfig lives in a Secret of the gateway's own cluster: read at first use, and again when it fails. */

import type { ObjectName } from "../../core/delivery.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { asFault, fault, reasonOf, SluiceError } from "../../core/errors.ts";
import type { CreateAnswer, Target } from "../../core/job.ts";
import { isJsonObject, ownValue, parseJson } from "../../core/json.ts";
import type { Api } from "../../kubernetes/index.ts";
import { readStatus } from "../../kubernetes/index.ts";
import { failedBy } from "./failure.ts";

export interface SecretClusterOptions {
  /** What operators call it. */
  readonly cluster: string;
  readonly secret: ObjectName;
  /** Of the cluster that holds the Secret. */
  readonly home: Api;
  /** Opens the target of a kubeconfig. @throws SluiceError SLUICE_CONFIG_INVALID when it leads nowhere. */
  readonly open: (given: { readonly text: string; readonly from: string }) => Target;
  /** Milliseconds, never going back. */
  readonly clock?: () => number;
}

const KEY = "kubeconfig";
/** A cluster that fails has its Secret read at most once in this many milliseconds. */
const AGAIN_MS = 5_000;
/** What another kubeconfig may mend: renewed credentials, a cluster that moved. */
const MENDED_BY_IT: ReadonlySet<ErrorCode> = new Set([
  "SLUICE_CREATE_CREDENTIALS",
  "SLUICE_CREATE_UNREACHABLE",
]);

interface Opened {
  readonly text: string;
  readonly target: Target;
}

export function createSecretCluster(options: SecretClusterOptions): Target {
  const { cluster, secret, home, open, clock = () => performance.now() } = options;
  let current: Promise<Opened> | undefined;
  let readAt = Number.NEGATIVE_INFINITY;

  const reopen = async (before: Opened | undefined): Promise<Opened> => {
    const from = `Secret ${secret.namespace}/${secret.name}`;
    const text = await readKubeconfig(home, secret);
    if (before?.text === text) return before;
    const target = openable(() => open({ text, from }), secret);
    await before?.target.close();
    return { text, target };
  };

  function opened(): Promise<Opened> {
    if (current === undefined) {
      readAt = clock();
      current = reopen(undefined);
      current.catch(() => {
        current = undefined;
      });
    }
    return current;
  }

  /** Reads the Secret again, unless that was just done; what it held before stays in use when it cannot be read. */
  function doubt(used: Opened): void {
    if (clock() < readAt + AGAIN_MS) return;
    readAt = clock();
    current = reopen(used).catch(() => used);
  }

  return {
    name: `cluster ${cluster}`,
    async create(object, job): Promise<CreateAnswer> {
      let used: Opened;
      try {
        used = await opened();
      } catch (error) {
        return failedBy(error);
      }
      const answer = await used.target.create(object, job);
      if (answer.outcome === "failed" && MENDED_BY_IT.has(answer.code)) doubt(used);
      return answer;
    },
    async ready() {
      const used = await opened();
      try {
        await used.target.ready();
      } catch (error) {
        if (error instanceof SluiceError && MENDED_BY_IT.has(error.code)) doubt(used);
        throw error;
      }
    },
    async close() {
      const used = await current?.catch(() => undefined);
      await used?.target.close();
    },
  };
}

/** A Secret may be mended while jobs wait: what would end a start must not end them. */
function openable(open: () => Target, secret: ObjectName): Target {
  try {
    return open();
  } catch (error) {
    throw unusable(secret, asFault(error).values["reason"] ?? reasonOf(error));
  }
}

function unusable({ namespace, name }: ObjectName, reason: string): SluiceError {
  return fault("SLUICE_CLUSTER_KUBECONFIG", { namespace, name, key: KEY, reason });
}

/** @throws SluiceError SLUICE_CLUSTER_KUBECONFIG without a usable one, SLUICE_CREATE_… when our own cluster fails. */
export async function readKubeconfig(home: Api, secret: ObjectName): Promise<string> {
  const { namespace, name } = secret;
  const response = await home.send({
    method: "GET",
    path: `/api/v1/namespaces/${namespace}/secrets/${name}`,
  });
  if (response.status !== 200) throw unusable(secret, readStatus(response).message);
  let document: unknown;
  try {
    document = parseJson(response.body);
  } catch (error) {
    throw unusable(secret, reasonOf(error));
  }
  const data = isJsonObject(document) ? ownValue(document, "data") : undefined;
  const value = isJsonObject(data) ? ownValue(data, KEY) : undefined;
  if (typeof value !== "string" || value === "") throw unusable(secret, `it has no key ${KEY}`);
  return Buffer.from(value, "base64").toString();
}
