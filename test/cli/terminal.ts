/** The CLI as somebody on a terminal meets it: questions are asked, and answered. */

import { PassThrough } from "node:stream";
import { createConsole } from "../../src/cli/console.ts";
import type { Exit } from "../../src/cli/verb.ts";
import type { Environment } from "../../src/config/env.ts";
import { type Outcome, remembered, runWith } from "./helper.ts";

/** What is typed, line by line. */
export type Answers = readonly string[];

export function sluiceOnTerminal(
  args: readonly string[],
  env: Environment,
  answers: Answers,
): Promise<Outcome<Exit>> {
  const { said, streams } = remembered(true);
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  for (const answer of answers) stdin.write(`${answer}\n`);
  const console = createConsole({ ...streams, stdin }, false);
  return runWith(console, said, args, env);
}
