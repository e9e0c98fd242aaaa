/** How verbs reach the API: over a gateway's admin port, or in this process when the store can be opened here. */

import { existsSync } from "node:fs";
import type { Environment, Settings } from "../config/index.ts";
import { fromHere, loadStoreKeys, printAddress } from "../config/index.ts";
import { asFault, fault } from "../core/errors.ts";
import type { Store } from "../core/store.ts";
import { VERSION } from "../core/version.ts";
import { auditStore } from "../reconcile/index.ts";
import { parseStoreUrl } from "../storage/index.ts";
import { tokensFor, trustedBy } from "./credentials.ts";
import { answered, type Client, type Method, overHttp } from "./http.ts";
import { settingsFrom } from "./settings.ts";
import { type Options, textOption } from "./verb.ts";

/**
 * Opens the API: over `--gateway` when given; else on the store itself; and when a gateway of this machine has the
 * embedded store open, over that gateway's admin port, which stands in the store's lock.
 *
 * @param decides true for what only a gateway can do: it knows the triggers. Then the setting admin says where one is
 *   that works on a store of many.
 */
export async function openClient(
  options: Options,
  environment: Environment,
  decides = false,
): Promise<Client> {
  const settings = settingsFrom(options, environment);
  const over = (url: string) =>
    overHttp(url, tokensFor(url, settings, environment), url.startsWith("https:") ? trustedBy(settings) : []);
  const given = textOption(options, "gateway");
  if (given !== undefined) return over(given);
  if (decides && !settings.store.startsWith("embedded:")) {
    const scheme = settings.adminTlsCert === undefined ? "http" : "https";
    return over(`${scheme}://${printAddress(fromHere(settings.admin))}`);
  }
  storeIsThere(settings.store);
  try {
    const { openStore } = await import("../storage/index.ts");
    const store = await openStore(settings.store, { keys: loadStoreKeys(settings, environment, false) });
    if (!decides) return inThisProcess(store);
    await store.close();
  } catch (thrown) {
    const error = asFault(thrown);
    const admin = error.values["admin"];
    if (error.code !== "SLUICE_STORE_BUSY" || !admin) throw error;
    return over(admin);
  }
  throw fault("SLUICE_GATEWAY_AWAY", { url: settings.store, reason: "no gateway has this store open" });
}

/**
 * Refuses an embedded store that nobody has made yet: opening it would make one, and an empty ledger answers every
 * question with reassurance.
 *
 * @throws SluiceError SLUICE_CONFIG_INVALID.
 */
function storeIsThere(store: Settings["store"]): void {
  const address = parseStoreUrl(store);
  if (address.kind !== "embedded" || existsSync(address.folder)) return;
  const reason = `there is no store in ${address.folder}`;
  const cure =
    "Run this in the folder where serve runs, or name its --store, or a gateway that runs with --gateway.";
  throw fault("SLUICE_CONFIG_INVALID", { key: "store", reason, cure });
}

async function inThisProcess(store: Store): Promise<Client> {
  const { apiInProcess } = await import("../admin/in-process.ts");
  const { createBatches } = await import("../admin/batches.ts");
  const { ledger, queue, name } = store;
  const noTriggers = () => Promise.reject(fault("SLUICE_GATEWAY_AWAY", { url: name, reason: "it is asked" }));
  const batches = createBatches({ ledger });
  const api = apiInProcess(
    {
      ...{ ledger, queue, batches, replay: noTriggers, preview: noTriggers },
      audit: () => auditStore(store),
      tell: () => undefined,
    },
    VERSION,
  );
  return {
    async ask<T>(method: Method, path: string, body?: object) {
      const { status, text } = await api(method, path, body);
      return answered<T>(name, status, text);
    },
    async [Symbol.asyncDispose]() {
      await batches.close();
      await store.close();
    },
  };
}
