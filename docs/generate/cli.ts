/** docs/cli.md, from the verbs themselves. */

import { loadVerbs, type VerbEntry } from "../../src/cli/index.ts";
import { EXIT, type Verb } from "../../src/cli/verb.ts";
import { code, notice, page, prose, table } from "./markdown.ts";

/** Usage, help and options of every verb, and the exit codes. */
export async function cliPage(): Promise<string> {
  const known = await loadVerbs();
  const verbs = known.map(({ name, summary }) => [`[${name}](#sluice-${name})`, prose(summary)]);
  const exits = Object.entries(EXIT).map(([name, exit]) => [String(exit), EXITS[name as keyof typeof EXIT]]);
  return page(
    notice("src/cli"),
    "# The command line",
    INTRO,
    table(["verb", "what it does"], verbs),
    "## Exit codes",
    table(["code", "meaning"], exits),
    ...known.flatMap(section),
  );
}

const INTRO = `In the project's folder the command is \`npx sluice\`. It runs with Node 20 too: it then starts the Node 24 that
\`npm ci\` installed. \`sluice help <verb>\` prints what stands here. Results go to standard output, everything else to
standard error; \`NO_COLOR\` and \`FORCE_COLOR\` are honoured.`;

const EXITS: Record<keyof typeof EXIT, string> = {
  ok: "It was done; or the answer is yes.",
  no: "It was done, and the answer is no: invalid objects, nothing matched, a refused delivery, a broken law.",
  usage: "It was asked wrongly: unknown options, missing files, settings that make no sense.",
  unavailable:
    "It could not be done: the store, the gateway or the cluster did not answer. Asking later may help.",
};

function section({ name, usage = "", summary, help, options }: VerbEntry & Verb): string[] {
  const rows = options.map(({ flags, description, default: fallback, choices }) => {
    const told =
      choices === undefined || description.includes(choices.join(" or ")) ? "" : ` (${choices.join(", ")})`;
    return [code(flags), `${prose(description)}${told}`, code(fallback?.toString())];
  });
  return [
    `## sluice ${name}`,
    `${prose(summary.charAt(0).toUpperCase() + summary.slice(1))}.`,
    fence(`sluice ${name} [options] ${usage}`.trim()),
    ...paragraphs(help),
    ...(rows.length > 0 ? [table(["option", "meaning", "default"], rows)] : []),
  ];
}

/** Help as Markdown: indented lines are commands. */
function paragraphs(help: string): string[] {
  return help
    .replace(/^\n+|\n+$/g, "")
    .split(/\n{2,}/)
    .map((block) => (block.startsWith("  ") ? fence(block.replace(/^ {2}/gm, "")) : prose(block)));
}

function fence(text: string): string {
  return `\`\`\`sh\n${text}\n\`\`\``;
}
