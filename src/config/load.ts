/** Settings from flags, variables, sluice.yaml and defaults, in this order; all that is wrong is said at once. */

import type { SluiceError, SourcePosition } from "../core/errors.ts";
import { fault } from "../core/errors.ts";
import { didYouMean } from "../core/nearest.ts";
import type { Environment } from "./env.ts";
import { isServiceLink } from "./env.ts";
import type { SettingsFile } from "./file.ts";
import { parseSettingsFile } from "./file.ts";
import type { SettingKey, Settings } from "./schema.ts";
import { declaration, flagOf, SETTING_KEYS, variableOf } from "./schema.ts";

export interface SettingSources {
  /** Key (`maxBody`) to what the command line said; undefined counts as not said. */
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly env?: Environment;
  readonly file?: SettingsFile | undefined;
}

/** A value somebody gave, and where. */
interface Given {
  readonly value: unknown;
  /** `--max-body`, `SLUICE_MAX_BODY`, `sluice.yaml:3`. */
  readonly source: string;
  readonly at?: SourcePosition;
}

/**
 * Works out the settings.
 *
 * @returns frozen; every key of the table has a value or is absent because it has no default.
 * @throws SluiceError SLUICE_CONFIG_INVALID naming everything that is wrong, one line each; several faults stand
 *   separately in an AggregateError as its cause.
 */
export function loadSettings({ flags = {}, env = {}, file }: SettingSources): Settings {
  const faults: SluiceError[] = [];
  const layers = [fromFlags(flags, faults), fromEnvironment(env, faults), fromFile(file, faults)];
  const settings: Record<string, unknown> = {};
  for (const key of SETTING_KEYS) {
    const given = layers.map((layer) => layer.get(key)).find((found) => found !== undefined);
    const value = given === undefined ? defaultOf(key) : read(key, given, faults);
    if (value !== undefined) settings[key] = Object.freeze(value);
  }
  if (faults.length > 0) throw together(faults);
  return Object.freeze(settings) as Settings;
}

type Layer = ReadonlyMap<SettingKey, Given>;

const isKey = (key: string): key is SettingKey => (SETTING_KEYS as readonly string[]).includes(key);

function fromFlags(flags: Readonly<Record<string, unknown>>, faults: SluiceError[]): Layer {
  const layer = new Map<SettingKey, Given>();
  for (const [key, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    if (isKey(key)) layer.set(key, { value, source: flagOf(key) });
    else faults.push(unknown(key, SETTING_KEYS));
  }
  return layer;
}

function fromEnvironment(env: Environment, faults: SluiceError[]): Layer {
  const layer = new Map<SettingKey, Given>();
  const ours = new Map(SETTING_KEYS.map((key) => [variableOf(key), key]));
  for (const key of SETTING_KEYS) {
    for (const variable of [variableOf(key), declaration(key).alsoEnv ?? ""]) {
      const value = env[variable];
      // An empty variable is how shells and compose files spell "not set".
      if (value !== undefined && value !== "" && !layer.has(key)) layer.set(key, { value, source: variable });
    }
  }
  for (const name of Object.keys(env)) {
    if (name.startsWith("SLUICE_") && !ours.has(name) && !isServiceLink(name))
      faults.push(unknown(name, [...ours.keys()]));
  }
  return layer;
}

function fromFile(file: SettingsFile | undefined, faults: SluiceError[]): Layer {
  const layer = new Map<SettingKey, Given>();
  for (const entry of file === undefined ? [] : parseSettingsFile(file)) {
    const { at } = entry;
    const source = `${at.file}:${at.line}`;
    if ("reason" in entry) faults.push(invalid(source, entry.reason, at));
    else if (!isKey(entry.key)) faults.push(unknown(entry.key, SETTING_KEYS, at));
    else if (entry.value !== null && entry.value !== undefined)
      layer.set(entry.key, { value: entry.value, source, at });
  }
  return layer;
}

function read(key: SettingKey, { value, source, at }: Given, faults: SluiceError[]): unknown {
  const { type, expected, secret } = declaration(key);
  const result = type.safeParse(value);
  if (result.success) return result.data;
  // A credential may stand in a value that is wrong elsewhere.
  const got = secret ? "something else" : shown(value);
  faults.push(invalid(key, `expected ${expected}; got ${got} from ${source}`, at));
  return undefined;
}

function defaultOf(key: SettingKey): unknown {
  const { type, default: text } = declaration(key);
  return text === undefined ? undefined : type.parse(text);
}

function unknown(name: string, known: readonly string[], at?: SourcePosition): SluiceError {
  const where = at === undefined ? "" : ` (${at.file}:${at.line})`;
  return invalid(shown(name, 64), `there is no such setting${where}${didYouMean(name, known)}`, at);
}

function invalid(key: string, reason: string, at?: SourcePosition): SluiceError {
  return fault("SLUICE_CONFIG_INVALID", { key, reason }, at === undefined ? {} : { at });
}

function together(faults: readonly SluiceError[]): SluiceError {
  const [first, ...others] = faults as [SluiceError, ...SluiceError[]];
  if (others.length === 0) return first;
  // The table's message is one line per fault: `setting a: …`, then the others as they are.
  const reason = [first.values["reason"], ...others.map((other) => other.message)].join("\n");
  const key = first.values["key"] as string;
  const cause = new AggregateError(faults, `${faults.length} settings are wrong`);
  return fault(
    "SLUICE_CONFIG_INVALID",
    { key, reason },
    first.at === undefined ? { cause } : { cause, at: first.at },
  );
}

/** A foreign value as one short line. */
function shown(value: unknown, limit = 80): string {
  const line = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  const clean = line.replace(/[\p{Cc}\p{Cf}]/gu, "?");
  return clean.length > limit ? `${clean.slice(0, limit)}…` : clean;
}
