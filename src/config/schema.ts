/** Every setting, declared once: flag, variable, default, form, description. Help, docs and checks read this table. */

import type { z } from "zod";
import type { Declaration } from "./declaration.ts";
import { CLUSTER } from "./settings/cluster.ts";
import { OUTGOING } from "./settings/outgoing.ts";
import { PORTS } from "./settings/ports.ts";
import { RETENTION } from "./settings/retention.ts";
import { SOURCES } from "./settings/sources.ts";
import { WORK } from "./settings/work.ts";

/** In the order of help and docs. */
export const SETTINGS = { ...SOURCES, ...CLUSTER, ...OUTGOING, ...PORTS, ...WORK, ...RETENTION } as const;

export type SettingKey = keyof typeof SETTINGS;

type Optional =
  | "kubeconfig"
  | "storeKey"
  | "storeKeyFile"
  | "publicUrl"
  | "gatewayService"
  | "leaseNamespace"
  | "adminTlsCert"
  | "adminTlsKey"
  | "adminCa"
  | "adminTokens"
  | "adminToken"
  | "defaultListener"
  | "tlsCert"
  | "tlsKey"
  | "tlsClientCa"
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
