/** `sluice queue show|pause|resume`: how much waits, and whether it is worked on. */

import { fault } from "../core/errors.ts";
import type { QueueDepth, QueueState } from "../core/queue.ts";
import { openClient } from "./client.ts";
import { oneLine } from "./console.ts";
import { settingOptions } from "./settings.ts";
import { EXIT, GATEWAY, JSON_OUTPUT, textOption, type Verb } from "./verb.ts";

export const queue: Verb = {
  name: "queue",
  usage: "[show|pause|resume]",
  summary: "show the queue, pause it, resume it",
  help: `
A pause holds for every worker and over restarts. Deliveries are taken all the same, and wait.

  sluice queue
  sluice queue pause --reason "cluster upgrade"
  sluice queue resume`,
  options: [
    { flags: "--reason <text>", description: "why; kept with the pause" },
    ...settingOptions("store", "adminToken"),
    GATEWAY,
    JSON_OUTPUT,
  ],
  async run({ console, environment }, [what = "show"], options) {
    if (!["show", "pause", "resume"].includes(what)) {
      const reason = `"${what}" is none of show, pause and resume`;
      throw fault("SLUICE_CONFIG_INVALID", { key: "queue", reason });
    }
    const [reason, actor] = [textOption(options, "reason"), environment["USER"]];
    const note = { ...(reason !== undefined && { reason }), ...(actor && { actor }) };
    await using client = await openClient(options, environment);
    type Found = QueueDepth & QueueState & { readonly attemptsPerMinute: number };
    const found =
      what === "show"
        ? await client.ask<Found>("GET", "/api/v1/queue")
        : await client.ask<Found>("POST", `/api/v1/queue/${what}`, note);
    if (options["output"] === "json") console.json(found);
    else {
      const { waiting, active, delayed, oldestMs, paused, note } = found;
      console.out(`${waiting} waiting, ${active} in hand, ${delayed} to be tried again later`);
      console.out(`the oldest has waited ${Math.round(oldestMs / 1_000)} s`);
      if (!paused) console.out("working");
      else {
        const who = note?.actor === undefined ? "" : ` by ${note.actor}`;
        const why = note?.reason === undefined ? "" : `: ${note.reason}`;
        const since = note === undefined ? "" : ` since ${new Date(note.at).toISOString()}`;
        console.out(console.colors.yellow(oneLine(`paused${since}${who}${why}`)));
      }
    }
    return EXIT.ok;
  },
};
