/** Replays, retries and drops of many deliveries: ordered, watched, cancelled. The three differ in what is done to one. */

import type { ErrorCode } from "../../core/errors.ts";
import { fault } from "../../core/errors.ts";
import { newDeliveryId, replayId } from "../../core/identity.ts";
import type { DeliverySummary } from "../../core/ledger.ts";
import { NOTE, onRecord, type Signed, signed, writeDown } from "../acts.ts";
import type { Batch, BatchMode, BatchOrder, BatchVerb } from "../batch.ts";
import { compare } from "../compare.ts";
import type { Fields, Read } from "../fields.ts";
import { invalid, words } from "../fields.ts";
import { type Route, route } from "../route.ts";
import { closed, list, ref } from "../schemas.ts";
import { DEFAULT_RATE, MANNER, readSelection, SELECTION } from "../select.ts";
import type { ApiServices } from "../services.ts";
import { batchUnseen } from "../unseen.ts";
import { seesValues, VALUES } from "../values.ts";

const ORDER = {
  ...SELECTION,
  ...MANNER,
  trigger: words("for replays, only for this trigger: name or namespace/name"),
} as const;
type Order = Read<typeof ORDER>;
type Work = BatchOrder["work"];

/** What tells the three apart. */
interface Kind {
  readonly verb: BatchVerb;
  /** The collection under /api/v1, and the same in names of operations. */
  readonly path: string;
  readonly plural: string;
  readonly summary: string;
  readonly body: Fields;
  readonly work: (mode: BatchMode, note: Signed, trigger: string | undefined) => Work;
}

const { trigger: _only, ...WITHOUT_TRIGGER } = ORDER;

export function batchRoutes(services: ApiServices): readonly Route[] {
  const works = worksOf(services);
  const kinds: readonly Kind[] = [
    {
      ...{ verb: "replay", path: "/api/v1/replays", plural: "Replays", body: ORDER, work: works.replay },
      summary: "Decides many deliveries again, with the triggers in force, each as a delivery of its own.",
    },
    {
      ...{
        verb: "retry",
        path: "/api/v1/retries",
        plural: "Retries",
        body: WITHOUT_TRIGGER,
        work: works.retry,
      },
      summary: "Tries the dead jobs of dead letters again: same decisions, same names.",
    },
    {
      ...{ verb: "drop", path: "/api/v1/drops", plural: "Drops", body: WITHOUT_TRIGGER, work: works.drop },
      summary: "Says that dead letters need nobody any more; wants a reason.",
    },
  ];
  return kinds.flatMap((kind) => routesOf(services, kind));
}

function routesOf(services: ApiServices, kind: Kind): readonly Route[] {
  const { batches } = services;
  const { verb, path, plural, summary, body } = kind;
  const faults: readonly ErrorCode[] = ["SLUICE_BATCH_UNKNOWN"];
  const answer = { status: 200, schema: ref("Batch") };
  return [
    route({
      ...{ method: "POST", path, operation: `start${plural}`, permission: "operate", summary, body },
      answer: { status: 202, schema: ref("Batch") },
      location: ({ id }) => `${path}/${id}`,
      faults: ["SLUICE_BATCH_BUSY"],
      async handle({ body, caller }) {
        const order = body as Order;
        await seesValues(services, caller, order.filter ?? {}, path);
        return start(services, kind, order, (given) => signed(caller, given));
      },
    }),
    route({
      ...{ method: "GET", path, operation: `list${plural}`, permission: "view" },
      summary: "The latest, newest first, without their results.",
      answer: { status: 200, schema: closed({ items: list(ref("Batch")) }) },
      handle: async () => ({ items: (await batches.list(verb)).map(batchUnseen) }),
    }),
    route({
      ...{
        method: "GET",
        path: `${path}/{id}`,
        operation: `show${plural}`,
        permission: "view",
        faults,
        answer,
      },
      summary: "How far it is; with its results when it has ended in this process.",
      query: VALUES,
      async handle({ id, query, caller }) {
        const batch = await batches.find(verb, id);
        const seen = await seesValues(services, caller, query, `${verb} ${batch.id}`);
        return seen ? batch : batchUnseen(batch);
      },
    }),
    route({
      ...{ method: "POST", path: `${path}/{id}/resume`, operation: `resume${plural}`, permission: "operate" },
      summary: "Goes on with one that was interrupted, cancelled or failed; what is done is not done again.",
      body: NOTE,
      answer: { status: 202, schema: ref("Batch") },
      faults: [...faults, "SLUICE_BATCH_STATE", "SLUICE_BATCH_BUSY"],
      handle: ({ id, body, caller }) => resume(services, kind, id, signed(caller, body)),
    }),
    route({
      ...{
        method: "DELETE",
        path: `${path}/{id}`,
        operation: `cancel${plural}`,
        permission: "operate",
        faults,
        answer,
      },
      summary: "Ends it after the delivery in hand, whichever gateway works on it; what is done stays done.",
      handle: async ({ id, caller }) => batchUnseen(await cancel(services, verb, id, signed(caller, {}))),
    }),
  ];
}

/** Which deliveries, and as seen from when: what comes in later is not meant, whoever goes on with it. */
interface Chosen {
  readonly chosen: Read<typeof SELECTION>;
  readonly at: number;
}

type Manner = Pick<BatchOrder, "mode" | "rate" | "note" | "trigger">;

function orderOf({ ledger }: ApiServices, { verb, work }: Kind, request: Chosen, how: Manner): BatchOrder {
  const { words, newestFirst, select } = readSelection(ledger, verb, request.chosen, request.at);
  const { mode, note, trigger } = how;
  return {
    ...{ verb, selection: words, newestFirst, select, request },
    ...how,
    work: work(mode, note, trigger),
  };
}

async function start(
  services: ApiServices,
  kind: Kind,
  order: Order,
  sign: (given: Pick<Order, "actor" | "reason">) => Signed,
): Promise<Batch> {
  const { batches, clock = Date.now } = services;
  const { rate = DEFAULT_RATE, dryRun = false, count = false, trigger, actor, reason, ...chosen } = order;
  const mode = count ? "count" : dryRun ? "dry-run" : "act";
  const note = sign({ ...(actor !== undefined && { actor }), ...(reason !== undefined && { reason }) });
  const narrowed = trigger === undefined ? {} : { trigger };
  const made = orderOf(services, kind, { chosen, at: clock() }, { mode, rate, note, ...narrowed });
  const { verb } = kind;
  if (verb === "drop" && mode === "act" && (reason ?? "").trim() === "")
    throw invalid("reason", "is missing, or blank", "why nobody needs these any more");
  // What drops each delivery writes its act too, in the same write, and none where there was nothing to drop.
  const written = verb === "drop" && chosen.ids !== undefined;
  const id = newDeliveryId(clock());
  if (mode === "act" && !written)
    await writeDown(services, { verb, subject: made.selection.slice(0, 500), note, batch: id });
  return batches.start({ ...made, id });
}

/** What is done stays under the name of who ordered it; that somebody went on with it is an act of its own. */
async function resume(services: ApiServices, kind: Kind, id: string, note: Signed): Promise<Batch> {
  const { batches } = services;
  const { verb } = kind;
  const resumed = await batches.resumable(verb, id);
  const { mode, rate, trigger, actor, reason } = resumed.batch;
  const first = { actor, ...(reason !== undefined && { reason }) };
  const manner = { mode, rate, note: first, ...(trigger !== undefined && { trigger }) };
  const order = orderOf(services, kind, resumed.request as Chosen, manner);
  const subject = `${order.selection.slice(0, 400)} (goes on with ${id})`;
  await writeDown(services, { verb, subject, note });
  return batches.start(order, resumed);
}

async function cancel(services: ApiServices, verb: BatchVerb, id: string, note: Signed): Promise<Batch> {
  const { batches } = services;
  const batch = await batches.find(verb, id);
  if (batch.endedAt !== undefined) return batch;
  const deed = { verb: "cancel", subject: `${verb} ${id}`, note };
  return onRecord(services, deed, () => batches.cancel(verb, id));
}

/** Only what failed before it had a job may be replayed for that: of the others something was created, or still will be. */
function whyNothingDied({ outcome }: Pick<DeliverySummary, "outcome">): string {
  return outcome === "dead"
    ? "its decision failed, so it has no dead job: replay it instead"
    : `it is ${outcome}, not dead`;
}

/** What each verb does to one delivery. */
function worksOf({ ledger, queue, replay, preview, tell, clock = Date.now }: ApiServices) {
  const done = (verb: BatchVerb, subject: string, note: Signed) =>
    tell({ type: "act.done", verb, subject, ...note });

  async function found(id: string) {
    const known = await ledger.find(id);
    if (known === undefined) throw fault("SLUICE_DELIVERY_UNKNOWN", { id });
    return known;
  }

  const works: Readonly<Record<BatchVerb, Kind["work"]>> = {
    replay: (mode, note, trigger) => async (id, batch) => {
      const only = trigger === undefined ? {} : { trigger };
      if (mode === "act") {
        const own = replayId(batch, id);
        if ((await ledger.find(own)) !== undefined) return { outcome: "done", made: own, before: true };
        const made = await replay(id, { note, id: own, ...only });
        done("replay", id, note);
        return { outcome: "done", made };
      }
      const [known, decisions] = await Promise.all([found(id), preview(id, only)]);
      const objects = decisions.reduce((sum, { job }) => sum + (job?.objects.length ?? 0), 0);
      return { outcome: "done", objects, differences: compare(known, decisions, trigger) };
    },

    retry: (mode, note) => async (id) => {
      const jobs =
        mode === "act"
          ? await ledger.reopen(id, clock())
          : (await found(id)).jobs.flatMap(({ job, state }) => (state === "dead" ? job : []));
      if (jobs.length === 0) return { outcome: "skipped", why: whyNothingDied(await found(id)) };
      if (mode === "act") {
        await queue.enqueue(jobs);
        done("retry", id, note);
      }
      return { outcome: "done", objects: jobs.reduce((sum, { objects }) => sum + objects.length, 0) };
    },

    drop: (mode, note) => async (id, batch) => {
      const { outcome, dropped } = await found(id);
      if (outcome !== "dead") return { outcome: "skipped", why: `it is ${outcome}, not dead` };
      if (dropped !== undefined) return { outcome: "skipped", why: "it was dropped before" };
      if (mode === "act") {
        await ledger.drop(id, { at: clock(), verb: "drop", subject: id, ...note, batch });
        done("drop", id, note);
      }
      return { outcome: "done" };
    },
  };
  return works;
}
