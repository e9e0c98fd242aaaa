/** The doctor's look at a cluster: does it answer, as whom, by which clock, and does it know the kinds that are needed. */

import { SERVED, TEKTON_GROUP } from "../../catalog/index.ts";
import type { Settings } from "../../config/index.ts";
import { isJsonObject, ownValue, tryParseJson } from "../../core/json.ts";
import type { Api, ApiResponse } from "../../kubernetes/index.ts";
import { createDiscovery, noAnswer } from "../../kubernetes/index.ts";
import { judgeClock } from "../../storage/index.ts";
import type { Finding } from "./finding.ts";
import { found } from "./finding.ts";

export interface Cluster {
  readonly findings: readonly Finding[];
  /** As the API server knows us; undefined when it did not answer. */
  readonly user: string | undefined;
}

/** @param area for the findings: `cluster`, or the name that operators gave it. */
export async function lookAtCluster(area: string, api: Api, settings: Settings): Promise<Cluster> {
  try {
    const asked = Date.now();
    const response = await api.send({ method: "GET", path: "/version" });
    const answered = Date.now();
    if (response.status !== 200 && response.status !== 403) throw noAnswer(response);
    const user = await whoAreWe(api);
    const version = textIn(response.body, "gitVersion") ?? "a version that it does not tell";
    return {
      user,
      findings: [
        { area, state: "ok", what: `${version} answers, and knows us as ${user}` },
        ...clock(area, response, (asked + answered) / 2),
        ...(await kinds(area, api, settings)),
      ],
    };
  } catch (error) {
    return { findings: [found(area, error)], user: undefined };
  }
}

/** HTTP's Date has whole seconds, cut off: on average half a second is missing. */
function clock(area: string, { headers }: ApiResponse, now: number): readonly Finding[] {
  const said = Date.parse(headers.date ?? "");
  if (Number.isNaN(said)) return [];
  const { state, message, fix } = judgeClock(said + 500 - now);
  const what = `its clock is ${message}`;
  return [{ area, state: state === "ok" ? "ok" : "warn", what, ...(fix !== undefined && { fix }) }];
}

async function kinds(area: string, api: Api, { fromCluster }: Settings): Promise<readonly Finding[]> {
  const discovery = createDiscovery(api);
  const servedBy = async (kind: string, versions: readonly string[]): Promise<string | undefined> => {
    for (const version of versions)
      if ((await discovery.find(version, kind)).outcome === "found") return version;
    return undefined;
  };
  const findings: Finding[] = [];
  const tell = async (title: string, wanted: readonly Wanted[], state: "fail" | "warn", fix: string) => {
    const versions = await Promise.all(wanted.map(([kind, list]) => servedBy(kind, list)));
    const missing = wanted.flatMap(([kind], i) => (versions[i] === undefined ? [kind] : []));
    const served = [...new Set(versions.filter((version) => version !== undefined))].join(", ");
    if (missing.length === 0) findings.push({ area, state: "ok", what: `${title} are served: ${served}` });
    else findings.push({ area, state, what: `${title} are not all served: no ${missing.join(", ")}`, fix });
  };
  if (fromCluster) {
    const wanted = Object.entries(SERVED).map(
      ([kind, versions]): Wanted => [kind, versions.map((version) => `${TEKTON_GROUP}/${version}`)],
    );
    await tell("the kinds of Tekton Triggers", wanted, "fail", "Install them: kubectl apply -k deploy/crds.");
  }
  const runs: readonly Wanted[] = [
    ["PipelineRun", PIPELINES],
    ["TaskRun", PIPELINES],
  ];
  await tell(
    "the kinds of Tekton Pipelines",
    runs,
    "warn",
    "Install Tekton Pipelines, unless templates make others.",
  );
  return findings;
}

type Wanted = readonly [kind: string, apiVersions: readonly string[]];
const PIPELINES = ["tekton.dev/v1", "tekton.dev/v1beta1"];

/** Since Kubernetes 1.28 the server says it; before, the kubeconfig's own word for us has to do. */
async function whoAreWe(api: Api): Promise<string> {
  const apiVersion = "authentication.k8s.io/v1";
  const body = JSON.stringify({ apiVersion, kind: "SelfSubjectReview" });
  const response = await api.send({ method: "POST", path: `/apis/${apiVersion}/selfsubjectreviews`, body });
  if (response.status !== 201 && response.status !== 200) return api.account;
  return textIn(response.body, "status", "userInfo", "username") ?? api.account;
}

function textIn(body: string, ...path: readonly string[]): string | undefined {
  const value = path.reduce<unknown>(
    (at, key) => (isJsonObject(at) ? ownValue(at, key) : undefined),
    tryParseJson(body),
  );
  return typeof value === "string" ? value : undefined;
}
