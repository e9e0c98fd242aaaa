/** A cluster to test on: the test API server, or a namespace of our own on the real one that SLUICE_TEST_KUBECONFIG names. */

import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { loadCluster } from "../../src/kubernetes/cluster.ts";
import { createSession, type Session } from "../../src/kubernetes/session.ts";
import { type ApiClient, openApiClient } from "./api-client.ts";
import { type ApiServer, type ApiServerOptions, startApiServer } from "./api-server.ts";
import { temporaryFolder } from "./folder.ts";

export interface TestCluster extends AsyncDisposable {
  /** Path of the file; its user may do everything. */
  readonly kubeconfig: string;
  /** Where a suite may do what it likes. */
  readonly namespace: string;
  /** Whether it removes what belonged to something that is gone. */
  readonly collects: boolean;
}

export interface TestServer extends TestCluster {
  readonly server: ApiServer;
  readonly session: Session;
}

/** @param options default: a server with the namespace `ci`, where all may do everything. */
export async function openTestServer(options: ApiServerOptions = {}): Promise<TestServer> {
  const { namespaces = ["ci"] } = options;
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(temporaryFolder());
  const server = opened.use(await startApiServer({ ...options, namespaces }));
  const kubeconfig = server.writeKubeconfig(join(folder.path, "kubeconfig"));
  const session = createSession(() => loadCluster({ kubeconfig }));
  opened.defer(() => session.close());
  const all = opened.move();
  return {
    ...{ server, session, kubeconfig, namespace: namespaces[0] ?? "default", collects: false },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function openRealCluster(kubeconfig: string): Promise<TestCluster> {
  const namespace = `sluice-${randomBytes(4).toString("hex")}`;
  using client = await openApiClient(kubeconfig);
  const body = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
  const { status } = await client.send("POST", "/api/v1/namespaces", { body });
  if (status !== 201) throw new Error(`the cluster answers ${status} to a new namespace`);
  return {
    ...{ kubeconfig, namespace, collects: true },
    async [Symbol.asyncDispose]() {
      using closing = await openApiClient(kubeconfig);
      await closing.send("DELETE", `/api/v1/namespaces/${namespace}`);
    },
  };
}

/**
 * Declares a suite for the test API server, and for a real cluster; where none is named, a skipped test says so.
 *
 * @param suite its first argument is what the cluster is called; the second opens it.
 * @param options of the test API server.
 */
export function onEachCluster(
  suite: (name: string, open: () => Promise<TestCluster>) => void,
  options?: ApiServerOptions,
): void {
  suite("the test API server", () => openTestServer(options));
  const real = process.env["SLUICE_TEST_KUBECONFIG"];
  if (real === undefined) test("on a real cluster", { skip: "SLUICE_TEST_KUBECONFIG names none" }, () => {});
  else suite("a real cluster", () => openRealCluster(real));
}

/** A cluster that is open while a suite's tests run, and a client whose user may do everything; read within tests only. */
export interface DuringSuite extends Pick<TestCluster, "kubeconfig" | "namespace"> {
  readonly client: ApiClient;
  /** Paths of the namespace's ConfigMaps and PipelineRuns. */
  readonly maps: string;
  readonly runs: string;
}

/** To be called in a `describe`: opens the cluster before its tests, and closes it after them. */
export function duringSuite(open: () => Promise<TestCluster>): DuringSuite {
  let cluster: TestCluster;
  let client: ApiClient;
  before(async () => {
    cluster = await open();
    client = await openApiClient(cluster.kubeconfig);
  });
  after(async () => {
    client[Symbol.dispose]();
    await cluster[Symbol.asyncDispose]();
  });
  return {
    get kubeconfig() {
      return cluster.kubeconfig;
    },
    get namespace() {
      return cluster.namespace;
    },
    get client() {
      return client;
    },
    get maps() {
      return `/api/v1/namespaces/${cluster.namespace}/configmaps`;
    },
    get runs() {
      return `/apis/tekton.dev/v1/namespaces/${cluster.namespace}/pipelineruns`;
    },
  };
}
