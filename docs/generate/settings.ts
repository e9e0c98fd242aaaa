/** docs/settings.md, from the table of settings. */

import { describeSettings } from "../../src/config/describe.ts";
import { declaration } from "../../src/config/schema.ts";
import { code, notice, page, prose, table } from "./markdown.ts";

/** Key, option, variable, default, form and meaning of every setting. */
export function settingsPage(): string {
  const rows = describeSettings();
  const overview = rows.map(({ key, flag, env, default: fallback }) => {
    const also = declaration(key).alsoEnv;
    return [code(key), code(flag), [env, also ?? ""].filter(Boolean).map(code).join(", "), code(fallback)];
  });
  const entries = rows.map(({ key, description, expected, secret }) => [
    code(key),
    `${prose(description)}${secret ? " May hold a password: it is masked wherever it is shown." : ""}`,
    prose(expected),
  ]);
  return page(
    notice("src/config/settings/"),
    "# Settings",
    INTRO,
    table(["key", "option", "variable", "default"], overview),
    "## What they mean",
    table(["key", "meaning", "expected"], entries),
    FILE,
  );
}

const INTRO = `Every setting is an option of \`sluice serve\`, a variable, and a key of \`sluice.yaml\` in the working folder. The
command line wins over the variable, the variable over the file, the file over the default. A setting that does not
exist is refused, in all three places, and everything that is wrong is said at once. \`sluice settings\` shows what is in
force.`;

const FILE = `## The file

\`\`\`yaml
# sluice.yaml
config: [triggers/]
store: redis://localhost:6379
maxBody: 5MB
\`\`\``;
