/** Every setting, declared once: flag, variable, default, form, description. Help, docs and checks read this table. */

import { z } from "zod";
import * as as from "./values.ts";

interface Declaration<Type extends z.ZodType> {
  /** What follows the flag's name in help; none for a switch. */
  readonly value?: string;
  /** As a user would write it; read by `type` like anything else. Undefined: the setting may be absent. */
  readonly default: string | undefined;
  readonly type: Type;
  /** Completes "expected …" in faults. */
  readonly expected: string;
  readonly description: string;
  /** May hold a credential, or is one as a whole: masked in every output, never quoted in a fault. */
  readonly secret?: "part" | "whole";
  /** The value is a time in milliseconds; shown as a user would write it. */
  readonly time?: true;
  /** A variable of another project that is honoured too, after ours. */
  readonly alsoEnv?: string;
}

const setting = <Type extends z.ZodType>(declaration: Declaration<Type>): Declaration<Type> => declaration;

const TEN_YEARS = 3_650 * 86_400_000;

export const SETTINGS = {
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
  listen: setting({
    value: "<host:port>",
    default: "0.0.0.0:8080",
    type: as.address,
    expected: "host:port",
    description: "Where webhooks arrive.",
  }),
  admin: setting({
    value: "<host:port>",
    default: "127.0.0.1:9000",
    type: as.address,
    expected: "host:port",
    description: "Where health, metrics and the API are served.",
  }),
  adminOpen: setting({
    value: "<what>",
    default: "view",
    type: as.choice("view", "loopback", "never"),
    expected: "view, loopback or never",
    description:
      "What may be asked without a token where only this machine reaches the admin port: view reads all but bodies, loopback may do everything, never nothing.",
  }),
  adminTokens: setting({
    value: "<path>",
    default: undefined,
    type: as.text,
    expected: "a path",
    description:
      "A YAML or JSON file with a list of name, sha256 (or token) and permissions (view, payload, operate): who may use the API.",
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
  role: setting({
    value: "<role>",
    default: "all",
    type: as.choice("all", "ingress", "worker"),
    expected: "all, ingress or worker",
    description: "ingress takes deliveries, worker creates objects, all does both.",
  }),
  maxBody: setting({
    value: "<bytes>",
    default: "25MB",
    type: as.bytes(1, 268_435_456),
    expected: "bytes such as 26214400, 512KiB or 25MB, at most 256MB",
    description: "Largest request body; a listener's annotation may set another.",
  }),
  maxInFlight: setting({
    value: "<bytes>",
    default: "256MB",
    type: as.bytes(1, 68_719_476_736),
    expected: "bytes such as 268435456, 512MiB or 256MB, at most 64GiB",
    description: "Bodies in memory at once, of all requests together; what goes beyond is answered 503.",
  }),
  concurrency: setting({
    value: "<jobs>",
    default: "32",
    type: as.whole(1, 1_024),
    expected: "a whole number from 1 to 1024",
    description: "Jobs that a worker has in hand at once.",
  }),
  unverified: setting({
    value: "<policy>",
    default: "refuse",
    type: as.choice("refuse", "allow"),
    expected: "refuse or allow",
    description: "Triggers that demand no proof and do not say sluice.dev/verification: none.",
  }),
  unverifiedReply: setting({
    value: "<status>",
    default: "401",
    type: as.choice("401", "202").transform((value) => (value === "401" ? 401 : 202)),
    expected: "401 or 202",
    description: "Reply to a delivery whose proof failed; 202 is what Tekton answers.",
  }),
  http: setting({
    value: "<style>",
    default: "strict",
    type: as.choice("strict", "tekton"),
    expected: "strict or tekton",
    description: "tekton: webhooks by any method and path, unclean paths redirected, refusals in its words.",
  }),
  duplicates: setting({
    value: "<policy>",
    default: "once",
    type: as.choice("once", "tekton"),
    expected: "once or tekton",
    description: "A trigger that a listener selects twice runs once; tekton: it runs twice.",
  }),
  decideWithin: setting({
    value: "<time>",
    default: "5s",
    type: as.duration(0, 60_000),
    time: true,
    expected: "a time such as 5s or 800ms, at most 1m",
    description:
      "Time a request waits for remote interceptors before a worker decides; 0 leaves all to workers.",
  }),
  defaultListener: setting({
    value: "<namespace/name>",
    default: undefined,
    type: as.objectName,
    expected: "namespace/name",
    description: "The listener that POST / goes to when several are served.",
  }),
  logLevel: setting({
    value: "<level>",
    default: "info",
    type: as.choice("debug", "info", "warn", "error"),
    expected: "debug, info, warn or error",
    description: "The least level that is logged; debug adds a line per decision.",
  }),
  logFormat: setting({
    value: "<format>",
    default: "auto",
    type: as.choice("auto", "json", "pretty"),
    expected: "auto, json or pretty",
    description: "auto is pretty on a terminal, else JSON.",
  }),
  retention: setting({
    value: "<time>",
    default: "14d",
    type: as.duration(60_000, TEN_YEARS),
    time: true,
    expected: "a time such as 14d or 36h, from 1m",
    description: "Time after its receipt at which a delivery is forgotten; pending ones never are.",
  }),
  retentionDead: setting({
    value: "<time>",
    default: "90d",
    type: as.duration(60_000, TEN_YEARS),
    time: true,
    expected: "a time such as 90d, from 1m",
    description: "The same for dead letters.",
  }),
  retentionPayload: setting({
    value: "<time>",
    default: "3d",
    type: as.duration(60_000, TEN_YEARS),
    time: true,
    expected: "a time such as 3d, from 1m",
    description: "Time after which a body is forgotten, and its delivery cannot be replayed any more.",
  }),
  retentionCount: setting({
    value: "<deliveries>",
    default: undefined,
    type: as.whole(1, 1_000_000_000),
    expected: "a whole number from 1",
    description: "At most so many deliveries are kept; the oldest go first, dead letters last.",
  }),
  retentionBytes: setting({
    value: "<bytes>",
    default: undefined,
    type: as.bytes(1_048_576, 2 ** 50),
    expected: "bytes such as 512MB or 20GB, at least 1MB",
    description: "At most so many bytes of deliveries are kept; the oldest go first, dead letters last.",
  }),
  shutdownGrace: setting({
    value: "<time>",
    default: "25s",
    type: as.duration(0, 600_000),
    time: true,
    expected: "a time such as 25s, 500ms or 2m, at most 10m",
    description: "Time to finish what is in hand after SIGTERM.",
  }),
} as const;

export type SettingKey = keyof typeof SETTINGS;

type Optional =
  | "kubeconfig"
  | "adminTokens"
  | "adminToken"
  | "defaultListener"
  | "retentionCount"
  | "retentionBytes";

/** Settings as the program uses them: maxBody in bytes, shutdownGrace in milliseconds, addresses taken apart. */
export type Settings = {
  readonly [K in Exclude<SettingKey, Optional>]: z.output<(typeof SETTINGS)[K]["type"]>;
} & { readonly [K in Optional]?: z.output<(typeof SETTINGS)[K]["type"]> };

export const SETTING_KEYS = Object.keys(SETTINGS) as readonly SettingKey[];

/** The row of a key, its own type forgotten. */
export const declaration = (key: SettingKey): Declaration<z.ZodType> => SETTINGS[key];

/** `maxBody` is `--max-body` on the command line. */
export const flagOf = (key: SettingKey): string => `--${words(key).join("-")}`;

/** `maxBody` is `SLUICE_MAX_BODY` in the environment. */
export const variableOf = (key: SettingKey): string => `SLUICE_${words(key).join("_").toUpperCase()}`;

function words(key: SettingKey): string[] {
  return key.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
}
