/** Decodes bodies: small ones at once, large ones in slices of time between other work, within a budget of memory. */

import { isUtf8 } from "node:buffer";
import type { Payload } from "./delivery.ts";
import { payload } from "./delivery.ts";
import { fault } from "./errors.ts";
import type { JsonValue } from "./json.ts";
import { decodeCost } from "./json-count.ts";
import { countSteps, parseSteps } from "./json-steps.ts";

/** A body with its payload, which holds memory until it is released. */
export interface Decoded {
  readonly payload: Payload;
  release(): void;
}

export interface Decoder {
  /**
   * Opens a body.
   *
   * @returns at once for a small body. A large one waits for its turn; then its JSON has been read already, and json()
   *   answers or throws at once. A large one that is no UTF-8 has no JSON (RFC 8259, section 8.1): each of its bytes would
   *   become a character of three.
   * @throws SluiceError SLUICE_BUSY where it waited too long.
   */
  open(body: Buffer): Pick<Decoded, "payload"> | Promise<Decoded>;
}

export interface DecoderOptions {
  /** Bytes that large bodies may take together while decoded; one alone may take more. Default 64 MiB. */
  readonly room?: number;
  /** Milliseconds that a large body waits for room. Default 20,000. */
  readonly waitMs?: number;
  /** Values of JSON in one body; a body with more is not parsed. Default {@link MAX_JSON_VALUES}. */
  readonly maxValues?: number;
}

/** A GitHub push of 25 MB, full of the names of files, has some 600,000. */
export const MAX_JSON_VALUES = 1_000_000;

/** Bodies up to this many bytes are parsed at once: the worst of them takes some 20 ms. */
export const DECODED_AT_ONCE = 256 * 1024;
/** Milliseconds of work on large bodies before everything else has its turn. */
const SLICE_MS = 10;

/** Decodes a body for as long as `work` takes. */
export function withDecoded<T>(
  decoder: Decoder,
  body: Buffer,
  work: (payload: Payload) => Promise<T>,
): Promise<T> {
  const opened = decoder.open(body);
  // A small body costs no turn of the event loop.
  if (!(opened instanceof Promise)) return work(opened.payload);
  return opened.then(async ({ payload, release }) => {
    try {
      return await work(payload);
    } finally {
      release();
    }
  });
}

/** Makes the decoder; one for a process, since memory and event loop are. */
export function createDecoder(options: DecoderOptions = {}): Decoder {
  const { room = 64 * 1024 * 1024, waitMs = 20_000, maxValues = MAX_JSON_VALUES } = options;
  const run = createSlices(SLICE_MS);
  const waiting: { readonly cost: number; readonly start: () => void }[] = [];
  let held = 0;

  const fits = (cost: number): boolean => held === 0 || held + cost <= room;

  function take(cost: number): Promise<void> | undefined {
    if (waiting.length === 0 && fits(cost)) {
      held += cost;
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const turn = {
        cost,
        start: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(turn), 1);
        reject(fault("SLUICE_BUSY"));
        startNext();
      }, waitMs);
      waiting.push(turn);
    });
  }

  function give(cost: number): void {
    held -= cost;
    startNext();
  }

  function startNext(): void {
    for (let next = waiting[0]; next !== undefined && fits(next.cost); next = waiting[0]) {
      held += next.cost;
      waiting.shift();
      next.start();
    }
  }

  async function openLarge(body: Buffer): Promise<Decoded> {
    const values = await outcomeOf(run(countSteps(body)));
    const counted = "value" in values ? values.value : 0;
    const cost = decodeCost(body.length, counted > maxValues ? 0 : counted);
    await take(cost);
    let held = true;
    const release = (): void => {
      if (held) give(cost);
      held = false;
    };
    const json: Outcome<JsonValue> =
      "error" in values
        ? values
        : !isUtf8(body)
          ? { error: new SyntaxError("a body of this size must be UTF-8") }
          : counted > maxValues
            ? { error: fault("SLUICE_BODY_VALUES", { limit: String(maxValues) }) }
            : await outcomeOf(run(parseSteps(body)));
    return { payload: payloadOf(body, json), release };
  }

  return {
    open(body) {
      if (body.length > DECODED_AT_ONCE) return openLarge(body);
      return { payload: payload(body.toString("utf8")) };
    },
  };
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** What became of it; what it threw belongs to the body, as a parse's failure does. */
function outcomeOf<T>(running: Promise<T>): Promise<Outcome<T>> {
  return running.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

/** The text of a large body is made only for those who ask: JSON was read from its bytes. */
function payloadOf(body: Buffer, json: Outcome<JsonValue>): Payload {
  let text: string | undefined;
  return {
    get text() {
      text ??= body.toString("utf8");
      return text;
    },
    empty: false,
    json() {
      if ("error" in json) throw json.error;
      return json.value;
    },
  };
}

/** Runs generators to their ends, in turn, one slice of time in each turn of the event loop, however many there are. */
function createSlices(sliceMs: number): <T>(steps: Generator<void, T>) => Promise<T> {
  const jobs: (() => boolean)[] = [];

  function turn(): void {
    const job = jobs.shift();
    if (job === undefined) return;
    if (!job()) jobs.push(job);
    if (jobs.length > 0) setImmediate(turn);
  }

  return <T>(steps: Generator<void, T>) =>
    new Promise<T>((resolve, reject) => {
      jobs.push(() => {
        const end = performance.now() + sliceMs;
        try {
          for (let next = steps.next(); ; next = steps.next()) {
            if (next.done) {
              resolve(next.value);
              return true;
            }
            if (performance.now() >= end) return false;
          }
        } catch (error) {
          reject(error);
          return true;
        }
      });
      if (jobs.length === 1) setImmediate(turn);
    });
}
