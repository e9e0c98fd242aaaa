/** The doctor's look at the store: it is opened as serve opens it, and asked what its checks ask. */

import { existsSync } from "node:fs";
import { maskCredentials } from "../../config/describe.ts";
import type { Settings } from "../../config/schema.ts";
import { asFault } from "../../core/errors.ts";
import { readiness } from "../../ops/checks.ts";
import { parseStoreUrl } from "../../store/url.ts";
import type { Finding } from "./finding.ts";
import { checked, found } from "./finding.ts";

const AREA = "store";

export async function lookAtStore({ store: url, durability }: Settings): Promise<readonly Finding[]> {
  try {
    const address = parseStoreUrl(url);
    if (address.kind === "embedded" && !existsSync(address.folder)) {
      return [{ area: AREA, state: "skip", what: `${address.folder} is not there yet: serve makes it` }];
    }
    const { openStore } = await import("../../store/open.ts");
    const store = await openStore(url, { durability });
    try {
      await Promise.all([store.ledger.ping(), store.queue.ping()]);
      const { checks } = await readiness(store.checks?.() ?? []);
      const answers: Finding = { area: AREA, state: "ok", what: `${store.name} answers` };
      return [answers, ...checks.flatMap((report) => checked(AREA, report))];
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
