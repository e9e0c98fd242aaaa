/** Settings: read from flags, environment and file, and described for people. */

export { describeSettings, fromHere, maskCredentials, printAddress, printSettings } from "./describe.ts";
export { type Environment, wantsColor } from "./env.ts";
export { readSettingsFile } from "./file.ts";
export { loadSettings } from "./load.ts";
export { localTokenFile, readLocalToken } from "./local-token.ts";
export { isCode } from "./private-file.ts";
export { retentionOf } from "./retention.ts";
export { SETTING_KEYS, type SettingKey, type Settings } from "./schema.ts";
export { loadStoreKeys, storeKeyFile } from "./store-key.ts";
export { adminTokens, namesTokens } from "./tokens.ts";
export { duration } from "./values.ts";
