/** `sluice send`: a correctly signed test delivery, as the provider would send it. */

import { readFile } from "node:fs/promises";
import { fault, reasonOf } from "../core/errors.ts";
import { clean } from "./console.ts";
import { fixture, PROVIDERS } from "./fixture.ts";
import { EXIT, JSON_OUTPUT, textOption, type Verb } from "./verb.ts";

export const send: Verb = {
  name: "send",
  usage: "<provider> <event>",
  summary: "send a correctly signed test delivery",
  help: `
Providers: ${PROVIDERS.join(", ")}. GitHub's payloads are real examples; an action picks one of them.

  sluice send github pull_request.opened --secret "an example, not a secret"
  sluice send gitlab push --secret t0ken --to http://127.0.0.1:8080/default/gitlab
  sluice send github push --payload push.json --secret-file .webhook-secret
  sluice send cloudevents com.example.built --payload event.json

Without --secret nothing is signed, and a listener that demands proof answers 401.`,
  options: [
    { flags: "--to <url>", description: "where to", default: "http://127.0.0.1:8080/" },
    { flags: "--secret <text>", description: "what the provider signs with" },
    { flags: "--secret-file <path>", description: "a file that holds it; a newline at its end is cut off" },
    { flags: "--payload <path>", description: "a body of your own instead of the built-in example" },
    { flags: "--id <id>", description: "the provider's delivery id; twice the same is a duplicate" },
    JSON_OUTPUT,
  ],
  async run({ console }, [provider = "", event = ""], options) {
    const payloadPath = textOption(options, "payload");
    const secretPath = textOption(options, "secretFile");
    const secret =
      secretPath === undefined
        ? textOption(options, "secret")
        : (await text(secretPath)).replace(/\r?\n$/, "");
    const id = textOption(options, "id");
    const { headers, body } = await fixture(provider, {
      event,
      ...(payloadPath === undefined ? {} : { payload: await text(payloadPath) }),
      ...(secret === undefined ? {} : { secret }),
      ...(id === undefined ? {} : { id }),
    });
    const to = textOption(options, "to") ?? "";
    const response = await fetch(to, { method: "POST", headers, body, redirect: "manual" }).catch(
      (error: unknown) => {
        const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
        throw fault("SLUICE_GATEWAY_AWAY", { url: to, reason: reasonOf(cause) });
      },
    );
    const answer = await response.text();
    if (options["output"] === "json") console.json({ status: response.status, body: parsed(answer) });
    else {
      const paint = response.ok ? console.colors.green : console.colors.red;
      console.out(`${paint(String(response.status))} ${clean(answer.trim())}`);
    }
    return response.ok ? EXIT.ok : EXIT.no;
  },
};

async function text(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    throw fault("SLUICE_CONFIG_MISSING", { path }, { cause: error });
  });
}

function parsed(answer: string): unknown {
  try {
    return JSON.parse(answer);
  } catch {
    return answer;
  }
}
