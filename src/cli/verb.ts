/** What a verb of the CLI is, and the exit codes that all of them share. */

import type { Environment } from "../config/index.ts";
import { fault, SluiceError } from "../core/errors.ts";
import type { Console } from "./console.ts";

/** Documented in `sluice help` and docs/cli.md; scripts rely on them. */
export const EXIT = {
  /** It was done; or the answer is yes. */
  ok: 0,
  /** It was done, and the answer is no: invalid objects, a broken law, a refused delivery. */
  no: 1,
  /** It was asked wrongly: unknown options, missing files, settings that make no sense. */
  usage: 2,
  /** It could not be done: the store, the gateway or the cluster did not answer. */
  unavailable: 3,
} as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

/** The exit code of a verb that ended with a fault. */
export function exitOf({ code, status }: SluiceError): Exit {
  if (code.startsWith("SLUICE_CONFIG") || WRONGLY_ASKED.has(code)) return EXIT.usage;
  return status >= 500 || code === "SLUICE_STORE_BUSY" ? EXIT.unavailable : EXIT.no;
}

const WRONGLY_ASKED: ReadonlySet<string> = new Set(["SLUICE_ARGUMENT_INVALID", "SLUICE_REQUEST_INVALID"]);

/** The fault of an argument or an option that is no setting. @param what `--limit`, or what the argument is. */
export const misused = (what: string, reason: string): SluiceError =>
  fault("SLUICE_ARGUMENT_INVALID", { what, reason, verb: "<verb>" });

/** The same with the verb in its cure, which only the caller of the verb knows. */
export function ofVerb(verb: string, thrown: unknown): unknown {
  if (!(thrown instanceof SluiceError) || thrown.code !== "SLUICE_ARGUMENT_INVALID") return thrown;
  return fault(thrown.code, { ...thrown.values, verb }, { cause: thrown });
}

export interface VerbOption {
  /** As commander takes it: `--store <url>`. */
  readonly flags: string;
  readonly description: string;
  readonly default?: string | boolean;
  /** The only values that are taken. */
  readonly choices?: readonly string[];
  /** May be given several times; the values are collected. */
  readonly many?: boolean;
}

/** Values of options by camel-cased name: text, true for flags, lists for `many`. */
export type Options = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

export interface VerbContext {
  readonly console: Console;
  readonly environment: Environment;
  /** Resolves when the process is asked to stop. */
  readonly stop: Promise<string>;
}

export interface Verb {
  /** Examples and what to know, printed under the options. */
  readonly help: string;
  readonly options: readonly VerbOption[];
  run(context: VerbContext, args: readonly string[], options: Options): Promise<Exit>;
}

/** The text of an option, or undefined. */
export function textOption(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}

/** The values of a repeatable option. */
export function listOption(options: Options, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? value : [];
}

export const JSON_OUTPUT: VerbOption = {
  flags: "-o, --output <form>",
  description: "text or json",
  default: "text",
  choices: ["text", "json"],
};
export const GATEWAY: VerbOption = {
  flags: "--gateway <url>",
  description: "ask a running gateway on its admin port, for example http://127.0.0.1:9000",
};
