/** A delivery for people: where it came from, each decision with its steps, each job with its attempts. */

import type { QueueReport } from "../admin/index.ts";
import { triggerOf } from "../core/job.ts";
import type { ActNote, DeliveryRecord } from "../core/ledger.ts";
import type { RunProgress } from "../core/progress.ts";
import { type Console, oneLine } from "./console.ts";
import { pausedWords, whyPending } from "./queue-report.ts";
import { printDecision } from "./trace.ts";

/**
 * Prints a delivery: where it came from, each decision with its steps, each job with its attempts.
 *
 * @param queue says why jobs that are pending are not created yet.
 */
export function printRecord(console: Console, record: DeliveryRecord, queue?: QueueReport): void {
  const { colors } = console;
  const paint = {
    created: colors.green,
    filtered: colors.yellow,
    duplicate: colors.dim,
    dead: colors.red,
    pending: colors.cyan,
  };
  console.out(`${colors.bold(`delivery ${record.id}`)}  ${paint[record.outcome](record.outcome)}`);
  const subject = [
    record.repository,
    record.ref,
    record.revision?.slice(0, 12),
    record.actor && `by ${record.actor}`,
  ];
  const lines: Record<string, string | undefined> = {
    received: `${new Date(record.receivedAt).toISOString()} at ${record.listener.namespace}/${record.listener.name}`,
    event: `${record.provider} ${record.event}${record.providerId === undefined ? "" : ` (${record.providerId})`}`,
    subject: subject.filter(Boolean).join(" ") || undefined,
    proof: record.proof,
    size: `${record.size} bytes`,
    // Of one that is still pending the body is there.
    body:
      record.digest !== undefined && record.outcome === "filtered"
        ? `not kept: nothing was proved, and no trigger accepted it; SHA-256 ${record.digest}`
        : undefined,
    "replay of": record.replayOf,
    "asked for": noted(record.note),
    dropped: record.dropped && `${new Date(record.dropped.at).toISOString()} ${noted(record.dropped) ?? ""}`,
    "duplicate of": record.duplicateOf,
    result: record.reason,
  };
  for (const [name, value] of Object.entries(lines)) {
    if (value !== undefined) console.out(`  ${colors.dim(name.padEnd(12))} ${oneLine(value)}`);
  }
  if (!record.decided && record.decisions.length === 0) console.out("  not decided yet: a worker will");
  if (!record.decided && queue?.paused)
    console.out(`  ${colors.yellow("waits")}   ${oneLine(`the queue is ${pausedWords(queue.note)}`)}`);
  for (const decision of record.decisions) printDecision(console, decision);
  for (const { job, state, attempts, runs } of record.jobs) {
    console.out(`${colors.bold(oneLine(`job of trigger ${triggerOf(job)}`))}  ${state}`);
    for (const { number, at, outcome, reason = "", code } of attempts) {
      const why = `${oneLine(reason)}${code === undefined ? "" : colors.dim(` [${code}]`)}`;
      console.out(
        `  ${colors.dim("attempt")} ${number} ${new Date(at).toISOString()} ${outcome} ${why}`.trimEnd(),
      );
    }
    if (state === "pending" && queue !== undefined)
      console.out(`  ${colors.yellow("waits")}   ${oneLine(whyPending(queue, { job, attempts }))}`);
    for (const { outcome, kind, namespace, name, where, warnings = [], progress } of runs) {
      console.out(oneLine(`  ${outcome} ${kind} ${namespace}/${name} in ${where}`));
      for (const warning of warnings) console.out(`    ${colors.yellow("remark")}  ${oneLine(warning)}`);
      if (progress !== undefined) printProgress(console, progress);
    }
  }
}

/** What became of a run: where it stands, how long it waited and ran, why it ended as it did. */
function printProgress(console: Console, progress: RunProgress): void {
  const { colors } = console;
  const { phase, createdAt, startedAt, endedAt, reason, message } = progress;
  const paint = { running: colors.cyan, succeeded: colors.green, failed: colors.red }[phase as string];
  const times = [
    startedAt === undefined ? "never started" : `waited ${lasted(startedAt - createdAt)}`,
    startedAt !== undefined && endedAt !== undefined && `ran ${lasted(endedAt - startedAt)}`,
    endedAt === undefined
      ? `since ${new Date(startedAt ?? createdAt).toISOString()}`
      : `ended ${new Date(endedAt).toISOString()}`,
  ];
  const why = phase === "succeeded" ? "" : [reason, message].filter(Boolean).join(": ");
  const line = oneLine(`${times.filter(Boolean).join(", ")}${why === "" ? "" : `  ${why}`}`);
  console.out(`    ${(paint ?? colors.yellow)(phase)}  ${line}`);
}

/** A time span of a run, whose clock counts seconds: `8s`, `4m05s`, `3h12m`. */
function lasted(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const two = (value: number) => String(value).padStart(2, "0");
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3_600)}h${two(Math.floor(seconds / 60) % 60)}m`;
}

function noted(note: ActNote | undefined): string | undefined {
  if (note === undefined) return undefined;
  const { actor = "somebody", reason } = note;
  return `by ${actor}${reason === undefined ? "" : `: ${reason}`}`;
}
