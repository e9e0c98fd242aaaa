/** The command line, built from the verbs: commander parses, a verb runs. */

import { Command, CommanderError, Option } from "commander";
import { VERSION } from "../core/version.ts";
import { VERBS, type VerbEntry } from "./index.ts";
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
      .configureHelp({ subcommandTerm: termOf })
      .showHelpAfterError("(`sluice help <verb>` shows examples)")
      .exitOverride()
      .configureOutput({
        writeOut: (text) => context.console.out(text.trimEnd()),
        writeErr: (text) => context.console.note(text.trimEnd()),
      })
      .addHelpText("after", `\nNew here? \`sluice demo\`, then \`sluice help try\`.\n${EXITS}`);
    // The others only stand in the list: loading all of them takes a second.
    const called = (args[0] === "help" ? args.slice(1) : args).find((arg) => !arg.startsWith("-"));
    for (const entry of VERBS) {
      const command = addCommand(program, entry);
      if (entry.name !== called) continue;
      const verb = await entry.load();
      addVerb(command, verb, async (verbArgs, options) => {
        try {
          exit = await verb.run(context, verbArgs, options);
        } catch (error) {
          throw ofVerb(entry.name, error);
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

function addCommand(program: Command, { name, usage, summary }: VerbEntry): Command {
  return program
    .command(usage === undefined ? name : `${name} ${usage}`)
    .summary(summary)
    .description(summary);
}

function addVerb(
  command: Command,
  verb: Verb,
  act: (args: readonly string[], options: Options) => Promise<void>,
): void {
  command.addHelpText("after", `\n${verb.help.replace(/^\n|\n$/g, "")}\n\n${EXITS}`);
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

/** As commander shows a command that has options, which it cannot know of a verb that is not loaded. */
function termOf(command: Command): string {
  const entry = VERBS.find(({ name }) => name === command.name());
  if (entry === undefined) return "help [command]";
  return `${entry.name} [options]${entry.usage === undefined ? "" : ` ${entry.usage}`}`;
}
