/** docs/errors.md, from the error table and the retry schedule. */

import { ERRORS, type Retry, type Row } from "../../src/core/error-table.ts";
import { SCHEDULES } from "../../src/core/retry.ts";
import { notice, page, prose, table } from "./markdown.ts";

/** Status, retry class, message and cure of every error, under a heading that can be linked to. */
export function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(([name, { status, retry, message }]) => [
    `[${name}](#${name.toLowerCase()})`,
    String(status),
    retry,
    prose(message),
  ]);
  const entries = Object.entries<Row>(ERRORS).map(([name, { status, retry, message, fix, told }]) =>
    [
      `## ${name}`,
      `${prose(capital(message))}.`,
      `- **What to do:** ${prose(fix)}`,
      ...(told
        ? [`- **What a sender is told instead:** ${prose(capital(told.message))}. ${prose(told.fix)}`]
        : []),
      `- **HTTP status:** ${status}`,
      `- **Tried again:** ${RETRY[retry]}`,
    ].join("\n\n"),
  );
  return page(
    notice("src/core/error-table.ts"),
    "# Errors",
    INTRO,
    table(["code", "status", "retry", "message"], rows),
    ...entries.map((entry) => entry.replaceAll("\n\n- ", "\n- ").replace("\n- ", "\n\n- ")),
  );
}

const INTRO = `Every error has a code. It stands in brackets at the end of what the CLI prints, in \`error.code\` of what the admin
port answers, and in \`code\` of the log; programs should look at it and never at the text. \`{name}\` stands for a value
of the case. The status is what an HTTP request is answered with where the error ends one. Who sends webhooks may be
anybody, so some errors tell a sender less than they tell operators: names of Secrets, listeners and servers stand in the
log.`;

const RETRY: Record<Retry, string> = {
  never: "no; something must be corrected first.",
  soon: `yes: ${schedule("soon")}.`,
  slow: `yes, slowly, because a person mends it: ${schedule("slow")}.`,
};

function schedule(retry: Exclude<Retry, "never">): string {
  const { firstMs, longestMs, patience } = SCHEDULES[retry];
  return `after ${firstMs / 1_000} s, then each time twice as long up to ${longestMs / 60_000} min, for ${patience} after receipt`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
