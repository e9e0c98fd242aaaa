/** Settings on the command line: the options of a verb that are settings, and the settings that its options give. */

import type { Environment, SettingKey, Settings } from "../config/index.ts";
import { describeSettings, loadSettings, readSettingsFile, SETTING_KEYS } from "../config/index.ts";
import type { Options, VerbOption } from "./verb.ts";

/** The options of these settings; all of them without an argument. */
export function settingOptions(...keys: readonly SettingKey[]): VerbOption[] {
  const rows = describeSettings().filter(({ key }) => keys.length === 0 || keys.includes(key));
  return rows.map(({ key, flag, description, default: fallback }) => ({
    flags: key === "config" ? `-c, ${flag}` : flag,
    description: fallback === undefined ? description : `${description} Default: ${fallback}.`,
  }));
}

/**
 * Works out the settings from options, variables and sluice.yaml of the working folder.
 *
 * @throws SluiceError SLUICE_CONFIG_INVALID.
 */
export function settingsFrom(options: Options, environment: Environment, folder = process.cwd()): Settings {
  const flags = Object.fromEntries(SETTING_KEYS.map((key) => [key, options[key]]));
  return loadSettings({ flags, env: environment, file: readSettingsFile(folder) });
}
