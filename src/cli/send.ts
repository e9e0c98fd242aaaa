/** `sluice send`: a correctly signed test delivery, as the sender would send it. */

import type { Settings } from "../config/index.ts";
import { fault, reasonOf } from "../core/errors.ts";
import { routeTo } from "../ingress/index.ts";
import { type Console, clean } from "./console.ts";
import { fixture, PROVIDERS, senderOf } from "./fixture.ts";
import { bytesOf } from "./given-file.ts";
import { loadOffline } from "./offline.ts";
import { readChange } from "./set-values.ts";
import { settingOptions, settingsFrom } from "./settings.ts";
import { type Outgoing, onTheWire, PROOFS, proofFor, signed } from "./sign.ts";
import { signFor } from "./signing.ts";
import { createStandIns } from "./stand-ins.ts";
import { EXIT, JSON_OUTPUT, listOption, misused, type Options, textOption, type Verb } from "./verb.ts";

export const send: Verb = {
  help: `
Senders: ${PROVIDERS.join(", ")}. Payloads have the fields that the sender documents; an action behind the event's name
picks one of several. A wrong event lists those that there are.

  sluice send github pull_request.opened --secret "an example, not a secret"
  sluice send gitlab push --secret t0ken --to http://127.0.0.1:8080/default/gitlab
  sluice send bitbucket repo:refs_changed --set changes[0].ref.displayId=release --secret-file .webhook-secret
  sluice send generic built --proof header:X-Token --secret t0ken --payload event.json
  sluice send generic built --config triggers/ --to http://127.0.0.1:8080/ci/builds

With --config the delivery is signed as the interceptors of the listener that --to names demand it, with their Secrets.
Without it and without --secret nothing is signed, and a listener that demands proof answers 401.`,
  options: [
    { flags: "--to <url>", description: "where to", default: "http://127.0.0.1:8080/" },
    { flags: "--secret <text>", description: "what the sender signs with" },
    { flags: "--secret-file <path>", description: "a file that holds it; a newline at its end is cut off" },
    {
      flags: "--proof <scheme>",
      description: `sign otherwise than the sender does: ${PROOFS.join(", ")}`,
    },
    { flags: "--payload <path>", description: "a body of your own instead of the built-in example" },
    {
      flags: "--set <path=value>",
      description: "change the payload before it is signed: body.ref=refs/heads/x; JSON counts as JSON",
      many: true,
    },
    { flags: "--id <id>", description: "the sender's delivery id; twice the same is a duplicate" },
    ...settingOptions("config", "namespace"),
    JSON_OUTPUT,
  ],
  async run({ console, environment }, [provider = "", event = ""], options) {
    const payloadPath = textOption(options, "payload");
    const id = textOption(options, "id");
    const to = textOption(options, "to") ?? "";
    const target = URL.parse(to);
    if (target === null) throw misused("--to", `"${to.slice(0, 200)}" is no URL`);
    const example = fixture(provider, {
      ...{ event, url: target.pathname + target.search, changes: listOption(options, "set").map(readChange) },
      ...(payloadPath === undefined ? {} : { payload: await bytesOf(payloadPath) }),
      ...(id === undefined ? {} : { id }),
    });
    const named = (options["config"] ?? []) as readonly string[];
    const request =
      named.length > 0
        ? await signedAsDemanded(
            provider,
            example,
            options,
            settingsFrom(options, environment),
            target,
            console,
          )
        : await signedAsTold(provider, example, options);
    const url = new URL(request.url, target);
    const headers = onTheWire(request.headers);
    const response = await fetch(url, {
      method: "POST",
      headers,
      body: new Uint8Array(request.body),
      redirect: "manual",
    }).catch((error: unknown) => {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      throw fault("SLUICE_GATEWAY_AWAY", { url: to, reason: reasonOf(cause) });
    });
    const answer = await response.text();
    if (options["output"] === "json") console.json({ status: response.status, body: parsed(answer) });
    else {
      const paint = response.ok ? console.colors.green : console.colors.red;
      console.out(`${paint(String(response.status))} ${clean(answer.trim())}`);
    }
    return response.ok ? EXIT.ok : EXIT.no;
  },
};

async function signedAsTold(provider: string, request: Outgoing, options: Options): Promise<Outgoing> {
  const secret = await secretOption(options);
  const proof = textOption(options, "proof");
  const { scheme } = senderOf(provider);
  const wanted = proof !== undefined ? proofFor(proof) : scheme === undefined ? undefined : { scheme };
  if (wanted === undefined || secret === undefined) return request;
  return signed(request, wanted, secret, Date.now());
}

/** As the triggers of the listener demand it that the address leads to. */
async function signedAsDemanded(
  provider: string,
  request: Outgoing,
  options: Options,
  settings: Settings,
  target: URL,
  console: Console,
): Promise<Outgoing> {
  const { plans, secrets } = await loadOffline(settings.config, settings);
  const { hosts, defaultListener, http } = settings;
  const where = { method: "POST", url: request.url, host: target.host };
  const plan = routeTo(plans, where, {
    hosts,
    anyPath: http === "tekton",
    ...(defaultListener && { defaultListener }),
  });
  const { scheme } = senderOf(provider);
  const how = { scheme, secret: await secretOption(options), at: Date.now(), real: true } as const;
  const { request: outgoing, notes } = await signFor(plan, createStandIns(secrets), request, how);
  for (const note of notes) console.note(clean(note));
  return outgoing;
}

async function secretOption(options: Options): Promise<Buffer | undefined> {
  const path = textOption(options, "secretFile");
  const given = textOption(options, "secret");
  if (path === undefined) return given === undefined ? undefined : Buffer.from(given);
  return Buffer.from((await bytesOf(path)).toString("latin1").replace(/\r?\n$/, ""), "latin1");
}

function parsed(answer: string): unknown {
  try {
    return JSON.parse(answer);
  } catch {
    return answer;
  }
}
