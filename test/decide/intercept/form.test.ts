/** HTML forms: which events they are in, what JSON they become, and when they are left as text. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event } from "../../../src/core/delivery.ts";
import { payload } from "../../../src/core/delivery.ts";
import { formAsJson, MAX_FIELDS } from "../../../src/decide/intercept/form.ts";

function formWith(text: string, type = "application/x-www-form-urlencoded"): Event {
  return {
    id: "e-1",
    trigger: { namespace: "ci", name: "build" },
    url: "/",
    headers: { "Content-Type": [type] },
    payload: payload(text),
    extensions: {},
  };
}

test("fields become lists of values, decoded, whatever they are called", () => {
  const event = formAsJson(formWith("a=1&b=x+y%26&a=2&__proto__=z&c"));
  assert.equal(event.payload.text, '{"__proto__":["z"],"a":["1","2"],"b":["x y\\u0026"],"c":[""]}');
});

test("one field, another content type, or pairs that cannot be read leave text", () => {
  for (const event of [formWith("a=1&a=2"), formWith("a=1&b=2", "text/plain"), formWith("a=1&b=%zz&c;d=1")])
    assert.equal(formAsJson(event), event);
});

test("a form of too many fields stays text, and costs next to nothing", () => {
  const most = Array.from({ length: MAX_FIELDS }, (_, i) => `k${i}=`).join("&");
  assert.equal(Object.keys(formAsJson(formWith(most)).payload.json() as object).length, MAX_FIELDS);
  const more = formWith(`${most}&b=1`);
  assert.equal(formAsJson(more), more);
  const huge = formWith("k=&".repeat(1_000_000));
  const { user } = process.cpuUsage();
  assert.equal(formAsJson(huge), huge);
  const spent = process.cpuUsage().user - user;
  assert.ok(spent < 1_000_000, `${spent} µs of CPU; read into pairs, it takes seconds`);
});
