/** The chain: order, stops, extensions, replacement, errors; and forms as JSON. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event } from "../../../src/core/delivery.ts";
import { payload } from "../../../src/core/delivery.ts";
import { fault } from "../../../src/core/errors.ts";
import type { Interceptor, Verdict } from "../../../src/core/interceptor.ts";
import { defineInterceptor, PASS } from "../../../src/core/interceptor.ts";
import type { ChainStep } from "../../../src/core/plan.ts";
import { runChain } from "../../../src/decide/intercept/chain.ts";
import { createRegistry } from "../../../src/decide/intercept/registry.ts";

const FORM = { "Content-Type": ["application/x-www-form-urlencoded"] };

function event(text = "{}", headers: Event["headers"] = {}): Event {
  const trigger = { namespace: "ci", name: "t" };
  return { id: "e", trigger, url: "/", headers, payload: payload(text), extensions: {} };
}

function step(name: string, intercept: (event: Event) => Verdict | Promise<Verdict>): ChainStep {
  return { name, interceptor: { intercept } };
}

test("steps run in order, see what earlier ones added, and the last writer of a key wins", async () => {
  const seen: unknown[] = [];
  const start = event();
  const result = await runChain(
    [
      step("one", () => ({ continue: true, extensions: { a: { x: 1 }, b: 1 } })),
      step("two", async ({ extensions }) => {
        seen.push(extensions);
        return {
          continue: true,
          extensions: JSON.parse('{"a":{"y":2},"__proto__":{"z":3}}'),
          explain: "why",
        };
      }),
      step("three", () => PASS),
    ],
    start,
  );
  assert.deepEqual(seen, [{ a: { x: 1 }, b: 1 }]);
  assert.equal(JSON.stringify(result.event.extensions), '{"a":{"y":2},"b":1,"__proto__":{"z":3}}');
  assert.equal(Reflect.get({}, "z"), undefined);
  assert.deepEqual(start.extensions, {});
  assert.deepEqual(result.trace, [
    { station: "intercept", name: "one", verdict: "pass" },
    { station: "intercept", name: "two", verdict: "pass", detail: "why" },
    { station: "intercept", name: "three", verdict: "pass" },
  ]);
});

test("the first stop ends the chain; later steps are not asked", async () => {
  const result = await runChain(
    [
      step("no", () => ({ continue: false, code: 9, reason: "not for me" })),
      step("never", () => assert.fail()),
    ],
    event(),
  );
  assert.deepEqual(result.stopped, { name: "no", code: 9, reason: "not for me" });
  assert.equal(result.trace.at(-1)?.verdict, "stop");
});

test("whatever is thrown or rejected ends as an error in the trace", async () => {
  const throwers: readonly (readonly [() => Verdict | Promise<Verdict>, string, true | undefined])[] = [
    [() => assert.fail("a defect"), "SLUICE_INTERNAL", undefined],
    [
      async () => Promise.reject(fault("SLUICE_INTERCEPTOR_FAILED", { name: "x", reason: "away" })),
      "SLUICE_INTERCEPTOR_FAILED",
      true,
    ],
    [() => JSON.parse("null"), "SLUICE_INTERNAL", undefined],
  ];
  for (const [thrower, code, transient] of throwers) {
    const { stopped, trace } = await runChain([step("broken", thrower)], event());
    assert.equal(stopped?.fault, code);
    assert.equal(stopped?.transient, transient);
    assert.equal(trace.at(-1)?.verdict, "error");
  }
});

test("steps that answer at once cost no turn of the queue each", async () => {
  const steps = Array.from({ length: 50 }, (_, i) => step(`s${i}`, () => PASS));
  const turns = async (chain: readonly ChainStep[]) => {
    let done = false;
    const running = Promise.resolve(runChain(chain, event())).then(() => {
      done = true;
    });
    let count = 0;
    for (; !done; count++) await null;
    await running;
    return count;
  };
  assert.equal(await turns(steps), await turns(steps.slice(0, 1)));
});

test("only a verdict that holds body or headers replaces them", async () => {
  const headers = { "X-New": ["1"] };
  const replaced = await runChain(
    [step("webhook", () => ({ continue: true, body: '{"n":1}', headers }))],
    event(),
  );
  assert.deepEqual(replaced.event.payload.json(), { n: 1 });
  assert.deepEqual(replaced.event.headers, headers);
});

test("a form of two fields or more becomes JSON for the chain, by url.ParseQuery's rules", async () => {
  const text = "a=1&b=x+%26+y&a=2&bad=%zz&c=3;d=4&&empty&%C3%A9=%FF&?q=1";
  const { event: after } = await runChain([step("any", () => PASS)], event(text, FORM));
  assert.equal(
    after.payload.text,
    '{"?q":["1"],"a":["1","2"],"b":["x \\u0026 y"],"empty":[""],"é":["\ufffd"]}',
  );
});

test("a form stays text with one field, another content type, an empty chain, or a webhook in front", async () => {
  const raw: ChainStep = { name: "webhook", interceptor: { rawForm: true, intercept: () => PASS } };
  const any = step("any", () => PASS);
  const charset = { "Content-Type": ["application/x-www-form-urlencoded; charset=utf-8"] };
  const cases = [
    [[any], event("a=1", FORM)],
    [[any], event("a=1&b=2", charset)],
    [[], event("a=1&b=2", FORM)],
    [[raw], event("a=1&b=2", FORM)],
  ] as const;
  for (const [steps, given] of cases) {
    assert.equal((await runChain(steps, given)).event.payload.text, given.payload.text);
  }
  const extended = { ...event("a=1&b=2", FORM), extensions: { x: 1 } };
  assert.equal((await runChain([raw], extended)).event.payload.text, '{"a":["1"],"b":["2"]}');
});

test("the registry finds interceptors by name, lists the known ones, and refuses namesakes", () => {
  const named = (name: string): Interceptor =>
    defineInterceptor({ name, summary: "", compile: () => ({ intercept: () => PASS }) });
  const registry = createRegistry([named("b"), named("a")]);
  assert.equal(registry.get("a").name, "a");
  assert.equal(registry.has("__proto__"), false);
  assert.throws(() => registry.get("c"), /no interceptor is called c/);
  assert.throws(() => createRegistry([named("a"), named("a")]), /two interceptors are called a/);
});
