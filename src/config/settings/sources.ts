/** What is read, where objects go and where work is kept. */

import { z } from "zod";
import { setting } from "../declaration.ts";
import * as as from "../values.ts";

export const SOURCES = {
  config: setting({
    value: "<path...>",
    default: "",
    type: z.union([z.literal("").transform((): readonly string[] => []), as.list]),
    expected: "files or folders",
    description: "Files and folders that declare EventListeners, Triggers and all they name.",
  }),
  fromCluster: setting({
    default: "false",
    type: as.flag,
    expected: "true or false",
    description:
      "Serve the EventListeners of the cluster that kubeconfig leads to, and follow their changes; instead of --config.",
  }),
  namespaces: setting({
    value: "<name,...>",
    default: "",
    type: z.union([z.literal("").transform((): readonly string[] => []), as.namespaces]),
    expected: "names of namespaces, separated by commas",
    description:
      "The namespaces of the cluster that are looked into; all of them where none is named. With names, rights inside them are enough.",
  }),
  namespace: setting({
    value: "<name>",
    default: "default",
    type: as.namespace,
    expected: "a namespace",
    description: "Namespace of declared objects that name none.",
  }),
  store: setting({
    value: "<url>",
    default: "embedded:./.sluice",
    type: as.storeUrl,
    expected: "embedded:<dir>, redis://…, rediss://… or postgres://…",
    description: "Where deliveries and jobs are kept.",
    secret: "part",
  }),
  durability: setting({
    value: "<policy>",
    default: "strict",
    type: as.choice("strict", "relaxed", "replicated"),
    expected: "strict, relaxed or replicated",
    description:
      "strict: not ready while the store may forget what it accepted; relaxed: it is only reported; replicated: as strict, and a delivery is accepted only when a replica of the store has it.",
  }),
  storeHold: setting({
    value: "<time>",
    default: "2s",
    type: as.duration(0, 10_000),
    time: true,
    expected: "a time such as 2s or 500ms, at most 10s",
    description:
      "Time that a delivery waits for a store that is away for a moment (a restart, a failover, a freeze) before it is answered 503; 0s: none. An outage that lasts five times as long is answered at once.",
  }),
  storeKey: setting({
    value: "<keys>",
    default: undefined,
    type: as.storeKeys,
    expected: "one to eight keys of 32 to 512 printable characters, parted by spaces",
    description:
      "Keys under which jobs and records are signed and bodies encrypted: the first signs, all are believed. All gateways of a store need the same. Goes before --store-key-file.",
    secret: "whole",
  }),
  storeKeyFile: setting({
    value: "<path>",
    default: undefined,
    type: as.text,
    expected: "a path",
    description:
      "A file of such keys, a line each, mode 0600; made where there is none. Without it <dir>.key beside an embedded store, else store-key in this user's state folder.",
  }),
  storeIntegrity: setting({
    value: "<policy>",
    default: "require",
    type: as.choice("require", "adopt"),
    expected: "require or adopt",
    description:
      "What becomes of jobs and records without a signature of a known key. require: they are held; adopt: they are believed, after an upgrade from 0.1 or the loss of a key, until none is left.",
  }),
  encryptBodies: setting({
    default: "false",
    type: as.flag,
    expected: "true or false",
    description:
      "Encrypt the bodies of deliveries in the store (AES-256-GCM, a key derived from the store's).",
  }),
  create: setting({
    value: "<target>",
    default: "auto",
    type: as.createTarget,
    expected: "auto, kubernetes, directory:<dir> or dry-run",
    description: "Where objects are created; auto: the cluster when one is known, else directory:./runs.",
  }),
  kubeconfig: setting({
    value: "<path>",
    default: undefined,
    type: as.text,
    expected: "a path",
    description: "The kubeconfig to use; without it the pod's own account, where there is one.",
    alsoEnv: "KUBECONFIG",
  }),
  identity: setting({
    value: "<whose>",
    default: "auto",
    type: as.choice("auto", "gateway", "tekton"),
    expected: "auto, gateway or tekton",
    description:
      "As whom objects are created in a cluster. gateway: by the gateway's own rights; tekton: as the service account of the trigger, else of the listener; auto: tekton with --from-cluster, else gateway.",
  }),
  clusters: setting({
    value: "<name=place#namespaces,...>",
    default: "",
    type: as.clusters,
    expected:
      "name=<path of a kubeconfig> or name=secret:<namespace>/<name>, each with #<namespace>+<namespace> or #* behind it, separated by commas; in YAML name: {kubeconfig, namespaces}",
    description:
      "Further clusters to create objects in: name and kubeconfig, a file or the key kubeconfig of a Secret in the gateway's own cluster; behind # the namespaces here whose triggers may use it, * for all. Without them no trigger may. A TriggerTemplate asks for one with the annotation sluice.dev/cluster.",
  }),
} as const;
