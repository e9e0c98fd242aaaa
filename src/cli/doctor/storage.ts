/** The doctor's look at the store: it is opened as serve opens it, and asked what its checks ask. */

import { existsSync } from "node:fs";
import { maskCredentials } from "../../config/describe.ts";
import type { Environment } from "../../config/env.ts";
import type { Settings } from "../../config/schema.ts";
import { loadStoreKeys, storeKeyFile } from "../../config/store-key.ts";
import { asFault } from "../../core/errors.ts";
import { readiness } from "../../ops/checks.ts";
import { parseStoreUrl } from "../../store/url.ts";
import type { Finding } from "./finding.ts";
import { checked, found } from "./finding.ts";

const AREA = "store";

export async function lookAtStore(settings: Settings, environment: Environment): Promise<readonly Finding[]> {
  const { store: url, durability } = settings;
  try {
    const address = parseStoreUrl(url);
    if (address.kind === "embedded" && !existsSync(address.folder)) {
      return [{ area: AREA, state: "skip", what: `${address.folder} is not there yet: serve makes it` }];
    }
    const { openStore } = await import("../../store/open.ts");
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
