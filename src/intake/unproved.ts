/** What unproved deliveries may take: a rate and stored bytes for each listener, and no room that is reserved for proved ones. */

import type { ObjectName } from "../core/delivery.ts";
import { fault } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";
import type { Ledger } from "../core/ledger.ts";
import type { Room, Store } from "../core/store.ts";
import { createValve, type DropBodies } from "./unproved-valve.ts";

export interface UnprovedLimits {
  /** Counts a delivery against its listener's rate. @throws SluiceError SLUICE_UNPROVED_RATE. */
  admit(listener: ObjectName): void;
  /**
   * Takes room for a delivery that is about to be stored.
   *
   * @param bytes about as many as will be stored.
   * @returns to be called when it is stored, or was not. @throws SluiceError SLUICE_UNPROVED_BYTES, SLUICE_UNPROVED_ROOM.
   */
  reserve(listener: ObjectName, bytes: number): Promise<() => void>;
}

export interface UnprovedSettings {
  /** Bytes that may be kept of a listener's unproved deliveries. */
  readonly bytes: number;
  /** Deliveries of a listener in a minute, by this gateway; 0: no limit. */
  readonly rate: number;
  /** Percent of the store's room that only proved deliveries may use. */
  readonly reservedPercent: number;
}

export interface UnprovedNeeds {
  readonly usage: Ledger["usage"];
  /** Undefined where nobody knows how much the store can hold. */
  readonly room: () => Promise<Room | undefined>;
  readonly settings: UnprovedSettings;
  readonly clock: () => number;
  /** Makes room among a listener's own; absent: nothing does. */
  readonly dropBodies?: DropBodies;
}

/** The settings that say how much. */
export interface UnprovedConfig {
  readonly unprovedBytes: number;
  readonly unprovedRate: number;
  readonly provedReserve: number;
  /** Bytes that the store may take, where its disk does not say it. */
  readonly storeBytes?: number | undefined;
}

/** The limits of a store. */
export function unprovedLimitsOf(
  { ledger, room }: Pick<Store, "ledger" | "room">,
  { unprovedBytes: bytes, unprovedRate: rate, provedReserve: reservedPercent, storeBytes }: UnprovedConfig,
  tell: Tell = () => undefined,
): UnprovedLimits {
  return createUnprovedLimits({
    ...{ usage: ledger.usage, clock: Date.now, settings: { bytes, rate, reservedPercent } },
    dropBodies: createValve({ ledger, clock: Date.now, tell }),
    async room() {
      const known = await room?.();
      // A size that was given counts before that of a disk which others use too.
      if (storeBytes === undefined || (known !== undefined && known.shared === undefined)) return known;
      return { used: (await ledger.usage()).bytes, size: storeBytes };
    },
  });
}

const MINUTE_MS = 60_000;
/** Milliseconds for which an answer of the store is good; what this gateway adds meanwhile is counted here. */
const GOOD_FOR_MS = 2_000;
/** Part of a limit that may be added to it on one answer: by as much may others have passed it unseen. */
const SLACK = 1 / 64;
/** While it is written, a delivery is in the store's memory as request, as script argument and as record. */
const WHILE_WRITTEN = 3;
/** Bytes that are reserved where a disk's size says nothing of what Sluice may use of it. */
const DISK_RESERVE = 256 * 1_048_576;
/** What a record costs beside its texts: index entries. */
const RECORD_BYTES = 2_048;

/** Parts of a listener's bytes at which old bodies go, and down to which. */
const OPENS_AT = 7 / 8;
const DOWN_TO = 3 / 4;
/** Milliseconds before a listener that had nothing to give is asked again. */
const REST_MS = 30_000;

/** One figure of the store, and what was added to it since. */
interface Gauge {
  /** Asks the store where its last answer is too old. */
  refresh(): Promise<void>;
  value(): number;
  add(bytes: number): () => void;
  /** Makes the last answer of the store too old. */
  forget(): void;
}

/** @param limit what {@link SLACK} is a part of; undefined where it is not known yet. */
function createGauge(
  ask: () => Promise<number>,
  limit: () => number | undefined,
  clock: () => number,
): Gauge {
  let value = 0;
  let added = 0;
  let open = 0;
  let at = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  async function read(): Promise<void> {
    const [before, unsure] = [added, open];
    value = await ask();
    // What was being written may be counted in the answer or not.
    added += unsure - before;
    at = clock();
  }

  return {
    async refresh() {
      const slack = (limit() ?? 0) * SLACK;
      if (clock() - at >= GOOD_FOR_MS || added > slack) {
        asking ??= read().finally(() => {
          asking = undefined;
        });
        await asking;
      }
    },
    value: () => value + added,
    forget() {
      at = Number.NEGATIVE_INFINITY;
    },
    add(bytes) {
      added += bytes;
      open += bytes;
      return () => {
        open -= bytes;
      };
    },
  };
}

export function createUnprovedLimits(needs: UnprovedNeeds): UnprovedLimits {
  const { usage, room, settings, clock, dropBodies } = needs;
  const buckets = new Map<string, { left: number; at: number }>();
  const listeners = new Map<string, Gauge>();
  const draining = new Set<string>();
  const restsUntil = new Map<string, number>();
  let most: Room | undefined;
  let writing = 0;
  const used = createGauge(
    async () => {
      most = await room();
      return most?.used ?? 0;
    },
    () => most?.size,
    clock,
  );

  function listenerGauge(listener: ObjectName): Gauge {
    const name = nameOf(listener);
    let gauge = listeners.get(name);
    if (gauge === undefined) {
      gauge = createGauge(
        async () => (await usage(listener)).unproved,
        () => settings.bytes,
        clock,
      );
      listeners.set(name, gauge);
    }
    return gauge;
  }

  /** Beside the deliveries: they wait for nothing, and what does not fit yet is asked to come again. */
  function drain(listener: ObjectName, gauge: Gauge, keep: number): void {
    const name = nameOf(listener);
    if (dropBodies === undefined || draining.has(name) || clock() < (restsUntil.get(name) ?? 0)) return;
    draining.add(name);
    // A store that is away is told of by itself.
    dropBodies(listener, Math.max(0, keep))
      .catch(() => 0)
      .then((dropped) => {
        if (dropped === 0) restsUntil.set(name, clock() + REST_MS);
        else gauge.forget();
        draining.delete(name);
      });
  }

  return {
    admit(listener) {
      if (settings.rate === 0) return;
      const name = nameOf(listener);
      const now = clock();
      const { left, at } = buckets.get(name) ?? { left: settings.rate, at: now };
      const filled = Math.min(settings.rate, left + ((now - at) * settings.rate) / MINUTE_MS);
      buckets.set(name, { left: Math.max(0, filled - 1), at: now });
      if (filled >= 1) return;
      throw fault("SLUICE_UNPROVED_RATE", { listener: name, limit: String(settings.rate) });
    },

    async reserve(listener, bytes) {
      const own = listenerGauge(listener);
      const size = bytes + RECORD_BYTES;
      await own.refresh();
      await used.refresh();
      // From here to the end nothing waits: of many at once each sees what the ones before it took.
      const name = nameOf(listener);
      if (own.value() + size > settings.bytes * OPENS_AT) drain(listener, own, settings.bytes * DOWN_TO);
      if (own.value() + size > settings.bytes)
        throw fault("SLUICE_UNPROVED_BYTES", { listener: name, limit: String(settings.bytes) });
      const reserved = most && reservedOf(most, settings.reservedPercent);
      if (
        most &&
        reserved !== undefined &&
        used.value() + WHILE_WRITTEN * (writing + size) > most.size - reserved
      )
        throw fault("SLUICE_UNPROVED_ROOM", { reserved: String(Math.ceil(reserved)) });
      writing += size;
      const releases = [own.add(size), used.add(size)];
      return () => {
        writing -= size;
        for (const release of releases) release();
      };
    },
  };
}

function reservedOf({ size, shared }: Room, percent: number): number {
  return shared ? Math.min(DISK_RESERVE, size) : (size * percent) / 100;
}

function nameOf({ namespace, name }: ObjectName): string {
  return `${namespace}/${name}`;
}
