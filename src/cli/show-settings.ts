/** `sluice settings`: the settings in force, from the command line, variables and sluice.yaml; credentials masked. */

import { printSettings } from "../config/index.ts";
import { oneLine } from "./console.ts";
import { settingOptions, settingsFrom } from "./settings.ts";
import { EXIT, JSON_OUTPUT, type Verb } from "./verb.ts";

export const showSettings: Verb = {
  help: `
Every setting is an option of \`sluice serve\`, a variable (--max-body is SLUICE_MAX_BODY) and a key of sluice.yaml in the
working folder (maxBody). The command line wins over the variable, the variable over the file. All that is wrong is
said at once, and a name that no setting has is refused.

  sluice settings
  SLUICE_STORE=redis://localhost:6379 sluice settings --role worker -o json`,
  options: [...settingOptions(), JSON_OUTPUT],
  async run({ console, environment }, _args, options) {
    const { output, ...flags } = options;
    const lines = printSettings(settingsFrom(flags, environment)).split("\n");
    const rows = lines.map((line) => {
      const [key = "", ...value] = line.split(": ");
      return [key, value.join(": ")] as const;
    });
    if (output === "json") console.json(Object.fromEntries(rows));
    else for (const [key, value] of rows) console.out(`${key}: ${oneLine(value)}`);
    return EXIT.ok;
  },
};
