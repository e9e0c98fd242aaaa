/** A process that asks for a Lease and says when it leads and when that ends: `node lease-holder.ts <kubeconfig> <identity> <timing>`. */

import { createApi } from "../../src/kubernetes/api.ts";
import { loadCluster } from "../../src/kubernetes/cluster.ts";
import { createLease } from "../../src/kubernetes/lease.ts";
import { createSession } from "../../src/kubernetes/session.ts";
import { NAME, TIMINGS } from "./lease-timing.ts";

const [kubeconfig, identity = "", timing = ""] = process.argv.slice(2);
const api = createApi(createSession(() => loadCluster({ kubeconfig })));
createLease({
  ...{ ...NAME, api, identity, timing: TIMINGS[timing as keyof typeof TIMINGS] },
  async lead(signal) {
    process.stdout.write("leads\n");
    signal.addEventListener("abort", () => process.stdout.write("ends\n"));
  },
});
setInterval(() => undefined, 60_000);
