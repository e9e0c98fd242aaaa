/** Where calls to interceptors, cloudEventURI and GitHub's API may go. */

import { setting } from "../declaration.ts";
import * as as from "../values.ts";

const expected =
  "addresses or blocks such as 10.0.0.1, 10.0.0.0/8, 127.0.0.1:8080 or [fd00::1]:8080, separated by commas";

export const OUTGOING = {
  allowAddresses: setting({
    value: "<address,...>",
    default: "",
    type: as.addressRules,
    expected,
    description:
      "Addresses that calls to interceptors, cloudEventURI and GitHub's API may reach though they are refused otherwise: with --from-cluster loopback, this machine, its node, the store and the API server; everywhere link-local addresses, the clouds' metadata services and reserved ranges. A port allows that one only. The admin port stays closed.",
  }),
  refuseAddresses: setting({
    value: "<address,...>",
    default: "",
    type: as.addressRules,
    expected,
    description:
      "Further addresses that such calls never reach: the cluster's nodes, and what else of yours the tenants' objects must not lead to.",
  }),
  nodeAddress: setting({
    value: "<address,...>",
    default: "",
    type: as.addressRules,
    expected: "addresses, separated by commas",
    description:
      "The node that this gateway runs on, refused to such calls with --from-cluster; the manifests fill it in (status.hostIP).",
  }),
} as const;
