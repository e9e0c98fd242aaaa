/** The two ports: where they are, who may use them, how much they take. */

import { setting } from "../declaration.ts";
import * as as from "../values.ts";

export const PORTS = {
  listen: setting({
    value: "<host:port>",
    default: "0.0.0.0:8080",
    type: as.address,
    expected: "host:port",
    description: "Where webhooks arrive.",
  }),
  tlsCert: setting({
    value: "<path>",
    default: undefined,
    type: as.text,
    expected: "a path, or a certificate as PEM text",
    description:
      "PEM file of the webhook port's certificate and those between it and its root; with --tls-key the port speaks TLS 1.2 and later. Read again when it changes.",
    alsoEnv: "TLS_CERT",
  }),
  tlsKey: setting({
    value: "<path>",
    default: undefined,
    type: as.text,
    expected: "a path, or a key as PEM text",
    description: "PEM file of the certificate's private key.",
    secret: "whole",
    alsoEnv: "TLS_KEY",
  }),
  tlsClientCa: setting({
    value: "<path>",
    default: undefined,
    type: as.text,
    expected: "a path, or certificates as PEM text",
    description:
      "PEM file of the authorities whose client certificates prove senders (interceptor proof, type mtls). Certificates are asked for and not demanded. Read again when it changes.",
  }),
  admin: setting({
    value: "<host:port>",
    default: "127.0.0.1:9000",
    type: as.address,
    expected: "host:port",
    description: "Where health, metrics and the API are served.",
  }),
  adminTlsCert: setting({
    value: "<path>",
    default: undefined,
    type: as.text,
    expected: "a path, or a certificate as PEM text",
    description:
      "PEM file of the admin port's certificate and those between it and its root; with --admin-tls-key the port speaks TLS 1.2 and later. Read again when it changes. Verbs beside it trust it.",
  }),
  adminTlsKey: setting({
    value: "<path>",
    default: undefined,
    type: as.text,
    expected: "a path, or a key as PEM text",
    description: "PEM file of the private key of the admin port's certificate.",
    secret: "whole",
  }),
  adminCa: setting({
    value: "<path>",
    default: undefined,
    type: as.text,
    expected: "a path, or certificates as PEM text",
    description:
      "PEM file of the authorities that verbs trust at a gateway's admin port, beside the usual ones.",
  }),
  adminHosts: setting({
    value: "<name,...>",
    default: "",
    type: as.hostNames,
    expected: "host names, separated by commas",
    description:
      "Further names by which the admin port may be asked, beside localhost, addresses, this machine's own name and names of Services (<name>.<namespace>.svc). Others are refused: they may be a stranger's page's (DNS rebinding).",
  }),
  adminOpen: setting({
    value: "<what>",
    default: "view",
    type: as.choice("view", "loopback", "never"),
    expected: "view, loopback or never",
    description:
      "What may be asked without a token where only this machine reaches the admin port and the settings name no token: view reads all but values of events, loopback may do everything, never nothing.",
  }),
  adminTokens: setting({
    value: "<path>",
    default: undefined,
    type: as.text,
    expected: "a path",
    description:
      "A YAML or JSON file with a list of name, sha256 (or token) and permissions (view, payload, operate): who may use the API. Refused when every user of the machine may read it.",
  }),
  adminToken: setting({
    value: "<token>",
    default: undefined,
    type: as.token,
    expected: "16 to 512 printable characters without spaces",
    description:
      "One token that may do everything: a gateway takes it, verbs show it. Without one, both use a token of this user's own on this machine.",
    secret: "whole",
  }),
  maxBody: setting({
    value: "<bytes>",
    default: "25MB",
    type: as.bytes(1, 268_435_456),
    expected: "bytes such as 26214400, 512KiB or 25MB, at most 256MB",
    description: "Largest request body; a listener's annotation may set another.",
  }),
  maxBodyUnproved: setting({
    value: "<bytes>",
    default: "5MB",
    type: as.bytes(1, 268_435_456),
    expected: "bytes such as 5242880, 512KiB or 5MB, at most 256MB",
    description:
      "The same for listeners to which anybody may send, because some trigger demands no proof; a listener's annotation may set up to --max-body.",
  }),
  maxInFlight: setting({
    value: "<bytes>",
    default: "256MB",
    type: as.bytes(1, 68_719_476_736),
    expected: "bytes such as 268435456, 512MiB or 256MB, at most 64GiB",
    description:
      "Memory for bodies of all requests together, with what decoding small ones takes; a quarter more is for decoding large ones. What goes beyond is answered 503, unfinished bodies first.",
  }),
  unprovedRate: setting({
    value: "<deliveries>",
    default: "6000",
    type: as.whole(0, 1_000_000),
    expected: "a whole number from 0 to 1000000",
    description:
      "Unproved deliveries in a minute that each gateway takes for each listener, as many at once; what goes beyond is answered 503. 0: no limit. Proved ones are never counted.",
  }),
  http: setting({
    value: "<style>",
    default: "strict",
    type: as.choice("strict", "tekton"),
    expected: "strict or tekton",
    description: "tekton: webhooks by any method and path, unclean paths redirected, refusals in its words.",
  }),
  hosts: setting({
    value: "<host=namespace/name,...>",
    default: "",
    type: as.hosts,
    expected: "host names with a listener each: hooks.example.com=ci/github, separated by commas",
    description:
      "Host names that lead to one listener by any path, as Ingresses made for Tekton's listeners have them.",
  }),
  defaultListener: setting({
    value: "<namespace/name>",
    default: undefined,
    type: as.objectName,
    expected: "namespace/name",
    description: "The listener that POST / goes to when several are served.",
  }),
  unverifiedReply: setting({
    value: "<status>",
    default: "401",
    type: as.choice("401", "202").transform((value) => (value === "401" ? 401 : 202)),
    expected: "401 or 202",
    description: "Reply to a delivery whose proof failed; 202 is what Tekton answers.",
  }),
} as const;
