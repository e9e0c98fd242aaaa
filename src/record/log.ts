/** The log: pino writes each fact as one line, JSON for machines or pretty for a terminal. */

import { isatty } from "node:tty";
import { pino } from "pino";
import { prettyFactory } from "pino-pretty";
import type { Fact } from "../core/fact.ts";
import type { LineSink } from "./gather.ts";
import { gather } from "./gather.ts";
import type { Level } from "./lines.ts";
import { LINES } from "./lines.ts";
import type { FactListener } from "./recorder.ts";

export interface LogOptions {
  readonly level: Level;
  /** `auto` is pretty when standard output is a terminal. */
  readonly format: "auto" | "json" | "pretty";
  readonly color?: boolean;
  /** Default: standard output. */
  readonly sink?: LineSink;
}

/** Characters of lines kept in memory while nobody reads them; what comes on top is dropped, work goes on. */
const MAX_UNREAD = 16_777_216;

/** What a process that is killed may not have said. Long enough for a busy one to say some dozens of lines with one write. */
const LINGER_MS = 10;

/** Makes the log. Lines to standard output leave in the background; at the process's exit the rest is written. */
export function createLog({
  level,
  format,
  color = false,
  sink = standardOutput(),
}: LogOptions): FactListener {
  const pretty = format === "pretty" || (format === "auto" && isatty(1));
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pretty ? prettied(sink, color) : sink,
  );
  return {
    tell(fact) {
      // The table pairs each type with its own fact, which an index by a union cannot express.
      const line = LINES[fact.type] as (typeof LINES)["store.away"];
      const stated = fact as Extract<Fact, { type: "store.away" }>;
      const at = line.level(stated);
      if (logger.isLevelEnabled(at))
        logger[at]({ fact: fact.type, ...line.fields(stated) }, line.message(stated));
    },
  };
}

function prettied(sink: LineSink, colorize: boolean): LineSink {
  const print = prettyFactory({
    colorize,
    singleLine: true,
    ignore: "fact",
    translateTime: "SYS:HH:MM:ss.l",
  });
  return { write: (line) => sink.write(print(line)) };
}

function standardOutput(): LineSink {
  // Heard before pino's own listener, which writes at the exit what it was given.
  process.once("exit", () => gathered.flush());
  const output = pino.destination({ fd: 1, sync: false, maxLength: MAX_UNREAD });
  const gathered = gather(output, LINGER_MS);
  // A log that cannot be written (a full disk) must not end the process; pino itself sees to closed pipes.
  output.on("error", () => undefined);
  return gathered;
}
