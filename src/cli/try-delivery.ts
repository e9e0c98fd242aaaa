/** The delivery that `sluice try` decides: a sender's example or a request of one's own, routed as serve routes it. */

import type { Settings } from "../config/index.ts";
import type { Delivery } from "../core/delivery.ts";
import { fault } from "../core/errors.ts";
import { type HeaderMap, headersFromPairs, maskedNames } from "../core/headers.ts";
import { newDeliveryId } from "../core/identity.ts";
import { tryParseJson } from "../core/json.ts";
import type { ListenerPlan, Plans } from "../core/plan.ts";
import { demandsOf } from "../core/proof.ts";
import { routeTo } from "../ingress/index.ts";
import { onlyTrigger } from "../intake/index.ts";
import { secretsElsewhere } from "./demanded-secrets.ts";
import { changedBody, fixture, senderOf } from "./fixture.ts";
import { bytesOf } from "./given-file.ts";
import { parseRequest, type RequestFile } from "./request-file.ts";
import { addedBy, type Change, readChange } from "./set-values.ts";
import type { Outgoing } from "./sign.ts";
import { signFor, standInFor } from "./signing.ts";
import type { StandIns } from "./stand-ins.ts";
import { listOption, misused, type Options, textOption } from "./verb.ts";

export interface Tried {
  /** The listener, or of it the one trigger that was asked for. */
  readonly plan: ListenerPlan;
  readonly delivery: Delivery;
  /** For people: with what it was signed, what stands in for a Secret. */
  readonly notes: readonly string[];
}

export interface TryNeeds {
  readonly plans: Plans;
  readonly secrets: StandIns;
  readonly settings: Pick<Settings, "http" | "hosts" | "defaultListener">;
  readonly provider: string | undefined;
  readonly event: string | undefined;
  readonly options: Options;
}

/**
 * @throws SluiceError SLUICE_ARGUMENT_INVALID, and what serve would answer to a request that leads to no listener:
 *   SLUICE_METHOD, SLUICE_LISTENER_UNKNOWN, SLUICE_ROUTE_CONFLICT, SLUICE_LISTENER_BROKEN.
 */
export async function deliveryToTry(needs: TryNeeds): Promise<Tried> {
  const path = textOption(needs.options, "request");
  if (path !== undefined) {
    const other = [needs.provider && "a provider", textOption(needs.options, "payload") && "--payload"].find(
      Boolean,
    );
    if (other) throw misused("--request", `a request has its sender and its body; leave out ${other}`);
    return ofRequest(needs, parseRequest(await bytesOf(path)));
  }
  return ofExample(needs);
}

async function ofExample({ plans, secrets, provider, event, options }: TryNeeds): Promise<Tried> {
  if (provider === undefined || event === undefined) {
    throw misused("try", "expected a provider and an event, or --request");
  }
  const plan = narrowed(listenerOf(plans, textOption(options, "listener")), options);
  const payloadPath = textOption(options, "payload");
  const example = fixture(provider, {
    event,
    url: `/${plan.namespace}/${plan.name}`,
    ...(payloadPath === undefined ? {} : { payload: await bytesOf(payloadPath) }),
  });
  const changes = listOption(options, "set").map(readChange);
  const request = { ...example, body: changedBody(example.body, changes) };
  const { scheme } = senderOf(provider);
  const { request: outgoing, notes } = await prove({ plan, secrets, options }, request, scheme);
  const added = addedTo(example.body, changes);
  return { plan, notes: [...added, ...notes], delivery: deliveryOf(plan, "POST", outgoing, options) };
}

/** Taken as it is; but one whose signature is masked, or no longer fits, is signed anew. */
async function ofRequest(needs: TryNeeds, file: RequestFile): Promise<Tried> {
  const { plans, secrets, settings, options } = needs;
  const listener = textOption(options, "listener");
  const routed = listener === undefined ? routeOf(plans, file, settings) : listenerOf(plans, listener);
  const plan = narrowed(routed, options);
  const changes = listOption(options, "set").map(readChange);
  const hides = new Set(demandsOf(plan).flatMap((demand) => demand.hides ?? []));
  const isMasked = maskedNames(file.headers, hides).length > 0;
  const { method, url, headers } = file;
  if (changes.length === 0 && !isMasked) {
    const secret = await secretOption(options);
    const known =
      secret === undefined ? await elsewhere(needs, plan) : await standInFor(plan, secrets, secret);
    const notes = [...(file.doubt === undefined ? [] : [file.doubt]), ...known];
    const delivery = deliveryOf(plan, method, { url, headers: {}, body: file.body }, options);
    return { plan, notes, delivery: { ...delivery, headers: { ...headers, ...delivery.headers } } };
  }
  const flat = Object.fromEntries(
    Object.entries(headers).map(([name, [value = ""]]) => [name.toLowerCase(), value]),
  );
  const request = { url, headers: flat, body: changedBody(file.body, changes) };
  const { request: outgoing, notes } = await prove({ plan, secrets, options }, request, schemeOf(plan));
  const why = isMasked ? "its signature is masked" : "--set changes it";
  const delivery = deliveryOf(plan, method, outgoing, options);
  return {
    plan,
    notes: [...addedTo(file.body, changes), `the request is signed anew: ${why}`, ...notes],
    delivery: { ...delivery, headers: { ...headers, ...delivery.headers } },
  };
}

/** Why its proof cannot hold: nobody here has the Secret. */
async function elsewhere({ secrets, options }: TryNeeds, plan: ListenerPlan): Promise<readonly string[]> {
  if (options["trust"] === true) return [];
  return (await secretsElsewhere([plan], secrets)).map(({ message, fix }) => `${message}. ${fix}`);
}

/** Of a request nobody knows who sent it: whoever the listener demands a proof of. */
function schemeOf(plan: ListenerPlan): string | undefined {
  return demandsOf(plan).find(({ secret }) => secret !== undefined)?.scheme;
}

async function prove(
  { plan, secrets, options }: { plan: ListenerPlan; secrets: StandIns; options: Options },
  request: Outgoing,
  scheme: string | undefined,
): Promise<{ readonly request: Outgoing; readonly notes: readonly string[] }> {
  if (options["unsigned"] === true || options["trust"] === true) return { request, notes: [] };
  return signFor(plan, secrets, request, { scheme, secret: await secretOption(options), at: Date.now() });
}

function deliveryOf(plan: ListenerPlan, method: string, request: Outgoing, options: Options): Delivery {
  const receivedAt = Date.now();
  const own = headersFromPairs(Object.entries(request.headers).flat());
  const extra: HeaderMap = headersFromPairs(listOption(options, "header").flatMap(splitHeader));
  return {
    ...{
      id: newDeliveryId(receivedAt),
      listener: { namespace: plan.namespace, name: plan.name },
      receivedAt,
    },
    ...{ method, url: request.url, headers: { ...own, ...extra }, body: request.body },
  };
}

/** As the webhook port does it. */
function routeOf(
  plans: Plans,
  { method, url, host }: RequestFile,
  settings: TryNeeds["settings"],
): ListenerPlan {
  const anyPath = settings.http === "tekton";
  if (!anyPath && method !== "POST") throw fault("SLUICE_METHOD", { method });
  const { hosts, defaultListener } = settings;
  return routeTo(
    plans,
    { method, url, host },
    { hosts, anyPath, ...(defaultListener && { defaultListener }) },
  );
}

function narrowed(plan: ListenerPlan, options: Options): ListenerPlan {
  const trigger = textOption(options, "trigger");
  return trigger === undefined ? plan : onlyTrigger(plan, trigger);
}

function listenerOf(plans: Plans, wanted: string | undefined): ListenerPlan {
  const all = plans.all();
  const [namespace = "", name = ""] = wanted?.split("/") ?? [];
  const plan = wanted === undefined && all.length === 1 ? all[0] : plans.find(namespace, name);
  if (plan !== undefined) return plan;
  if (all.length === 0)
    throw misused("--config", "it declares no EventListener, so nothing would receive this");
  const known = all.map((one) => `${one.namespace}/${one.name}`).join(", ");
  const reason = wanted === undefined ? "say which one" : `${wanted} is not declared`;
  throw misused("--listener", `${reason}; declared: ${known}`);
}

/** `--secret value`, or `@file`, whose last newline does not count. */
async function secretOption(options: Options): Promise<Buffer | undefined> {
  const given = textOption(options, "secret");
  if (given === undefined) return undefined;
  if (given === "" || given === "@") throw misused("--secret", "expected a value, or @ and a file's path");
  if (!given.startsWith("@")) return Buffer.from(given);
  const bytes = await bytesOf(given.slice(1));
  return Buffer.from(bytes.toString("latin1").replace(/\r?\n$/, ""), "latin1");
}

function splitHeader(text: string): string[] {
  const colon = text.indexOf(":");
  if (colon < 1) throw misused("--header", `"${text}" is not like "Name: value"`);
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}

/** What the changes add to a body that is JSON. */
function addedTo(body: Buffer, changes: readonly Change[]): readonly string[] {
  const json = changes.length === 0 ? undefined : tryParseJson(body.toString("utf8"));
  return json === undefined ? [] : addedBy(json, changes);
}
