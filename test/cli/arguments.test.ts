/** Wrong arguments: each is said to be one, with the verb whose help shows what it takes; none is passed over. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { sluice } from "./helper.ts";

for (const [args, said] of [
  ["deliveries list extra", /✗ deliveries list: takes options and no "extra"/],
  ["deliveries show", /✗ deliveries show: wants the id of a delivery/],
  ["deliveries gone", /✗ deliveries: "gone" is none of list, show/],
  ["deliveries list --limit 0", /✗ --limit: expected a whole number from 1 to 200; got 0/],
  ["deliveries list --outcome lost", /✗ --outcome: expected created, .*; got lost/],
  ["dead list extra", /✗ dead list: takes options and no "extra"/],
  ["queue stop", /✗ queue: "stop" is none of show, pause and resume/],
  ["replay", /✗ replay: wants ids, a --fingerprint, or filters/],
  ["try --config examples/quickstart", /✗ try: expected a provider and an event/],
  ["try gitlab gone --config examples/quickstart", /✗ event: no example of "gone"/],
] as const) {
  test(`\`${args}\` is told what is wrong with it, and where to read`, async () => {
    const { code, stdout, stderr } = await sluice(args.split(" "));
    assert.equal(code, 2, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, said);
    assert.doesNotMatch(stderr, /setting/);
    assert.match(stderr, new RegExp(`→ \`sluice help ${args.split(" ", 1)[0]}\``));
  });
}
