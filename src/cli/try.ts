/** `sluice try`: decides a delivery offline and explains it; creates nothing. */

import { faultReport, formatFault } from "../catalog/index.ts";
import type { Settings } from "../config/index.ts";
import type { Delivery } from "../core/delivery.ts";
import { payload } from "../core/delivery.ts";
import { asFault, type SluiceError } from "../core/errors.ts";
import { header } from "../core/headers.ts";
import type { ListenerPlan } from "../core/plan.ts";
import { demandsOf, proofName } from "../core/proof.ts";
import type { Secrets } from "../core/secrets.ts";
import { decide } from "../decide/index.ts";
import { createHttpClient } from "../decide/intercept/index.ts";
import { refuseBatch, refuseEncoding } from "../ingress/index.ts";
import { refuseNoJson, refuseUnproved, withoutProof } from "../intake/index.ts";
import { createVerifier, type DeliveryProofs } from "../verify/index.ts";
import { clean } from "./console.ts";
import { doubtfulSecrets } from "./demanded-secrets.ts";
import { PROVIDERS } from "./fixture.ts";
import { loadOffline } from "./offline.ts";
import { settingOptions, settingsFrom } from "./settings.ts";
import { createStandIns, type StandIns } from "./stand-ins.ts";
import { printObjects } from "./trace.ts";
import { printDecisions } from "./trace-list.ts";
import { deliveryToTry } from "./try-delivery.ts";
import { EXIT, JSON_OUTPUT, type Options, textOption, type Verb } from "./verb.ts";

export const tryOut: Verb = {
  help: `
The same code that serves decides here, and routes: what try says is what happens. Senders: ${PROVIDERS.join(", ")}.
An example has the fields that its sender documents, and is signed with the Secrets that the listener's interceptors
name; of one that is in none of the files a made-up value is taken, and try says so. A request file is taken as it is:
raw HTTP, or what \`sluice deliveries payload <id> -o json\` gives.

  sluice try github pull_request.opened --config examples/quickstart
  sluice try github push --set body.ref=refs/heads/release-1 --config triggers/
  sluice try gitlab push --payload push.json --config triggers/ --listener ci/gitlab --trigger build
  sluice try --request request.txt --config triggers/ --secret @webhook-secret.txt

Exit code 1 when no trigger matches.`,
  options: [
    { flags: "--listener <name>", description: "namespace/name; needed when several are declared" },
    { flags: "--trigger <name>", description: "decide for this trigger only, and show it in full" },
    { flags: "--request <path>", description: "a raw HTTP request, or the JSON of a stored one" },
    { flags: "--payload <path>", description: "a body of your own instead of the sender's example" },
    {
      flags: "--set <path=value>",
      description:
        "change the payload before it is signed: body.ref=refs/heads/x, body.commits[0].id=…; JSON counts as JSON",
      many: true,
    },
    { flags: "--header <header...>", description: "a further header, `Name: value`" },
    {
      flags: "--secret <value>",
      description:
        "what the sender signs with, or @file; also the value of Secrets that are in none of the files",
    },
    { flags: "--trust", description: "take every proof as held" },
    { flags: "--unsigned", description: "send the example without proof" },
    { flags: "--remote", description: "ask remote interceptors too; without it they stop the event" },
    ...settingOptions("config", "namespace", "unverified", "clusters", "unknownParams", "brokenResource"),
    ...settingOptions("http", "hosts", "defaultListener"),
    JSON_OUTPUT,
  ],
  async run({ console, environment }, [provider, event], options) {
    const settings = settingsFrom(options, environment);
    const http = options["remote"] === true ? createHttpClient() : undefined;
    let secrets: StandIns | undefined;
    try {
      const standIn = (files: Secrets): Secrets => {
        secrets = createStandIns(files);
        return secrets;
      };
      const offline = await loadOffline(settings.config, settings, { http, standIn });
      for (const error of offline.errors) console.fault(error);
      if (offline.errors.some(({ code }) => code === "SLUICE_CONFIG_MISSING")) return EXIT.usage;
      // As serve: what is broken takes out itself alone.
      if (offline.errors.length > 0 && offline.plans.all().length === 0) return EXIT.no;
      const standIns = secrets ?? createStandIns(offline.secrets);
      const { plans } = offline;
      const { plan, delivery, notes } = await deliveryToTry({
        plans,
        secrets: standIns,
        settings,
        provider,
        event,
        options,
      });
      const { inFiles, locateSecret } = offline;
      const doubts = await doubtfulSecrets([plan], { secrets: inFiles, locateSecret });
      for (const doubt of doubts) console.note(clean(formatFault(doubt)));
      for (const note of notes) console.note(clean(note));
      const batch = settings.http === "tekton" ? undefined : refuseBatch(delivery.headers);
      const unread = batch ?? refuseEncoding(header(delivery.headers, "Content-Encoding"));
      if (unread !== undefined) throw unread;
      // As serve: what is no JSON is answered 400.
      if (plan.payloadValidation) refuseNoJson(payload(delivery.body.toString("utf8")), delivery);
      const proofs = proofsOf(plan, delivery, standIns, options);
      const refusal =
        textOption(options, "trigger") === undefined ? await answerTo(plan, proofs, settings) : undefined;
      const { decisions } = await decide(plan, withoutProof(delivery, plan), proofs, undefined, {
        explain: true,
      });
      const matched = decisions.flatMap((decision) => decision.job ?? []);
      if (options["output"] === "json")
        console.json({
          listener: `${plan.namespace}/${plan.name}`,
          decisions,
          warnings: doubts.map(faultReport),
          notes: [...notes, ...(refusal === undefined ? [] : [refusal])],
        });
      else {
        printDecisions(console, decisions);
        for (const job of matched) printObjects(console, job.objects);
      }
      if (refusal !== undefined) console.note(clean(refusal));
      if (decisions.length === 0) console.note(clean(noTriggers(plan, offline.warnings)));
      return matched.length > 0 ? EXIT.ok : EXIT.no;
    } finally {
      http?.close();
    }
  },
};

/** What serve answers a sender whom no trigger trusts, and what would let it in; undefined where one does. */
async function answerTo(
  plan: ListenerPlan,
  proofs: DeliveryProofs,
  { unverifiedReply }: Settings,
): Promise<string | undefined> {
  const triggers = plan.groups.flatMap((group) => group.triggers);
  if (triggers.length === 0) return undefined;
  try {
    await refuseUnproved(plan, proofs);
    return undefined;
  } catch (error) {
    const { code, status } = asFault(error);
    const reply = status === 401 ? unverifiedReply : status;
    const answer = `serve answers this delivery with ${reply} [${code}] and stores nothing`;
    const undeclared = triggers.every(({ fault: own }) => own?.code === "SLUICE_PROOF_UNDECLARED");
    if (!undeclared) return answer;
    return `${answer}: no trigger here demands a proof, so neither --secret nor --trust helps. Write the annotation sluice.dev/verification: none on the EventListener if anybody may send to it, or try with --unverified allow`;
  }
}

/** What keeps triggers from a listener that has none: selectors that fit nothing, references to nothing. */
function noTriggers({ namespace, name }: ListenerPlan, warnings: readonly SluiceError[]): string {
  const listener = `EventListener ${namespace}/${name}`;
  const causes = warnings.filter(
    ({ code, values }) =>
      values["object"] === listener && (code.startsWith("SLUICE_SELECTOR_") || code === "SLUICE_REF_MISSING"),
  );
  return [`listener ${namespace}/${name} has no triggers`, ...causes.map(formatFault)].join(": ");
}

/** Those that the request brings; with `--trust` all that are demanded. */
function proofsOf(
  plan: ListenerPlan,
  delivery: Delivery,
  secrets: Secrets,
  options: Options,
): DeliveryProofs {
  const verifier = createVerifier(secrets);
  if (options["trust"] !== true) return verifier.begin(delivery);
  return verifier.recorded(delivery, demandsOf(plan).map(proofName).join(" "));
}
