/** The official client of Kubernetes, loaded when the first cluster is used: its 868 files take 0.4 s and 40 MB. */

import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** The same at each call; the first one loads it. */
export function officialClient(): typeof import("@kubernetes/client-node") {
  return require("@kubernetes/client-node") as typeof import("@kubernetes/client-node");
}
