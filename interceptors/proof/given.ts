/** The parameters of the interceptor `proof` as they were read, and what is said of wrong ones. */

import { fault, type SluiceError } from "../../src/core/errors.ts";
import type { JsonObject } from "../../src/core/json.ts";

export interface Given {
  readonly type?: string;
  readonly secretRef?: { readonly secretName?: string; readonly secretKey?: string };
  readonly header?: string;
  readonly prefix?: string;
  readonly encoding?: string;
  readonly algorithm?: string;
  readonly template?: string;
  readonly timestampHeader?: string;
  readonly tolerance?: number;
  readonly idHeader?: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly algorithms?: readonly string[];
  readonly jwksUrl?: string;
  readonly claims?: JsonObject;
  readonly subject?: string;
  readonly san?: string;
  readonly query?: string;
}

export function wrong(field: string, reason: string): SluiceError {
  return fault("SLUICE_INTERCEPTOR_PARAMS", { name: "proof", reason, field });
}
