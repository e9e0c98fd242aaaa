/** `sluice check`: are these objects right, before a cluster or an event finds out? */

import { faultReport, formatFault } from "../catalog/index.ts";
import { clean } from "./console.ts";
import { loadOffline } from "./offline.ts";
import { settingOptions, settingsFrom } from "./settings.ts";
import { EXIT, JSON_OUTPUT, listOption, type Verb } from "./verb.ts";

export const check: Verb = {
  name: "check",
  usage: "[paths...]",
  summary: "validate Triggers objects: fields, CEL, paths, references, proofs",
  help: `
Checks what Tekton's admission checks, and what Tekton finds only when an event comes: expressions that do not compile,
paths that cannot be parsed, references to nothing, triggers that demand no proof, Secrets that are weak or badly written.
References to nothing are warnings: another file or the cluster may hold the object; --strict makes errors of warnings.

  sluice check triggers/
  sluice check listener.yaml secret.yaml -o json`,
  options: [
    { flags: "--strict", description: "warnings count as errors" },
    ...settingOptions("config", "namespace", "unverified", "clusters"),
    JSON_OUTPUT,
  ],
  async run({ console, environment }, paths, options) {
    const settings = settingsFrom(options, environment);
    const named = [...paths, ...listOption(options, "config")];
    const loaded = await loadOffline(named.length > 0 ? named : settings.config, settings);
    const { plans, objects, files, errors, warnings } = loaded;
    const failed = errors.length > 0 || (options["strict"] === true && warnings.length > 0);
    if (options["output"] === "json") {
      const listeners = plans.all().map(({ namespace, name }) => ({ namespace, name }));
      const found = { errors: errors.map(faultReport), warnings: warnings.map(faultReport) };
      console.json({ ok: !failed, files, objects, listeners, ...found });
    } else {
      const { colors } = console;
      for (const error of errors) console.out(`${colors.red("error")}   ${clean(formatFault(error))}`);
      for (const warning of warnings)
        console.out(`${colors.yellow("warning")} ${clean(formatFault(warning))}`);
      const counted = `${objects} objects in ${files} files, ${plans.all().length} listeners`;
      const found = `${errors.length} errors, ${warnings.length} warnings`;
      console.out(`${failed ? colors.red("✗") : colors.green("✓")} ${counted}: ${found}`);
    }
    if (errors.some(({ code }) => code === "SLUICE_CONFIG_MISSING")) return EXIT.usage;
    return failed ? EXIT.no : EXIT.ok;
  },
};
