/** What unproved deliveries may take: counted here between two answers of the store, and never of proved ones. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Room } from "../../src/core/store.ts";
import { createUnprovedLimits, type UnprovedSettings } from "../../src/intake/unproved.ts";
import { refusal } from "../helpers/flows.ts";

const GIT = { namespace: "ci", name: "git" };
const MB = 1_048_576;

function limitsOf(settings: Partial<UnprovedSettings>, room?: Room) {
  const world = { now: 0, unproved: 0, room, asked: 0 };
  const limits = createUnprovedLimits({
    settings: { bytes: 1_000 * MB, rate: 0, reservedPercent: 25, ...settings },
    usage: async () => ({ bytes: 0, unproved: world.unproved }),
    async room() {
      world.asked++;
      return world.room;
    },
    clock: () => world.now,
  });
  return { world, limits };
}

describe("the rate of a listener", () => {
  test("is a bucket that fills in a minute; other listeners have their own", () => {
    const { world, limits } = limitsOf({ rate: 6 });
    for (let i = 0; i < 6; i++) limits.admit(GIT);
    assert.throws(() => limits.admit(GIT), refusal("SLUICE_UNPROVED_RATE", /ci\/git takes at most 6/));
    limits.admit({ namespace: "ci", name: "other" });
    world.now = 10_000;
    limits.admit(GIT);
    assert.throws(() => limits.admit(GIT), refusal("SLUICE_UNPROVED_RATE"));
    world.now = 3_600_000;
    for (let i = 0; i < 6; i++) limits.admit(GIT);
    assert.throws(() => limits.admit(GIT), refusal("SLUICE_UNPROVED_RATE"));
  });

  test("of 0 is none", () => {
    const { limits } = limitsOf({});
    for (let i = 0; i < 10_000; i++) limits.admit(GIT);
  });
});

describe("the bytes of a listener", () => {
  test("count what the store has and what was let in since", async () => {
    const { world, limits } = limitsOf({ bytes: 10 * MB });
    world.unproved = 5 * MB;
    (await limits.reserve(GIT, 2 * MB))();
    world.unproved = 7 * MB;
    (await limits.reserve(GIT, 2 * MB))();
    await assert.rejects(limits.reserve(GIT, 3 * MB), refusal("SLUICE_UNPROVED_BYTES", /10485760/));
    world.unproved = MB;
    world.now += 10_000;
    (await limits.reserve(GIT, 3 * MB))();
  });

  test("let in no more of many at once than fit", async () => {
    const { limits } = limitsOf({ bytes: 10 * MB });
    const all = await Promise.allSettled(Array.from({ length: 50 }, () => limits.reserve(GIT, MB)));
    assert.equal(all.filter(({ status }) => status === "fulfilled").length, 9);
  });
});

describe("the room of the store", () => {
  test("is closed to unproved ones where only the reserve is left", async () => {
    const { world, limits } = limitsOf({}, { used: 70 * MB, size: 100 * MB });
    (await limits.reserve(GIT, MB))();
    await assert.rejects(limits.reserve(GIT, 2 * MB), refusal("SLUICE_UNPROVED_ROOM"));
    world.room = { used: 10 * MB, size: 100 * MB };
    world.now += 10_000;
    (await limits.reserve(GIT, 2 * MB))();
  });

  test("holds what is being written three times, and is not asked anew for each small one", async () => {
    const { world, limits } = limitsOf({}, { used: 0, size: 100 * MB });
    const open = await limits.reserve(GIT, 20 * MB);
    await assert.rejects(limits.reserve(GIT, 20 * MB), refusal("SLUICE_UNPROVED_ROOM"));
    open();
    world.room = { used: 20 * MB, size: 100 * MB };
    (await limits.reserve(GIT, 18 * MB))();
    world.room = { used: 38 * MB, size: 100 * MB };
    (await limits.reserve(GIT, 100))();
    const { asked } = world;
    for (let i = 0; i < 100; i++) (await limits.reserve(GIT, 100))();
    assert.equal(world.asked, asked);
  });

  test("of a disk that others use too is its last 256 MiB", async () => {
    const size = 1_000_000 * MB;
    const { world, limits } = limitsOf({}, { used: size - 300 * MB, size, shared: true });
    (await limits.reserve(GIT, MB))();
    world.room = { used: size - 250 * MB, size, shared: true };
    world.now += 10_000;
    await assert.rejects(limits.reserve(GIT, MB), refusal("SLUICE_UNPROVED_ROOM"));
  });

  test("that nobody knows refuses nobody", async () => {
    const { limits } = limitsOf({});
    for (let i = 0; i < 20; i++) (await limits.reserve(GIT, MB))();
  });
});

describe("bodies that are dropped when room is needed", () => {
  function draining(dropped: number) {
    const world = { now: 0, unproved: 860 * MB, asked: [] as number[], done: Promise.resolve(0) };
    const limits = createUnprovedLimits({
      settings: { bytes: 1_000 * MB, rate: 0, reservedPercent: 25 },
      usage: async () => ({ bytes: 0, unproved: world.unproved }),
      room: async () => undefined,
      clock: () => world.now,
      dropBodies(_, keep) {
        world.asked.push(keep);
        world.done = Promise.resolve(dropped);
        if (dropped > 0) world.unproved = keep;
        return world.done;
      },
    });
    return { world, limits };
  }

  test("are asked for before the limit, so that nothing is refused", async () => {
    const { world, limits } = draining(3);
    (await limits.reserve(GIT, 10 * MB))();
    assert.deepEqual(world.asked, []);
    world.now = 2_000;
    world.unproved = 870 * MB;
    (await limits.reserve(GIT, 10 * MB))();
    await world.done;
    assert.deepEqual(world.asked, [750 * MB]);
    (await limits.reserve(GIT, 100 * MB))();
    assert.equal(world.asked.length, 1);
  });

  test("are not asked for again at once where there were none", async () => {
    const { world, limits } = draining(0);
    world.unproved = 1_000 * MB;
    const full = refusal("SLUICE_UNPROVED_BYTES");
    for (const now of [0, 1_000, 29_000, 31_000]) {
      world.now = now;
      await assert.rejects(limits.reserve(GIT, MB), full);
      await world.done;
    }
    assert.equal(world.asked.length, 2);
  });
});
