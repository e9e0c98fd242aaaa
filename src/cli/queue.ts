/** `sluice queue show|pause|resume`: how much waits, and whether it is worked on. */

import type { QueueReport } from "../admin/index.ts";
import { openClient } from "./client.ts";
import { type Console, oneLine } from "./console.ts";
import { ASK_WORKER, hindrances } from "./queue-report.ts";
import { settingOptions } from "./settings.ts";
import { EXIT, GATEWAY, JSON_OUTPUT, misused, textOption, type Verb } from "./verb.ts";

export const queue: Verb = {
  help: `
A pause holds for every worker and over restarts. Deliveries are taken all the same, and wait. Which targets are away, and
how many jobs were tried in the last minute, each gateway that creates knows of itself: with many, ask each by --gateway.

  sluice queue
  sluice queue pause --reason "cluster upgrade"
  sluice queue resume`,
  options: [
    { flags: "--reason <text>", description: "why; kept with the pause" },
    ...settingOptions("store", "adminToken", "adminCa"),
    GATEWAY,
    JSON_OUTPUT,
  ],
  async run({ console, environment }, [what = "show"], options) {
    if (!["show", "pause", "resume"].includes(what)) {
      const reason = `"${what}" is none of show, pause and resume`;
      throw misused("queue", reason);
    }
    const [reason, actor] = [textOption(options, "reason"), environment["USER"]];
    const note = { ...(reason !== undefined && { reason }), ...(actor && { actor }) };
    await using client = await openClient(options, environment);
    const found =
      what === "show"
        ? await client.ask<QueueReport>("GET", "/api/v1/queue")
        : await client.ask<QueueReport>("POST", `/api/v1/queue/${what}`, note);
    if (options["output"] === "json") console.json(found);
    else printQueue(console, found);
    return EXIT.ok;
  },
};

function printQueue({ out, colors }: Console, report: QueueReport): void {
  const { waiting, active, delayed, oldestMs, attemptsPerMinute, paused, targets } = report;
  // A gateway of the version before does not tell it.
  const { dueMs } = report as Partial<QueueReport>;
  const seconds = (ms: number): string => `${Math.round(ms / 1_000)} s`;
  out(`${waiting} waiting, ${active} in hand, ${delayed} to be tried again later`);
  const overdue =
    dueMs === undefined ? "" : dueMs === 0 ? "; none is overdue" : `; one is due since ${seconds(dueMs)}`;
  out(`the oldest has waited ${seconds(oldestMs)}${overdue}`);
  if (attemptsPerMinute !== undefined)
    out(`${attemptsPerMinute} tried in the last minute by the gateway that was asked`);
  const hindered = hindrances(report);
  for (const line of hindered) out(colors.yellow(oneLine(line)));
  const allAway = targets?.every(({ away }) => away) ?? false;
  if (!paused && !allAway) out(targets === undefined ? `not paused; ${ASK_WORKER}` : "working");
}
