/** What the CLI prints with: plain in a pipe, coloured on a terminal, JSON when asked. */

import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import picocolors from "picocolors";
import { stringify } from "yaml";
import type { SluiceError } from "../core/errors.ts";

type Colors = ReturnType<typeof picocolors.createColors>;

export interface Console {
  readonly colors: Colors;
  /** A line on standard output: results. */
  out(line?: string): void;
  /** A line on standard error: what is going on, and faults. */
  note(line: string): void;
  json(value: unknown): void;
  /** The same on one line, for streams. */
  jsonLine(value: unknown): void;
  yaml(value: unknown): void;
  /** Bytes on standard output as they are; on a terminal, without what could drive it. */
  bytes(value: Buffer): void;
  fault(error: SluiceError): void;
  /** Standard input; without one it is at its end. */
  input(): NodeJS.ReadableStream;
  /** Whether a person sits there who can be asked. */
  readonly interactive: boolean;
  /** Asks a person; anything but yes is no. */
  confirm(question: string): Promise<boolean>;
  /** On a terminal, a line that the next one replaces; undefined takes it away. Elsewhere nothing. */
  status(line: string | undefined): void;
  /** Rows under a heading, columns aligned. */
  table(heading: readonly string[], rows: readonly (readonly string[])[]): void;
}

export interface ConsoleStreams {
  readonly stdout: Pick<NodeJS.WriteStream, "write" | "isTTY">;
  readonly stderr: Pick<NodeJS.WriteStream, "write" | "isTTY">;
  readonly stdin?: NodeJS.ReadableStream & { readonly isTTY?: boolean };
}

/** @param color whether to colour; the caller knows about NO_COLOR and terminals. */
export function createConsole(streams: ConsoleStreams, color: boolean): Console {
  const colors = picocolors.createColors(color);
  const out = (line = ""): void => void streams.stdout.write(`${line}\n`);
  const note = (line: string): void => void streams.stderr.write(`${line}\n`);
  // In a pipe the objects go on to kubectl and stay as they are; only a terminal can be driven by them.
  const shown = streams.stdout.isTTY === true ? clean : (text: string) => text;
  const { stderr } = streams;
  const terminal = stderr.isTTY === true;
  return {
    colors,
    // Asked for late: whoever only looks at process.stdin opens it.
    get interactive() {
      return terminal && streams.stdin?.isTTY === true;
    },
    input: () => streams.stdin ?? Readable.from([]),
    async confirm(question) {
      const { stdin } = streams;
      if (stdin === undefined) return false;
      stderr.write(`${question} [y/N] `);
      const lines = createInterface({ input: stdin });
      try {
        for await (const line of lines) return /^y(es)?$/i.test(line.trim());
        return false;
      } finally {
        lines.close();
      }
    },
    status(line) {
      if (terminal) stderr.write(`\r\u001b[2K${line ?? ""}`);
    },
    out,
    note,
    json: (value) => out(escaped(JSON.stringify(value, undefined, 2))),
    jsonLine: (value) => out(escaped(JSON.stringify(value))),
    yaml: (value) => out(shown(stringify(value, { lineWidth: 0 }).trimEnd())),
    bytes(value) {
      if (streams.stdout.isTTY === true) out(clean(value.toString("utf8")));
      else streams.stdout.write(value);
    },
    fault(error) {
      const { file = "", line, column } = error.at ?? {};
      const at = file === "" ? "" : `${oneLine(file)}:${line}:${column} `;
      note(`${colors.red("✗")} ${at}${clean(error.message)} ${colors.dim(`[${error.code}]`)}`);
      note(`  ${colors.cyan("→")} ${clean(error.fix)}`);
    },
    table(heading, rows) {
      const cells = rows.map((row) => row.map(oneLine));
      const widths = heading.map((title, i) =>
        Math.max(title.length, ...cells.map((row) => (row[i] ?? "").length)),
      );
      const line = (row: readonly string[]): string =>
        row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join("  ")
          .trimEnd();
      out(colors.bold(line(heading)));
      for (const row of cells) out(line(row));
    },
  };
}

/** Text of strangers, without what could move a terminal's cursor, change its colours or turn its direction. */
export function clean(text: string): string {
  return text.replace(/[^\P{Cc}\t\n]|\p{Bidi_Control}/gu, "\ufffd");
}

/** The same on one line, so that a stranger's text cannot pass for a line of ours. */
export function oneLine(text: string): string {
  return clean(text.replace(/\s*[\r\n\u2028\u2029]+\s*/g, " "));
}

/** JSON text without the signs that JSON leaves as they are and terminals obey; they can only stand inside strings. */
function escaped(json: string): string {
  return json.replace(/[\u007f-\u009f]|\p{Bidi_Control}/gu, (sign) => {
    return `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** `3 s ago`, `2 h ago`: ages for people. */
export function ago(from: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - from) / 1000));
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} d ago`;
}
