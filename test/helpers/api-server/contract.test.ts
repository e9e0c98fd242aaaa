/** The test API server keeps to what real ones do: the same suites run on both where SLUICE_TEST_KUBECONFIG names a cluster. */

import { apiServerContract } from "../../contracts/api-server.ts";
import { apiServerReadsContract } from "../../contracts/api-server-reads.ts";
import { apiServerWritesContract } from "../../contracts/api-server-writes.ts";
import { refusalsContract } from "../../contracts/refusals.ts";
import { onEachCluster } from "../cluster.ts";

onEachCluster(
  (name, open) => {
    for (const suite of [
      apiServerContract,
      apiServerReadsContract,
      apiServerWritesContract,
      refusalsContract,
    ])
      suite(name, open);
  },
  { rbac: true },
);
