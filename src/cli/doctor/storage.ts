/** The doctor's look at the store: it is opened as serve opens it, and asked what its checks ask. */

import { existsSync } from "node:fs";
import { readiness } from "../../admin/index.ts";
import type { Environment, Settings } from "../../config/index.ts";
import { loadStoreKeys, maskCredentials, storeKeyFile } from "../../config/index.ts";
import { asFault } from "../../core/errors.ts";
import { parseStoreUrl } from "../../storage/index.ts";
import type { Finding } from "./finding.ts";
import { checked, found } from "./finding.ts";
import { lookAtFolder } from "./start.ts";

const AREA = "store";

const UNMADE =
  "Give this user the right to write there, or name another place: --store embedded:<folder>, or a Redis or Postgres.";
const NO_KEY =
  "Let this user write there, name another file with --store-key-file, or give the key in SLUICE_STORE_KEY.";

/** The file of a key that cannot be made; it may lie elsewhere than the store. */
function keyToMake(settings: Settings, environment: Environment): readonly Finding[] {
  const file = storeKeyFile(settings, environment);
  if (settings.storeKey !== undefined || existsSync(file)) return [];
  const { state, ...finding } = lookAtFolder(AREA, file, NO_KEY);
  return state === "fail" ? [{ ...finding, state }] : [];
}

export async function lookAtStore(settings: Settings, environment: Environment): Promise<readonly Finding[]> {
  const { store: url, durability } = settings;
  try {
    const address = parseStoreUrl(url);
    if (address.kind === "embedded" && !existsSync(address.folder)) {
      return [lookAtFolder(AREA, address.folder, UNMADE), ...keyToMake(settings, environment)];
    }
    const { openStore } = await import("../../storage/index.ts");
    const keys = loadStoreKeys(settings, environment, false);
    const store = await openStore(url, { durability, keys });
    try {
      await Promise.all([store.ledger.ping(), store.queue.ping()]);
      const { checks } = await readiness(store.checks?.() ?? []);
      const answers: Finding = { area: AREA, state: "ok", what: `${store.name} answers` };
      const file = storeKeyFile(settings, environment);
      const made = `no key at ${file} yet: serve makes one; all gateways of a store need the same`;
      const key: readonly Finding[] = keys === undefined ? [{ area: AREA, state: "skip", what: made }] : [];
      return [answers, ...checks.flatMap((report) => checked(AREA, report)), ...key];
    } finally {
      await store.close();
    }
  } catch (thrown) {
    const { code, values } = asFault(thrown);
    if (code !== "SLUICE_STORE_BUSY") return [found(AREA, thrown)];
    const what = `${maskCredentials(url)} is open in process ${values["pid"]}: ask that gateway's /readyz`;
    return [{ area: AREA, state: "skip", what }];
  }
}
