/** The Kubernetes target: creates objects of any kind through the API server. */

import { fault } from "../../core/errors.ts";
import type { CreateAnswer, CreateJob, KubernetesObject, Run, Target } from "../../core/job.ts";
import { isJsonObject, tryParseJson } from "../../core/json.ts";
import type { Api, ApiLimits, ClusterSource, Resource } from "../../kubernetes/index.ts";
import {
  accountUser,
  createApi,
  createDiscovery,
  createReviews,
  createSession,
  DEFAULT_LIMITS,
  loadCluster,
  noAnswer,
  readStatus,
  readWarnings,
  versionPath,
} from "../../kubernetes/index.ts";
import type { About } from "./failure.ts";
import { failed, failedBy, failureOf, tooLarge } from "./failure.ts";
import type { Identity } from "./identity.ts";
import { isMadeBy } from "./ours.ts";

export interface KubernetesTargetOptions extends ClusterSource {
  readonly limits?: ApiLimits;
  /** Says as whom each job is created; without it as the configuration's own user. */
  readonly identity?: Identity | undefined;
  /** What operators call the cluster; undefined for the gateway's own. */
  readonly cluster?: string;
}

/** Metadata is all we read of an object; with this the server sends no more (what client-go's metadata client asks for). */
const METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

/**
 * Opens a cluster; nothing is sent before the first use.
 *
 * @throws SluiceError SLUICE_CONFIG_INVALID when the kubeconfig leads nowhere.
 */
export function createKubernetesTarget(options: KubernetesTargetOptions): Target {
  const { limits = DEFAULT_LIMITS, identity, cluster } = options;
  const session = createSession(() => loadCluster(options));
  const api = createApi(session, limits);
  const discovery = createDiscovery(api);
  const server = session.server.href.replace(/\/$/, "");
  const where = cluster === undefined ? server : `${cluster} ${server}`;
  const there = cluster === undefined ? undefined : { cluster, reviews: createReviews(api) };

  async function create(object: KubernetesObject, job: CreateJob): Promise<CreateAnswer> {
    const as = await identity?.accountOf(job, there);
    const { name, namespace: own } = object.metadata;
    // As Tekton: what names no namespace goes where the trigger lives.
    const namespace = own || job.trigger.namespace;
    const account = as === undefined ? session.account : `service account ${as.namespace}/${as.name}`;
    const unknown: About = { kind: object.kind, name, namespace, resource: "", verb: "create", account, as };
    const unusable = malformed(object, unknown);
    if (unusable !== undefined) {
      return failed(fault("SLUICE_CREATE_REFUSED", { kind: object.kind, name, reason: unusable }));
    }
    const found = await discovery.find(object.apiVersion, object.kind);
    if (found.outcome === "missing") return failed(unknownKind(object));
    // Which kinds there are we ask as ourselves.
    if (found.outcome === "refused") {
      return failureOf(found.response, { ...unknown, account: session.account, as: undefined }, Date.now());
    }
    const about = located(unknown, object, found.resource);
    const path = collectionPath(object, found.resource, about);
    const user = as === undefined ? {} : { as: accountUser(as) };
    const body = JSON.stringify(object);
    const response = await api.send({
      method: "POST",
      path,
      accept: METADATA_ONLY,
      body,
      statusOnly: true,
      ...user,
    });
    const run = {
      apiVersion: object.apiVersion,
      kind: object.kind,
      namespace: about.namespace,
      name,
      where,
    };
    if (response.status === 201) {
      const warnings = readWarnings(response);
      const remarked = warnings.length > 0 && { warnings };
      return { outcome: "created", run: { ...run, outcome: "created", ...remarked } };
    }
    if (response.status === 409 && readStatus(response).reason === "AlreadyExists") {
      return existing(api, `${path}/${name}`, { ...run, outcome: "exists" }, job, about);
    }
    const failure =
      tooLarge(response, about, Buffer.byteLength(body)) ?? failureOf(response, about, Date.now());
    if (failure.code !== "SLUICE_CREATE_KIND") return failure;
    discovery.forget(object.apiVersion);
    return failed(unknownKind(object));
  }

  return {
    name: cluster === undefined ? `kubernetes ${server}` : `cluster ${where}`,
    create: (object, job) => create(object, job).catch(failedBy),
    async ready() {
      const response = await api.send({ method: "GET", path: "/version" });
      // 403 proves the credentials too: they are known, and merely may not read versions.
      if (response.status === 200 || response.status === 403) return;
      throw noAnswer(response);
    },
    close: async () => session.close(),
  };
}

/** The object is there already: by us, in an earlier try whose answer was lost, or by somebody else. */
async function existing(
  api: Api,
  path: string,
  run: Run,
  job: CreateJob,
  about: About,
): Promise<CreateAnswer> {
  const look = { method: "GET", path, accept: METADATA_ONLY } as const;
  const asAccount = await api.send(about.as === undefined ? look : { ...look, as: accountUser(about.as) });
  // Tekton asks its accounts for the right to create only. Who made an object tells nobody anything he may not know.
  const response = about.as !== undefined && asAccount.status === 403 ? await api.send(look) : asAccount;
  const { kind, name } = about;
  if (response.status === 200) {
    if (isMadeBy(metadataOf(response.body), job)) return { outcome: "exists", run };
    return failed(fault("SLUICE_CREATE_CONFLICT", { kind, name }));
  }
  if (response.status === 403) return failureOf(asAccount, { ...about, verb: "get" }, Date.now());
  if (response.status !== 404) return failureOf(response, { ...about, verb: "get" }, Date.now());
  const reason = "the object existed, and was gone when it was looked at";
  return failed(fault("SLUICE_CREATE_BUSY", { status: "404", reason }));
}

/** What is known of an object once its resource is. */
function located(about: About, { apiVersion }: KubernetesObject, { name, namespaced }: Resource): About {
  const slash = apiVersion.indexOf("/");
  const resource = slash < 0 ? name : `${name}.${apiVersion.slice(0, slash)}`;
  return { ...about, resource, namespace: namespaced ? about.namespace : "" };
}

const API_VERSION = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** Any kind's names (k8s.io/apimachinery/pkg/api/validation/path): no `/` or `%`, not `.` or `..`. */
const NAME = /^(?!\.{1,2}$)[^/%?#\s\p{Cc}]{1,253}$/u;

/** Says why the parts that go into a path cannot: rendered text must not choose another path. */
function malformed({ apiVersion }: KubernetesObject, { namespace, name }: About): string | undefined {
  if (!API_VERSION.test(apiVersion)) return "its apiVersion is none";
  if (!NAMESPACE.test(namespace)) return "its namespace is no DNS label";
  if (!NAME.test(name)) return "its name is none that a path can hold";
  return undefined;
}

function collectionPath(object: KubernetesObject, { name, namespaced }: Resource, about: About): string {
  const version = versionPath(object.apiVersion);
  return namespaced ? `${version}/namespaces/${about.namespace}/${name}` : `${version}/${name}`;
}

function unknownKind({ apiVersion, kind }: KubernetesObject): ReturnType<typeof fault> {
  return fault("SLUICE_CREATE_KIND", { kind: `${apiVersion} ${kind}` });
}

function metadataOf(body: string): unknown {
  const document = tryParseJson(body);
  return isJsonObject(document) ? document.metadata : undefined;
}
