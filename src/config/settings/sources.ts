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
    type: as.flag.refine((value) => !value),
    expected: "false (reading objects from the cluster is not there yet: use --config)",
    description: "Read the objects from the cluster and watch them. Reserved: not there yet.",
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
    type: as.choice("strict", "relaxed"),
    expected: "strict or relaxed",
    description:
      "strict: not ready while the store may forget what it accepted; relaxed: it is only reported.",
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
} as const;
