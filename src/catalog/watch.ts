/** The catalog from files: loaded, watched, and in force as it stands there, without what is broken. */

import { setTimeout as sleep } from "node:timers/promises";
import type { SluiceError } from "../core/errors.ts";
import { asFault } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";
import { countTriggers, createDeclarations } from "./declarations.ts";
import type { FoundFiles } from "./files.ts";
import { findFiles } from "./files.ts";
import { watchFolders } from "./folders.ts";
import type { CatalogState, Loaded, LoadOptions, ParseMemory } from "./load.ts";
import { loadFound } from "./load.ts";
import { fileSecrets } from "./secrets.ts";

export interface FileCatalogOptions extends LoadOptions {
  readonly tell: Tell;
  /**
   * Called with every new state before it comes into force, also with the first; compiles it, usually. When it throws,
   * the state before stays in force.
   */
  readonly accept?: (state: CatalogState) => Acceptance;
  /** Milliseconds of quiet that a change must be followed by before files are read; default 100. */
  readonly quietMs?: number;
  /** Milliseconds between looks at the disk that no watcher asked for; default 3,000. */
  readonly scanMs?: number;
}

/** What the compiler says of a state: errors take out what they concern, warnings are only kept for people. */
export interface Acceptance {
  readonly errors: readonly SluiceError[];
  readonly warnings: readonly SluiceError[];
}

/** The state in force, and what is wrong with it. */
export interface InForce extends CatalogState {
  /** False until a first state came into force; till then nothing is declared. */
  readonly loaded: boolean;
  /** What is not in force, each for itself: objects that cannot be used, triggers that cannot fire. */
  readonly faults: readonly SluiceError[];
  readonly warnings: readonly SluiceError[];
  /** Why the files may by now be others: they cannot be read, and what was read last is in force, or nothing is. */
  readonly away: readonly SluiceError[];
}

export interface FileCatalog {
  state(): InForce;
  /** @param listener hears of every state that came into force after this call. @returns the way to stop it. */
  onChange(listener: (state: CatalogState) => void): () => void;
  /** Looks at the disk now. Resolves when what was there at the call is in force or refused. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Loads files and folders and keeps up with them: editors that replace files, the link swap of Kubernetes mounts, files
 * that come and go. What is wrong with an object takes out that object alone, at the first load and at every other; only
 * while files cannot be read at all, what was read last stays in force.
 */
export async function createFileCatalog(options: FileCatalogOptions): Promise<FileCatalog> {
  const { tell, accept = () => ({ errors: [], warnings: [] }), quietMs = 100, scanMs = 3_000 } = options;
  const listeners = new Set<(state: CatalogState) => void>();
  const memory: ParseMemory = new Map();
  const nothing = { declarations: createDeclarations([]), secrets: fileSecrets([]) };
  let inForce: InForce = { ...nothing, loaded: false, faults: [], warnings: [], away: [] };
  let seen: FoundFiles | undefined;
  let closed = false;

  const { nudge, idle } = createLoop(async () => {
    try {
      const found = await settled(options.paths, seen, quietMs);
      if (found === undefined || closed) return;
      const started = performance.now();
      const loaded = await loadFound(found, options, memory);
      // Written to while they were read: what was read may be half of two states.
      if ((await findFiles(options.paths)).print !== found.print) return nudge();
      if (!closed) take(found, loaded, started);
    } catch (error) {
      tell({ type: "defect", where: "catalog reload", error: asFault(error) });
    }
  });
  const watcher = watchFolders({ scanMs, nudge });

  const started = performance.now();
  const first = await findFiles(options.paths);
  take(first, await loadFound(first, options, memory), started);
  // What changed between reading the files and watching them is seen by this look.
  nudge();

  return {
    state: () => inForce,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async refresh() {
      nudge();
      await idle();
    },
    async close() {
      closed = true;
      watcher.close();
      await idle();
    },
  };

  /** Puts a loaded state in force, unless what was read last is better than what can be read now. */
  function take(found: FoundFiles, loaded: Loaded, started: number): void {
    seen = found;
    if (!closed) watcher.follow(found.folders);
    const { declarations, secrets, objects, away, unread } = loaded;
    const nothing = objects === 0 && declarations.listeners.length === 0 && unread !== undefined;
    const isWorse = inForce.loaded ? away.length > 0 : nothing;
    const judged = isWorse ? undefined : judge(loaded);
    if (judged === undefined || "crash" in judged) {
      const why = away.length > 0 || unread === undefined ? away : [unread];
      inForce = { ...inForce, away: judged === undefined ? why : [judged.crash] };
      tell({ type: "catalog.broken", faults: inForce.away, loaded: inForce.loaded });
      return;
    }
    const faults = [...loaded.faults, ...judged.errors];
    const warnings = [...loaded.warnings, ...judged.warnings];
    inForce = { declarations, secrets, ...(unread && { unread }), loaded: true, faults, warnings, away };
    const all = [...away, ...faults];
    tell({
      type: "catalog.loaded",
      objects,
      listeners: declarations.listeners.length,
      triggers: countTriggers(declarations),
      ...(all.length > 0 && { faults: all }),
      took: performance.now() - started,
    });
    announce(inForce);
  }

  function judge(loaded: Loaded): Acceptance | { readonly crash: SluiceError } {
    try {
      return accept(loaded);
    } catch (error) {
      return { crash: asFault(error) };
    }
  }

  function announce(next: CatalogState): void {
    for (const listener of listeners) {
      try {
        listener(next);
      } catch (error) {
        tell({ type: "defect", where: "catalog listener", error: asFault(error) });
      }
    }
  }
}

/**
 * Waits until the files have been the same for `quietMs`: half-written ones may be valid YAML that lacks its end.
 *
 * @returns what is there now, or undefined when it is what was seen before.
 */
async function settled(
  paths: readonly string[],
  seen: FoundFiles | undefined,
  quietMs: number,
): Promise<FoundFiles | undefined> {
  let found = await findFiles(paths);
  if (found.print === seen?.print) return undefined;
  // Whoever never stops writing is read at last all the same.
  for (let rounds = 0; rounds < 20; rounds++) {
    await sleep(quietMs);
    const again = await findFiles(paths);
    if (again.print === found.print) break;
    found = again;
  }
  return found;
}

/** Runs `work` once for any number of nudges that come before it starts, and again for those that come while it runs. */
function createLoop(work: () => Promise<void>): { nudge(): void; idle(): Promise<void> } {
  let wanted = false;
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    while (wanted) {
      wanted = false;
      await work();
    }
    running = undefined;
  };
  return {
    nudge() {
      wanted = true;
      running ??= run();
    },
    idle: async () => running,
  };
}
