/** How verbs reach the ledger: the store itself, or the gateway that has it open. */

import { existsSync } from "node:fs";
import { auditStore } from "../audit.ts";
import type { Environment } from "../config/env.ts";
import type { Settings } from "../config/schema.ts";
import type { ErrorCode } from "../core/error-table.ts";
import { ERRORS } from "../core/error-table.ts";
import type { SluiceError } from "../core/errors.ts";
import { asFault, fault, reasonOf } from "../core/errors.ts";
import type { Audit, DeliveryFilter, DeliveryRecord, DeliverySummary, Page } from "../core/ledger.ts";
import { parseStoreUrl } from "../store/url.ts";
import { settingsFrom } from "./settings.ts";
import { type Options, textOption } from "./verb.ts";

export interface LedgerAccess extends AsyncDisposable {
  list(filter: DeliveryFilter, page: { limit: number; cursor?: string }): Promise<Page<DeliverySummary>>;
  find(id: string): Promise<DeliveryRecord | undefined>;
  audit(): Promise<Audit>;
}

/**
 * Opens the ledger: over `--gateway` when given; else the store; and when a gateway of this machine has the embedded
 * store open, over that gateway's admin port, which stands in the store's lock.
 */
export async function openLedger(options: Options, environment: Environment): Promise<LedgerAccess> {
  const gateway = textOption(options, "gateway");
  if (gateway !== undefined) return overGateway(gateway);
  const settings = settingsFrom(options, environment);
  storeIsThere(settings.store);
  try {
    const { openStore } = await import("../store/open.ts");
    const store = await openStore(settings.store);
    return {
      list: (filter, page) => store.ledger.list(filter, page),
      find: (id) => store.ledger.find(id),
      audit: () => auditStore(store),
      [Symbol.asyncDispose]: () => store.close(),
    };
  } catch (thrown) {
    const error = asFault(thrown);
    const admin = error.values["admin"];
    if (error.code !== "SLUICE_STORE_BUSY" || !admin) throw error;
    return overGateway(admin);
  }
}

/**
 * Refuses an embedded store that nobody has made yet: opening it would make one, and an empty ledger answers every
 * question with reassurance.
 *
 * @throws SluiceError SLUICE_CONFIG_INVALID.
 */
export function storeIsThere(store: Settings["store"]): void {
  const address = parseStoreUrl(store);
  if (address.kind !== "embedded" || existsSync(address.folder)) return;
  throw fault("SLUICE_CONFIG_INVALID", { key: "store", reason: `there is no store in ${address.folder}` });
}

function overGateway(url: string): LedgerAccess {
  return {
    list(filter, page) {
      const query = new URLSearchParams();
      for (const [key, value] of Object.entries({ ...filter, ...page })) {
        if (value !== undefined) query.set(key, String(value));
      }
      return askGateway(url, "GET", `/api/v1/deliveries?${query}`);
    },
    async find(id) {
      try {
        return await askGateway<DeliveryRecord>(url, "GET", `/api/v1/deliveries/${encodeURIComponent(id)}`);
      } catch (error) {
        if (asFault(error).code === "SLUICE_DELIVERY_UNKNOWN") return undefined;
        throw error;
      }
    },
    audit: () => askGateway(url, "GET", "/api/v1/audit"),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/**
 * One call of a gateway's API.
 *
 * @throws SluiceError SLUICE_GATEWAY_AWAY, or the fault that the gateway answered with.
 */
export async function askGateway<T>(
  url: string,
  method: "GET" | "POST",
  path: string,
  body?: object,
): Promise<T> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(new URL(path, url), {
      method,
      signal: AbortSignal.timeout(60_000),
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    text = await response.text();
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw fault("SLUICE_GATEWAY_AWAY", { url, reason: reasonOf(cause) }, { cause: error });
  }
  if (response.ok) return JSON.parse(text) as T;
  throw answeredFault(url, response.status, text);
}

function answeredFault(url: string, status: number, text: string): SluiceError {
  try {
    const { error } = JSON.parse(text) as { error: { code: ErrorCode; values: Record<string, string> } };
    if (Object.hasOwn(ERRORS, error.code)) return fault(error.code, error.values);
  } catch {
    // Whatever answered is no gateway.
  }
  return fault("SLUICE_GATEWAY_AWAY", { url, reason: `it answered ${status}` });
}
