/** The test API server keeps to what real ones do: the same suites run on both where SLUICE_TEST_KUBECONFIG names a cluster. */

import { join } from "node:path";
import { test } from "node:test";
import type { ApiServerUnderTest } from "../../contracts/api-server.ts";
import { apiServerContract } from "../../contracts/api-server.ts";
import { apiServerReadsContract } from "../../contracts/api-server-reads.ts";
import { apiServerWritesContract } from "../../contracts/api-server-writes.ts";
import { refusalsContract } from "../../contracts/refusals.ts";
import { openApiClient } from "../api-client.ts";
import { startApiServer } from "../api-server.ts";
import { temporaryFolder } from "../folder.ts";

async function openTestServer(): Promise<ApiServerUnderTest> {
  const server = await startApiServer({ namespaces: ["ci"], rbac: true });
  const folder = temporaryFolder();
  return {
    kubeconfig: server.writeKubeconfig(join(folder.path, "kubeconfig")),
    namespace: "ci",
    async [Symbol.asyncDispose]() {
      await server.stop();
      folder[Symbol.dispose]();
    },
  };
}

async function openCluster(kubeconfig: string): Promise<ApiServerUnderTest> {
  const namespace = `sluice-${Date.now().toString(36)}`;
  using client = await openApiClient(kubeconfig);
  const body = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
  await client.send("POST", "/api/v1/namespaces", { body });
  return {
    kubeconfig,
    namespace,
    async [Symbol.asyncDispose]() {
      using closing = await openApiClient(kubeconfig);
      await closing.send("DELETE", `/api/v1/namespaces/${namespace}`);
    },
  };
}

const suites = [apiServerContract, apiServerReadsContract, apiServerWritesContract, refusalsContract];
for (const suite of suites) suite("the test server", openTestServer);

const real = process.env["SLUICE_TEST_KUBECONFIG"];
if (real === undefined) {
  test("a real cluster answers the same", { skip: "SLUICE_TEST_KUBECONFIG names none" }, () => {});
} else {
  for (const suite of suites) suite("a real cluster", () => openCluster(real));
}
