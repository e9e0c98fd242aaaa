/** What the doctor finds: one line each, and how to mend it. */

import type { CheckReport } from "../../admin/index.ts";
import { asFault, type ErrorCode } from "../../core/errors.ts";
import { UNWRITABLE } from "../../gateway/index.ts";

/**
 * ok: as it should be. warn: it works, yet somebody should know. fail: something does not work. skip: could not be looked
 * at here, and why. note: neither good nor bad.
 */
export type FindingState = "ok" | "warn" | "fail" | "skip" | "note";

export interface Finding {
  readonly area: string;
  readonly state: FindingState;
  /** For people. */
  readonly what: string;
  /** How to mend it. */
  readonly fix?: string;
  readonly code?: string;
}

/** Something thrown as a finding. */
export function found(area: string, thrown: unknown, state: FindingState = "fail"): Finding {
  const { code, message, fix } = asFault(thrown);
  return { area, state, what: message, fix: CURES[code] ?? fix, code };
}

/** Where the table says what a gateway does by itself: a reader of the findings can correct it now. */
const CURES: { readonly [C in ErrorCode]?: string } = {
  SLUICE_CREATE_UNREACHABLE:
    "Start the API server, or correct its address in the kubeconfig (--kubeconfig); look at proxies and firewalls between.",
  SLUICE_CREATE_BUSY: "Look at the API server: it has trouble of its own, or limits this account.",
  SLUICE_CREATE_DIRECTORY: UNWRITABLE,
};

const STATES = { ok: "ok", degraded: "warn", failed: "fail" } as const;

/** What a check of `/readyz` says, as findings: its faults, where it has some, stand alone. */
export function checked(area: string, { name, state, message, fix, faults = [] }: CheckReport): Finding[] {
  const what = `${name}: ${message}`;
  const own: Finding = { area, state: STATES[state], what, ...(fix !== undefined && { fix }) };
  const each = faults.map(({ at, message: said, fix: cure, code }): Finding => {
    return { area, state: STATES[state], what: at === undefined ? said : `${at} ${said}`, fix: cure, code };
  });
  return [own, ...each];
}
