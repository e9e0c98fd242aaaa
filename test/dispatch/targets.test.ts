/** Several targets behind their gates: each is away by itself, and one that is back does not hide one that is not. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fault } from "../../src/core/errors.ts";
import type { Target } from "../../src/core/job.ts";
import { createPlaces } from "../../src/dispatch/targets.ts";
import { createMetrics } from "../../src/record/metrics.ts";
import { listen } from "../helpers/flows.ts";

/** A target that answers when it is told to. */
function switched(name: string) {
  const state = { away: false };
  const target: Target = {
    name,
    create: async () => assert.fail("nothing is created"),
    async ready() {
      if (state.away) throw fault("SLUICE_CREATE_UNREACHABLE", { reason: "switched off" });
    },
    close: async () => {},
  };
  return { state, target };
}

test("a cluster that is away closes its own gate only, and the gauge is up again when the last one is back", async () => {
  const { tell, heard } = listen();
  const metrics = createMetrics({ version: "1" });
  const [home, west, east] = [switched("home"), switched("west"), switched("east")];
  const clusters = new Map([
    ["west", west.target],
    ["east", east.target],
  ]);
  const places = createPlaces({ target: home.target, clusters }, (fact) => {
    metrics.tell(fact);
    tell(fact);
  });
  const up = async () => /^sluice_target_up (\d)$/m.exec(await metrics.expose())?.[1];
  const gate = (name: string) => places.clusters.get(name)?.gate ?? assert.fail(name);
  assert.equal(await up(), "1");
  west.state.away = true;
  east.state.away = true;
  assert.deepEqual([await gate("west").doubt(), await gate("east").doubt()], [true, true]);
  assert.equal(await places.gate.doubt(), false);
  assert.equal(places.gate.closed(), undefined);
  assert.equal(await up(), "0");
  assert.deepEqual(
    places.states().map(({ name, cluster, away, reason }) => [name, cluster, away, reason]),
    [
      ["home", undefined, false, undefined],
      ["west", "west", true, "switched off"],
      ["east", "east", true, "switched off"],
    ],
  );
  east.state.away = false;
  await heard((fact) => fact.type === "target.back" && fact.target === "east" && fact.stillAway === 1);
  assert.equal(await up(), "0");
  assert.deepEqual(
    await Promise.all(
      places.ready.map(({ name, ready }) =>
        ready().then(
          () => name,
          () => `no ${name}`,
        ),
      ),
    ),
    ["target", "no target-west", "target-east"],
  );
  west.state.away = false;
  await heard((fact) => fact.type === "target.back" && fact.target === "west");
  assert.equal(await up(), "1");
  places.close();
});

test("jobs that are turned away are told different times, later as the outage grows, and at most half a minute", async () => {
  const west = switched("west");
  const { tell } = listen();
  const { clusters, close } = createPlaces(
    { target: switched("home").target, clusters: new Map([["west", west.target]]) },
    tell,
  );
  west.state.away = true;
  const gate = clusters.get("west")?.gate ?? assert.fail();
  await gate.doubt();
  const waits = Array.from({ length: 5_000 }, () => gate.askAgain());
  assert.ok((waits[0] ?? 0) >= 800 && (waits[0] ?? 0) <= 1_300, `${waits[0]}`);
  assert.ok(waits.every((wait, i) => i === 0 || wait > (waits[i - 1] ?? 0) - 50));
  assert.ok((waits.at(-1) ?? 0) >= 49_000, "a hundred a second, however many wait");
  close();
});
