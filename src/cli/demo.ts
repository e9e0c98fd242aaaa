/** `sluice demo`: the whole way in a minute: a signed GitHub delivery becomes a PipelineRun in a file. */

import { mkdtempSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadSettings } from "../config/index.ts";
import { within } from "../core/deadline.ts";
import { fault, reasonOf } from "../core/errors.ts";
import type { Fact } from "../core/fact.ts";
import type { Gateway } from "../main.ts";
import type { Console } from "./console.ts";
import { printRecord } from "./delivery-record.ts";
import { signedFixture } from "./fixture.ts";
import { EXIT, textOption, type Verb } from "./verb.ts";

const QUICKSTART = fileURLToPath(new URL("../../examples/quickstart", import.meta.url));
/** Stands in examples/quickstart/secret.yaml, where everybody can read it. */
const SECRET = "an example, not a secret";
const PATIENCE_MS = 60_000;

export const demo: Verb = {
  help: `
Starts a gateway on free ports with an embedded store in a temporary folder and examples/quickstart, sends a real GitHub
pull_request delivery, signed as GitHub signs it, shows why it fired and the PipelineRun that came of it, and stops.`,
  options: [{ flags: "--runs <dir>", description: "where the PipelineRun is written", default: "runs" }],
  async run({ console }, _args, options) {
    const folder = temporaryFolder();
    const fired = promiseOfRun();
    try {
      const settings = loadSettings({
        flags: {
          config: [QUICKSTART],
          store: `embedded:${join(folder, "store")}`,
          create: `directory:${textOption(options, "runs") ?? "runs"}`,
          listen: "127.0.0.1:0",
          admin: "127.0.0.1:0",
        },
      });
      step(console, "1", "start a gateway: embedded store, examples/quickstart, objects written as files");
      const { startGateway } = await import("../main.ts");
      const gateway = await startGateway(settings, { color: false, log: false, listener: fired.hear });
      try {
        return await show(console, gateway, fired.run);
      } finally {
        await gateway.stop("the demo is over");
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** @throws SluiceError SLUICE_CONFIG_INVALID where this user may not write among temporary files. */
function temporaryFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), "sluice-demo-"));
  } catch (error) {
    const reason = `no folder can be made in ${tmpdir()}: ${reasonOf(error)}`;
    const cure = "Set TMPDIR to a folder that this user may write to.";
    throw fault("SLUICE_CONFIG_INVALID", { key: "TMPDIR", reason, cure }, { cause: error });
  }
}

async function show(
  console: Console,
  gateway: Gateway,
  run: Promise<Extract<Fact, { type: "run.created" }>>,
) {
  const { colors } = console;
  const url = `${gateway.listen}/default/github`;
  step(console, "2", `send a GitHub pull_request, signed with the webhook's secret, to ${url}`);
  const { headers, body } = await signedFixture("github", { event: "pull_request.opened", secret: SECRET });
  const response = await fetch(url, { method: "POST", headers, body });
  const answer = await response.text();
  console.out(`   ${response.status} ${answer}`);
  if (response.status !== 202) return EXIT.no;

  step(console, "3", "why it fired (`sluice deliveries show <id>`)");
  const created = await within(run, PATIENCE_MS, () => {
    throw fault("SLUICE_INTERNAL", { reason: `no run within ${PATIENCE_MS / 1000} s` });
  });
  const { eventID } = JSON.parse(answer) as { eventID: string };
  const record = await gateway.store.ledger.find(eventID);
  if (record === undefined) throw fault("SLUICE_DELIVERY_UNKNOWN", { id: eventID });
  printRecord(console, record);

  step(console, "4", `the ${created.run.kind}, ${created.sinceReceived} ms after the request`);
  console.out((await readFile(created.run.where, "utf8")).trimEnd());
  console.out();
  console.out(`${colors.green("✓")} written to ${colors.bold(created.run.where)}`);
  console.out(
    `  next: ${colors.cyan("npx sluice try github pull_request.closed --config examples/quickstart")}`,
  );
  return EXIT.ok;
}

function step({ out, colors }: Console, number: string, text: string): void {
  out();
  out(`${colors.cyan(colors.bold(number))} ${colors.bold(text)}`);
}

function promiseOfRun() {
  const { promise, resolve } = Promise.withResolvers<Extract<Fact, { type: "run.created" }>>();
  const hear = (fact: Fact): void => {
    if (fact.type === "run.created") resolve(fact);
  };
  return { run: promise, hear };
}
