/** What a gateway does in its cluster besides creating objects. */

import { setting } from "../declaration.ts";
import * as as from "../values.ts";

export const CLUSTER = {
  followRuns: setting({
    value: "<when>",
    default: "auto",
    type: as.choice("auto", "on", "off"),
    expected: "auto, on or off",
    description:
      "Watch the runs that were created, and keep when they start and how they end; in the gateway's own cluster and in those of --clusters; auto: with --from-cluster, where objects are created in clusters.",
  }),
  announce: setting({
    value: "<what>",
    default: "status",
    type: as.choice("none", "status", "services"),
    expected: "none, status or services",
    description:
      "What listeners of the cluster are told, with --from-cluster: their status and Events; services: also a Service el-<name> each, which needs --gateway-service. Listeners that Tekton's controller holds are left alone; a dry run tells nothing.",
  }),
  publicUrl: setting({
    value: "<url>",
    default: undefined,
    type: as.webUrl,
    expected: "an http or https URL without query",
    description:
      "What stands before /<namespace>/<listener> for senders outside; shown as listeners' address.",
  }),
  gatewayService: setting({
    value: "<namespace/name>",
    default: undefined,
    type: as.objectName,
    expected: "namespace/name",
    description:
      "The Service in front of the gateways, on port 8080; addresses and Services el-<name> lead to it.",
  }),
  leaseNamespace: setting({
    value: "<name>",
    default: undefined,
    type: as.namespace,
    expected: "a namespace",
    description:
      "Where the Lease lies by which one of many gateways is chosen to follow and announce; without it the pod's own namespace, else the kubeconfig's.",
  }),
} as const;
