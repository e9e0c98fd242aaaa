/** The doctor's look at what a start needs of this machine: ports that are free, and folders that can be made. */

import { accessSync, constants, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Settings } from "../../config/index.ts";
import { fromHere, printAddress } from "../../config/index.ts";
import { reasonOf } from "../../core/errors.ts";
import { tryPort } from "../../gateway/index.ts";
import type { Finding } from "./finding.ts";
import { found } from "./finding.ts";

const AREA = "ports";
/** Milliseconds that a gateway on the admin port has to answer. */
const PATIENCE_MS = 2_000;

/** Ports that another process has; where that is a gateway with this admin port, both are its own. */
export async function lookAtPorts({
  role,
  listen,
  admin,
}: Pick<Settings, "role" | "listen" | "admin">): Promise<readonly Finding[]> {
  const ports = [["admin", admin] as const, ...(role === "worker" ? [] : [["listen", listen] as const])];
  const taken = await Promise.all(
    ports.map(async ([key, address]): Promise<readonly Finding[]> => {
      try {
        await tryPort(key, address);
        return [];
      } catch (error) {
        return [found(AREA, error)];
      }
    }),
  );
  const findings = taken.flat();
  if (findings.length === 0) return [{ area: AREA, state: "ok", what: "what serve listens on is free" }];
  if (!(await isGateway(admin))) return findings;
  const what = `a gateway runs here, with its admin port on ${printAddress(admin)}: a second one needs ports of its own`;
  return [{ area: AREA, state: "note", what }];
}

async function isGateway(admin: Settings["admin"]): Promise<boolean> {
  const address = printAddress(fromHere(admin));
  const answers = ["http", "https"].map(async (scheme) => {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const answer = await fetch(`${scheme}://${address}/healthz`, { signal, redirect: "error" });
    const { status, version } = (await answer.json()) as { status?: unknown; version?: unknown };
    if (status !== "ok" || typeof version !== "string") throw new Error("it is no gateway");
    return true;
  });
  return Promise.any(answers).catch(() => false);
}

/** A folder that is not there yet: passed over where serve can make it, else it fails. */
export function lookAtFolder(area: string, folder: string, cure: string): Finding {
  try {
    const parent = nearestThere(resolve(folder));
    accessSync(parent, constants.W_OK | constants.X_OK);
    return { area, state: "skip", what: `${folder} is not there yet: serve makes it` };
  } catch (error) {
    const what = `${folder} is not there, and cannot be made: ${reasonOf(error)}`;
    return { area, state: "fail", what, fix: cure };
  }
}

function nearestThere(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return nearestThere(dirname(path));
  if (!stat.isDirectory()) throw new Error(`${path} is no folder`);
  return path;
}
