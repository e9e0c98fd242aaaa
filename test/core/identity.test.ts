/** Identities: the same for the same work, for ever; another for any other work; names that every kind takes. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  createJobId,
  decideJobId,
  derivedName,
  derivedUid,
  newDeliveryId,
  replayId,
} from "../../src/core/identity.ts";

const DELIVERY = "019d1c2e-5f00-7abc-8def-0123456789ab";
const TRIGGER = { namespace: "ci", name: "pull-request" };

const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const uuid = (version: number) =>
  new RegExp(`^[0-9a-f]{8}-[0-9a-f]{4}-${version}[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`);

const GOLDEN = [
  "019d1c2e-5f00-7abc-8def-0123456789ab-91f2115ccfef",
  "019d1c2e-5f00-7abc-8def-0123456789ab-decide",
  "3a27fc59-298a-8db9-9f8e-2f0656cd0ff3",
  "build-vr7y3dgygm",
  "build-c6b5d29qxv",
  "k85bha6bg2",
];

test("the replay that an order makes of a delivery is one of both, and an id like any other", () => {
  const order = newDeliveryId(1_700_000_000_000);
  const id = replayId(order, DELIVERY);
  assert.match(id, uuid(7));
  assert.equal(id.slice(0, 13), order.slice(0, 13));
  assert.equal(replayId(order, DELIVERY), id);
  const others = [replayId(newDeliveryId(1_700_000_000_000), DELIVERY), replayId(order, order)];
  assert.equal(new Set([id, ...others]).size, 3);
});

// A release that changes one of these creates everything in flight a second time: change the code, not the values.
test("identities are what they were in the first release", () => {
  assert.deepEqual(
    [
      createJobId(DELIVERY, TRIGGER),
      decideJobId(DELIVERY),
      derivedUid(DELIVERY, TRIGGER),
      derivedName("build-", DELIVERY, TRIGGER, 0),
      derivedName("build-", DELIVERY, TRIGGER, 1),
      derivedName("", "é\ud800", { namespace: "", name: "" }, 12),
    ],
    GOLDEN,
  );
});

describe("a delivery's id", () => {
  test("is a UUIDv7 that holds its time and sorts by it", () => {
    const times = [0, 1, 255, 1_767_225_600_000, 1_767_225_600_001, 2 ** 48 - 1];
    const ids = times.map(newDeliveryId);
    for (const [i, id] of ids.entries()) {
      assert.match(id, uuid(7));
      assert.equal(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16), times[i]);
    }
    assert.deepEqual(ids.toSorted(), ids);
  });

  test("is another one each time, even within a millisecond", () => {
    assert.equal(new Set(Array.from({ length: 100_000 }, () => newDeliveryId(1))).size, 100_000);
  });
});

describe("a derived identity", () => {
  const parts = fc.record({
    delivery: fc.string(),
    namespace: fc.string(),
    name: fc.string(),
    prefix: fc.stringMatching(/^[a-z][-a-z0-9]{0,100}$/),
    index: fc.nat(),
  });

  test("is a function of delivery and trigger, and fits where Kubernetes and BullMQ want it", () => {
    const property = fc.property(parts, ({ delivery, namespace, name, prefix, index }) => {
      const trigger = { namespace, name };
      assert.equal(
        derivedName(prefix, delivery, trigger, index),
        derivedName(prefix, delivery, { ...trigger }, index),
      );
      assert.match(derivedName(prefix, delivery, trigger, index), label);
      assert.match(derivedUid(delivery, trigger), uuid(8));
      assert.match(createJobId("id", trigger), /^id-[0-9a-f]{12}$/);
    });
    fc.assert(property, { numRuns: 300 });
  });

  test("keeps the prefix as far as 63 characters allow", () => {
    assert.ok(derivedName("build-", DELIVERY, TRIGGER, 0).startsWith("build-"));
    const long = derivedName("p".repeat(80), DELIVERY, TRIGGER, 0);
    assert.equal(long.length, 63);
    assert.ok(long.startsWith("p".repeat(53)));
  });

  test("is another one for another delivery, trigger, namespace or index: 100,000 of them never meet", () => {
    const names = new Set<string>();
    for (let d = 0; d < 250; d++) {
      for (let t = 0; t < 200; t++) {
        for (let index = 0; index < 2; index++) {
          names.add(derivedName("", `delivery-${d}`, { namespace: `n${t % 2}`, name: `t${t >> 1}` }, index));
        }
      }
    }
    assert.equal(names.size, 100_000);
  });

  test("does not run its parts together", () => {
    const ids = [
      createJobId("d", { namespace: "a", name: "bc" }),
      createJobId("d", { namespace: "ab", name: "c" }),
      createJobId("d", { namespace: "", name: "abc" }),
    ];
    assert.equal(new Set(ids).size, ids.length);
    const uids = [
      derivedUid("da", { namespace: "b", name: "c" }),
      derivedUid("d", { namespace: "ab", name: "c" }),
    ];
    assert.notEqual(uids[0], uids[1]);
    const names = [1, 11].map((index) => derivedName("", "d", { namespace: "a", name: "b" }, index));
    assert.notEqual(names[0], names[1]);
  });
});
