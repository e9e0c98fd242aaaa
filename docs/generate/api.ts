/** docs/api.md, from the routes themselves. */

import { apiRoutes } from "../../src/admin/api.ts";
import type { Route } from "../../src/admin/route.ts";
import type { ApiServices } from "../../src/admin/services.ts";
import type { PERMISSIONS } from "../../src/core/permission.ts";
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
    notice("src/admin/routes"),
    "# The API",
    INTRO,
    "## Who may ask",
    RIGHTS,
    table(["permission", "allows"], Object.entries(ALLOWS)),
    VALUES,
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
  view: "read everything but values of events: facts, verdicts, names, expressions",
  payload:
    "read bodies, headers that are not sensitive, and what was made of them (`values`); search by `text`; each look is recorded",
  operate: "replay, retry, drop, pause, resume, cancel; who and why is recorded before it is done",
};

const VALUES = `### What viewing shows

Of an event \`view\` shows its facts and nothing else: provider, the provider's id of the delivery, event, repository, ref,
revision, number of the pull request, actor, and the size of its body. Names of objects that were made are shown too (the
cluster shows them as well), and so is all that operators wrote: names of steps, expressions, params, fields. Left out are
values of headers and of the query, params, what explains an expression, rendered objects, the cluster's messages about runs,
and what reasons quote of an event or of an answer to it: \`“…”\` stands there. \`values=true\` asks for all of that; it
wants \`payload\`, and so does a search by \`text\`, which could ask for a body word by word. Each such look is an act
(\`sluice acts\`) before it is answered. The log quotes nothing of an event either. Records that versions before 0.1
finished may quote in a reason what is not marked; they go with the retention.`;

const TOKENS = `- On this machine nothing need be set: \`sluice serve\` on loopback keeps a token for its user, readable by him
  alone (\`admin-token\` in an embedded store's folder, else in \`$XDG_STATE_HOME/sluice\`), and the verbs find it. A gateway
  whose settings name tokens (\`adminToken\`, \`adminTokens\`) keeps none and knows no such token: name one to the verbs too.
- \`adminToken\` (\`SLUICE_ADMIN_TOKEN\`) is one token for everything, the same for the gateway and for the verbs.
- \`adminTokens\` names a file that only its owner and a group may read (in a cluster a Secret, mounted with
  \`defaultMode: 0440\`); one that every user of the machine may use is refused. The hash is what \`printf %s "$TOKEN" | sha256sum\` prints:

\`\`\`yaml
- name: dashboard
  sha256: <64 hex digits>
  permissions: [view]
- name: on-call
  sha256: <64 hex digits>
  permissions: [view, payload, operate]
\`\`\`

While the settings name no token, whoever reaches a loopback port may view (\`adminOpen: view\`); \`adminOpen: loopback\` opens
everything to him, \`never\` nothing. Once they name one, and on a port that the network reaches, everything wants a token,
whatever \`adminOpen\` says, and where it says loopback the log warns of that. Tokens are
compared by hash in constant time. The actor that is recorded is the token's name, with the \`actor\` that the request
gives: \`ann (on-call)\`.

## How it is reached

With \`adminTlsCert\` and \`adminTlsKey\` the port speaks TLS only; the files are read again when they change. Verbs trust the
usual authorities, \`adminCa\`, and the port's own certificate where their settings name it; it has to be made out to the
address that they ask, 127.0.0.1 for those that find the gateway by its store. Probes and scrapers then say \`scheme: HTTPS\`.

A request must ask by a name that is the gateway's own, or it may come from a stranger's page whose name was made to lead here
(DNS rebinding). On loopback that is localhost and its addresses. On other addresses it is any address, this machine's own
name, \`<name>.<namespace>.svc\` with or without \`.cluster.local\`, and what \`adminHosts\` names; others are answered 403.`;

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
