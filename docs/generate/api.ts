/** docs/api.md, from the routes themselves. */

import type { PERMISSIONS } from "../../src/core/permission.ts";
import { apiRoutes } from "../../src/ops/api.ts";
import type { Route } from "../../src/ops/route.ts";
import type { ApiServices } from "../../src/ops/services.ts";
import { code, notice, page, prose, table } from "./markdown.ts";

/** Who may ask what, every route with what it takes, and how many deliveries are worked on. */
export function apiPage(): string {
  const routes = apiRoutes(UNUSED, "");
  const rows = routes.map(({ method, path, permission, summary }) => [
    code(`${method} ${path.replace("/api/v1", "")}`),
    permission === "none" ? "" : permission,
    prose(summary),
  ]);
  return page(
    notice("src/ops/routes"),
    "# The API",
    INTRO,
    "## Who may ask",
    RIGHTS,
    table(["permission", "allows"], Object.entries(ALLOWS)),
    TOKENS,
    "## Routes",
    "All under `/api/v1`.",
    table(["route", "permission", "what it does"], rows),
    "## What they take",
    ...routes.flatMap(fieldsOf),
    BATCHES,
  );
}

/** Routes are only described here, never called. */
const UNUSED = { ledger: {}, queue: {}, batches: {} } as ApiServices;

const INTRO = `The admin port serves it, beside \`/healthz\`, \`/readyz\` and \`/metrics\`, which want no token.
\`/api/v1/openapi.json\` is the OpenAPI 3.1 document that a test holds against every answer. The verbs of the command line
(\`sluice deliveries\`, \`replay\`, \`dead\`, \`queue\`, \`acts\`, \`audit\`) use nothing else, in the same words. Filters are
compared whole, capitals too; only \`revision\` takes the beginning of one, and \`text\` finds words anywhere, in any case.
Lists are newest first and go on with \`cursor\`, the \`next\` of the page before. Times are milliseconds since 1970 in
answers; questions may also say \`2026-01-31\`, \`2026-01-31T12:00:00Z\` or an age: \`24h\`. Errors are
\`{"error": {code, message, fix, values}}\`, as in [errors.md](errors.md).`;

const RIGHTS =
  "A request shows a token as `Authorization: Bearer …`; the token has permissions, each on its own:";

const ALLOWS: Record<(typeof PERMISSIONS)[number], string> = {
  view: "read everything but bodies",
  payload: "read bodies, and the headers that are not sensitive; who looked is recorded",
  operate: "replay, retry, drop, pause, resume, cancel; who and why is recorded before it is done",
};

const TOKENS = `- On this machine nothing need be set: \`sluice serve\` on loopback keeps a token for its user, readable by him
  alone (\`admin-token\` in an embedded store's folder, else in \`$XDG_STATE_HOME/sluice\`), and the verbs find it. A gateway
  whose settings name tokens (\`adminToken\`, \`adminTokens\`) keeps none and knows no such token: name one to the verbs too.
- \`adminToken\` (\`SLUICE_ADMIN_TOKEN\`) is one token for everything, the same for the gateway and for the verbs.
- \`adminTokens\` names a file; keep it as a Secret. The hash is what \`printf %s "$TOKEN" | sha256sum\` prints:

\`\`\`yaml
- name: dashboard
  sha256: <64 hex digits>
  permissions: [view]
- name: on-call
  sha256: <64 hex digits>
  permissions: [view, payload, operate]
\`\`\`

Without a token, whoever reaches a loopback port may view (\`adminOpen: view\`); \`adminOpen: loopback\` opens everything to
him, \`never\` nothing. On a port that the network reaches everything wants a token, whatever \`adminOpen\` says, and
where it says loopback the log warns of that. Tokens are
compared by hash in constant time. The actor that is recorded is the token's name, with the \`actor\` that the request
gives: \`ann (on-call)\`.`;

const BATCHES = `## Many at once

\`replays\`, \`retries\` and \`drops\` take exactly one of \`ids\`, \`fingerprint\` and \`filter\` (\`since\` and \`until\` count as one), and
answer 202 with a batch: its \`id\`, and how far it is. \`count\` only counts; \`dryRun\` decides, changes nothing, and shows
which decisions and objects would differ from the first time. They go oldest first, at \`rate\` deliveries a second.
Replays leave out duplicates, and replays themselves unless \`replayOf\` asks for them; retries and drops are of dead
letters that were not dropped, but a retry by id takes the drop back. What is dropped by id has an act each; an order by
filter or fingerprint has one itself, too. Four may be under way in a gateway, of at most 100,000 deliveries each.

One gateway works on a batch; once a second it keeps in the store how far it is, so any gateway of that store shows it
(\`saidAt\` is when that was) and takes \`DELETE\` for it: the one that works on it hears of it within a second or two. One
whose gateway has said nothing for 30 s is \`interrupted\`. What was interrupted, cancelled or failed goes on with
\`POST …/resume\`, in whichever gateway is asked, with the deliveries that were meant when it was ordered, and what is done
is not done again. Counts and dry runs are known only where they run. The latest 50 are kept (a wish to cancel from
elsewhere takes a place among them); acts, and the notes of what was made, stay.

\`\`\`sh
curl -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' http://127.0.0.1:9000/api/v1/replays \\
  -d '{"filter": {"outcome": "filtered", "event": "push"}, "since": "24h", "dryRun": true, "reason": "filter was wrong"}'
\`\`\``;

function fieldsOf({ method, path, query, body }: Route): string[] {
  const fields = Object.entries(body ?? query).map(([name, { description }]) => [
    code(name),
    prose(description),
  ]);
  if (fields.length === 0) return [];
  const where = body === undefined ? "in the query" : "in the body";
  const heading = code(`${method} ${path.replace("/api/v1", "")}`);
  return [`### ${heading}`, table([`field, ${where}`, "meaning"], fields)];
}
