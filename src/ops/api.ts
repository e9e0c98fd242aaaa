/** The API, version 1: deliveries, replay, audit, queue. */

import type { FastifyInstance } from "fastify";
import { fault } from "../core/errors.ts";
import type { Audit, Ledger } from "../core/ledger.ts";
import type { Queue } from "../core/queue.ts";
import type { ReplayNote } from "./query.ts";
import { deliveryId, deliveryQuery, replayNote } from "./query.ts";

export interface ApiServices {
  readonly ledger: Pick<Ledger, "list" | "find">;
  readonly queue: Pick<Queue, "depth">;
  /** Decides a stored delivery again as a new one. @throws SluiceError SLUICE_DELIVERY_UNKNOWN. */
  readonly replay: (id: string, note: ReplayNote) => Promise<{ readonly id: string }>;
  readonly audit: () => Promise<Audit>;
}

/** Adds the API's routes. */
export function addApi(app: FastifyInstance, { ledger, queue, replay, audit }: ApiServices): void {
  app.get("/api/v1/deliveries", async (request) => {
    const { filter, page } = deliveryQuery(request.query);
    return ledger.list(filter, page);
  });

  app.get("/api/v1/deliveries/:id", async (request) => {
    const id = deliveryId(request.params);
    const record = await ledger.find(id);
    if (record === undefined) throw fault("SLUICE_DELIVERY_UNKNOWN", { id });
    return record;
  });

  app.post("/api/v1/deliveries/:id/replay", async (request, reply) => {
    const made = await replay(deliveryId(request.params), replayNote(request.body));
    return reply.code(201).header("location", `/api/v1/deliveries/${made.id}`).send({ id: made.id });
  });

  app.get("/api/v1/audit", () => audit());

  app.get("/api/v1/queue", () => queue.depth());
}
