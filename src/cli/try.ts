/** `sluice try`: decides a delivery offline and explains it; creates nothing. */

import { readFile } from "node:fs/promises";
import { faultReport, formatFault } from "../catalog/index.ts";
import type { Delivery } from "../core/delivery.ts";
import { fault } from "../core/errors.ts";
import { headersFromPairs } from "../core/headers.ts";
import { newDeliveryId } from "../core/identity.ts";
import type { ListenerPlan, Plans } from "../core/plan.ts";
import { type Secrets, validValues } from "../core/secrets.ts";
import { decide } from "../decide.ts";
import { createHttpClient } from "../intercept/http.ts";
import { createVerifier } from "../verify/verifier.ts";
import { clean, oneLine } from "./console.ts";
import { doubtfulSecrets } from "./demanded-secrets.ts";
import { fixture } from "./fixture.ts";
import { loadOffline } from "./offline.ts";
import { parseRequest } from "./request-file.ts";
import { settingOptions, settingsFrom } from "./settings.ts";
import { nearestMiss, printDecision, printObjects } from "./trace.ts";
import { EXIT, JSON_OUTPUT, listOption, misused, type Options, textOption, type Verb } from "./verb.ts";

export const tryOut: Verb = {
  name: "try",
  usage: "[provider] [event]",
  summary: "decide a delivery offline and explain it; creates nothing",
  help: `
The same code that serves decides here: what try says is what happens. A provider's example is signed with the Secret
that the listener's own interceptor names; a request file is taken as it is.

  sluice try github pull_request.opened --config examples/quickstart
  sluice try github push --payload push.json --config triggers/ --listener ci/github
  sluice try --request request.txt --config triggers/

Exit code 1 when no trigger matches.`,
  options: [
    { flags: "--listener <name>", description: "namespace/name; needed when several are declared" },
    { flags: "--request <path>", description: "a raw HTTP request: request line, headers, empty line, body" },
    { flags: "--payload <path>", description: "a body of your own instead of the provider's example" },
    { flags: "--header <header...>", description: "a further header, `Name: value`" },
    { flags: "--unsigned", description: "send the example without proof" },
    { flags: "--remote", description: "ask remote interceptors too; without it they stop the event" },
    ...settingOptions("config", "namespace", "unverified", "clusters", "unknownParams", "brokenResource"),
    JSON_OUTPUT,
  ],
  async run({ console, environment }, [provider, event], options) {
    const settings = settingsFrom(options, environment);
    const http = options["remote"] === true ? createHttpClient() : undefined;
    try {
      const offline = await loadOffline(settings.config, settings, http);
      if (offline.errors.length > 0) {
        for (const error of offline.errors) console.fault(error);
        const missing = offline.errors.some(({ code }) => code === "SLUICE_CONFIG_MISSING");
        return missing ? EXIT.usage : EXIT.no;
      }
      const plan = listenerOf(offline.plans, textOption(options, "listener"));
      const doubts = await doubtfulSecrets([plan], offline);
      for (const doubt of doubts) console.note(clean(formatFault(doubt)));
      const delivery = await deliveryOf(plan, offline.secrets, provider, event, options);
      const proofs = createVerifier(offline.secrets).begin(delivery);
      const { decisions } = await decide(plan, delivery, proofs, undefined, { explain: true });
      const matched = decisions.flatMap((decision) => decision.job ?? []);
      if (options["output"] === "json")
        console.json({
          listener: `${plan.namespace}/${plan.name}`,
          decisions,
          warnings: doubts.map(faultReport),
        });
      else {
        for (const decision of decisions) printDecision(console, decision);
        for (const job of matched) printObjects(console, job.objects);
        const nearest = nearestMiss(decisions);
        if (nearest !== undefined) {
          const { trigger, shown = `${trigger.namespace}/${trigger.name}` } = nearest;
          console.out(`nothing fired; trigger ${shown} came closest: ${oneLine(nearest.reason)}`);
        }
      }
      if (decisions.length === 0) console.note(`listener ${plan.namespace}/${plan.name} has no triggers`);
      return matched.length > 0 ? EXIT.ok : EXIT.no;
    } finally {
      http?.close();
    }
  },
};

function listenerOf(plans: Plans, wanted: string | undefined): ListenerPlan {
  const all = plans.all();
  const [namespace = "", name = ""] = wanted?.split("/") ?? [];
  const plan = wanted === undefined && all.length === 1 ? all[0] : plans.find(namespace, name);
  if (plan !== undefined) return plan;
  const known = all.map((one) => `${one.namespace}/${one.name}`).join(", ") || "none";
  const reason = wanted === undefined ? "say which one" : `${wanted} is not declared`;
  throw misused("--listener", `${reason}; declared: ${known}`);
}

async function deliveryOf(
  plan: ListenerPlan,
  secrets: Secrets,
  provider: string | undefined,
  event: string | undefined,
  options: Options,
): Promise<Delivery> {
  const receivedAt = Date.now();
  const listener = { namespace: plan.namespace, name: plan.name };
  const base = { id: newDeliveryId(receivedAt), listener, receivedAt };
  const extra = headersFromPairs(listOption(options, "header").flatMap(splitHeader));
  const requestPath = textOption(options, "request");
  if (requestPath !== undefined) {
    const request = parseRequest(await bytesOf(requestPath));
    return { ...base, ...request, headers: { ...request.headers, ...extra } };
  }
  if (provider === undefined || event === undefined) {
    throw misused("try", "expected a provider and an event, or --request");
  }
  const payloadPath = textOption(options, "payload");
  const secret = options["unsigned"] === true ? undefined : await secretOf(plan, provider, secrets);
  const { headers, body } = await fixture(provider, {
    event,
    ...(payloadPath === undefined ? {} : { payload: (await bytesOf(payloadPath)).toString("utf8") }),
    ...(secret === undefined ? {} : { secret }),
  });
  const url = `/${plan.namespace}/${plan.name}`;
  const own = headersFromPairs(Object.entries(headers).flat());
  return { ...base, method: "POST", url, headers: { ...own, ...extra }, body: Buffer.from(body) };
}

/** The first secret that the listener's triggers demand of this provider and that is there. */
async function secretOf(plan: ListenerPlan, provider: string, secrets: Secrets): Promise<string | undefined> {
  const demands = plan.groups.flatMap(({ triggers }) => triggers.flatMap(({ proofs }) => proofs));
  for (const { secret } of demands.filter(({ scheme }) => scheme === provider)) {
    if (secret === undefined) continue;
    const [value] = validValues(await secrets.read(secret.namespace, secret.name), secret.key);
    if (value !== undefined) return value.toString("utf8");
  }
  return undefined;
}

function splitHeader(text: string): string[] {
  const colon = text.indexOf(":");
  if (colon < 1) throw misused("--header", `"${text}" is not like "Name: value"`);
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}

async function bytesOf(path: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    throw fault("SLUICE_CONFIG_MISSING", { path }, { cause: error });
  });
}
