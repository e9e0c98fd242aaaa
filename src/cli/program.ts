/** The command line, built from the verbs: commander parses, a verb runs. */

import { Command, CommanderError, Option } from "commander";
import { VERSION } from "../core/version.ts";
import { VERBS } from "./index.ts";
import { EXIT, type Exit, type Options, ofVerb, type Verb, type VerbContext } from "./verb.ts";

const EXITS = `Exit codes: 0 done, or yes · 1 done, and the answer is no · 2 asked wrongly · 3 store, gateway or cluster away`;

/**
 * Makes the function that runs a command line.
 *
 * @returns given the arguments, resolves with the exit code; faults of verbs are thrown as they are.
 */
export function createProgram(context: VerbContext): (args: readonly string[]) => Promise<Exit> {
  return async (args) => {
    let exit: Exit = EXIT.ok;
    const program = new Command("sluice")
      .description(
        "A durable event gateway for Tekton Triggers: webhooks in, PipelineRuns out, each exactly once.",
      )
      .version(VERSION)
      .showHelpAfterError("(`sluice help <verb>` shows examples)")
      .exitOverride()
      .configureOutput({
        writeOut: (text) => context.console.out(text.trimEnd()),
        writeErr: (text) => context.console.note(text.trimEnd()),
      })
      .addHelpText("after", `\nNew here? \`sluice demo\`, then \`sluice help try\`.\n${EXITS}`);
    for (const verb of VERBS) {
      addVerb(program, verb, async (verbArgs, options) => {
        try {
          exit = await verb.run(context, verbArgs, options);
        } catch (error) {
          throw ofVerb(verb.name, error);
        }
      });
    }
    try {
      await program.parseAsync(args, { from: "user" });
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    }
    return exit;
  };
}

function addVerb(
  program: Command,
  verb: Verb,
  act: (args: readonly string[], options: Options) => Promise<void>,
): void {
  const command = program.command(`${verb.name}${verb.usage === undefined ? "" : ` ${verb.usage}`}`);
  command
    .summary(verb.summary)
    .description(verb.summary)
    .addHelpText("after", `\n${verb.help.replace(/^\n|\n$/g, "")}\n\n${EXITS}`);
  for (const { flags, description, many, default: fallback, choices } of verb.options) {
    const option = new Option(flags, description);
    if (choices !== undefined) option.choices(choices);
    if (many)
      option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
    if (fallback !== undefined) option.default(fallback);
    command.addOption(option);
  }
  command.action(async (...given: unknown[]) => {
    const args = given
      .slice(0, -2)
      .flat()
      .filter((value): value is string => typeof value === "string");
    await act(args, command.opts<Options>());
  });
}
