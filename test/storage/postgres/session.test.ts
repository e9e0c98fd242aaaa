/** PgBouncer before Postgres: in session mode all works, in any other it is refused with its reason. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SluiceError } from "../../../src/core/errors.ts";
import { openStore } from "../../../src/storage/open.ts";
import { createJob } from "../../contracts/jobs.ts";
import { eventually } from "../../helpers/gateway.ts";
import { startPgBouncer } from "../../helpers/pgbouncer.ts";
import { startPostgres } from "../../helpers/postgres.ts";

const isPooler = (error: unknown): boolean =>
  error instanceof SluiceError &&
  error.code === "SLUICE_STORE_POOLER" &&
  /pool_mode = session/.test(error.fix);

test("jobs go through a PgBouncer that keeps sessions, whatever it makes of what connections ask for at first", {
  timeout: 120_000,
}, async () => {
  await using server = await startPostgres();
  for (const settings of [[], ["ignore_startup_parameters = options, extra_float_digits"]]) {
    await using bouncer = await startPgBouncer(await server.createDatabase(), "session", settings);
    const store = await openStore(bouncer.url);
    const session = await store
      .checks?.()
      .find(({ name }) => name === "store-session")
      ?.check();
    assert.deepEqual(session, { state: "ok", message: "a pooler stands between, and keeps sessions" });
    const done = Promise.withResolvers<string>();
    const consumer = await store.queue.consume(
      async ({ id }) => {
        done.resolve(id);
        return { kind: "done" };
      },
      { concurrency: 1 },
    );
    await store.queue.enqueue([createJob({ id: "through" })]);
    assert.equal(await done.promise, "through");
    await consumer.stop(1_000);
    await store.close();
  }
});

test("a PgBouncer that shares sessions is refused at once, however it chooses among them", {
  timeout: 120_000,
}, async () => {
  await using server = await startPostgres();
  const url = await server.createDatabase();
  const cases = [
    ["transaction", []],
    ["transaction", ["server_round_robin = 1"]],
    ["transaction", ["default_pool_size = 1"]],
    ["statement", []],
  ] as const;
  for (const [mode, settings] of cases) {
    await using bouncer = await startPgBouncer(url, mode, settings);
    // Waiting would not help, so it is not waited for.
    await assert.rejects(openStore(bouncer.url, { waitMs: 60_000 }), isPooler, `${mode} ${settings}`);
  }
});

test("sessions that come to be shared while a gateway runs are found by the check", {
  timeout: 120_000,
}, async () => {
  await using server = await startPostgres();
  await using bouncer = await startPgBouncer(await server.createDatabase(), "session");
  const store = await openStore(bouncer.url);
  await bouncer.reload("transaction");
  await bouncer.restart();
  const check = store.checks?.().find(({ name }) => name === "store-session")?.check;
  // The first connections are found cut, and an answer is good for some seconds.
  const session = await eventually(
    async () => check?.(),
    (answer) => answer?.state === "failed",
    30_000,
    500,
  );
  assert.match(session?.message ?? "", /does not keep sessions/);
  assert.match(session?.fix ?? "", /pool_mode = session/);
  await store.close();
});
