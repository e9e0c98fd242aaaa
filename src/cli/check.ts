/** `sluice check`: are these objects right, before a cluster or an event finds out? */

import { faultReport, formatFault } from "../catalog/index.ts";
import { amount } from "../core/amount.ts";
import { type ErrorCode, fault, type SluiceError } from "../core/errors.ts";
import { clean } from "./console.ts";
import { byPlace, printFindings } from "./findings.ts";
import { loadOffline, type Offline } from "./offline.ts";
import { settingOptions, settingsFrom } from "./settings.ts";
import { EXIT, JSON_OUTPUT, listOption, type Verb } from "./verb.ts";

/** Warnings of a gateway, which fires what else it can; but what they speak of fails with every event. */
const ALWAYS_FAILS: ReadonlySet<ErrorCode> = new Set([
  "SLUICE_METADATA_INVALID",
  "SLUICE_LITERAL_BROKEN",
  "SLUICE_TEMPLATE_BROKEN",
  "SLUICE_GROUP_UNKNOWN",
]);

export const check: Verb = {
  help: `
Checks what Tekton's admission checks, and what Tekton finds only when an event comes: expressions that do not compile,
paths that cannot be parsed, references to nothing, triggers that demand no proof, Secrets that are weak or badly written,
names and labels of templates that no API server takes. Triggers, bindings, templates and interceptors are checked by
themselves where no listener of the files uses them. References to nothing are warnings: another file or the cluster may
hold the object; --strict makes errors of warnings. Many warnings of one kind are shown as one; --all shows each.
Files that hold no object of Tekton Triggers and no Secret are not checked: exit code 2.

  sluice check triggers/
  sluice check listener.yaml secret.yaml -o json
  kustomize build overlays/prod | sluice check -`,
  options: [
    { flags: "--strict", description: "warnings count as errors" },
    { flags: "--all", description: "show every warning, however many are of one kind" },
    ...settingOptions("config", "namespace", "unverified", "clusters", "unknownParams", "brokenResource"),
    JSON_OUTPUT,
  ],
  async run({ console, environment }, paths, options) {
    const settings = settingsFrom(options, environment);
    const named = [...paths, ...listOption(options, "config")];
    const loaded = await loadOffline(named.length > 0 ? named : settings.config, settings, {
      alone: true,
      input: () => console.input(),
    });
    const { plans, objects, files, unselected, notes } = loaded;
    const { errors, warnings } = graded(withEmptiness(loaded, named));
    const failed = errors.length > 0 || (options["strict"] === true && warnings.length > 0);
    if (options["output"] === "json") {
      const listeners = plans.all().map(({ namespace, name }) => ({ namespace, name }));
      const alone = unselected.map(({ metadata: { namespace, name } }) => ({ namespace, name }));
      const found = {
        errors: byPlace(errors).map(faultReport),
        warnings: byPlace(warnings).map(faultReport),
      };
      const remarks = notes.map(faultReport);
      console.json({ ok: !failed, files, objects, listeners, unselected: alone, ...found, notes: remarks });
    } else {
      const { colors } = console;
      printFindings(console, { errors, warnings }, options["all"] === true);
      for (const note of notes) console.out(`${colors.dim("note")}    ${clean(formatFault(note))}`);
      const listeners = amount(plans.all().length, "listener");
      const counted = `${amount(objects, "object")} in ${amount(files, "file")}, ${listeners}`;
      const found = `${amount(errors.length, "error")}, ${amount(warnings.length, "warning")}`;
      if (unselected.length > 0) {
        const what = `${amount(unselected.length, "Trigger")} that no listener of these files selects`;
        const by = unselected.length === 1 ? "itself" : "themselves";
        console.out(`${colors.dim("note")}    ${what}: checked by ${by}`);
      }
      console.out(`${failed ? colors.red("✗") : colors.green("✓")} ${counted}: ${found}`);
    }
    if (errors.some(({ code }) => WRONGLY_ASKED.has(code))) return EXIT.usage;
    return failed ? EXIT.no : EXIT.ok;
  },
};

/** A path to nothing that could be checked is a wrong path, and no good result. */
const WRONGLY_ASKED: ReadonlySet<ErrorCode> = new Set(["SLUICE_CONFIG_MISSING", "SLUICE_CONFIG_EMPTY"]);

function withEmptiness(loaded: Offline, named: readonly string[]): Offline {
  const { objects, errors, warnings, files } = loaded;
  const certain = warnings.some(({ code }) => ALWAYS_FAILS.has(code));
  if (objects > 0 || errors.length > 0 || certain) return loaded;
  const values = { path: named.join(", ") || "the setting config", files: amount(files, "file") };
  return { ...loaded, errors: [fault("SLUICE_CONFIG_EMPTY", values)] };
}

function graded({
  errors,
  warnings,
}: {
  readonly errors: readonly SluiceError[];
  readonly warnings: readonly SluiceError[];
}) {
  const certain = warnings.filter(({ code }) => ALWAYS_FAILS.has(code));
  const doubtful = warnings.filter(({ code }) => !ALWAYS_FAILS.has(code));
  return { errors: [...errors, ...certain], warnings: doubtful };
}
