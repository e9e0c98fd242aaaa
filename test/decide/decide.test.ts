/** The decision: which step decided, why, and with which values; groups, faults, and triggers that names do not tell apart. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Decision } from "../../src/core/decision.ts";
import type { Delivery } from "../../src/core/delivery.ts";
import { decide } from "../../src/decide/decide.ts";
import { createHttpClient } from "../../src/decide/intercept/http.ts";
import { createVerifier } from "../../src/verify/verifier.ts";
import { compiled, openFlows, serveInterceptor } from "../helpers/flows.ts";
import {
  cel,
  github,
  interceptor,
  listener,
  OPEN,
  push,
  type RequestOptions,
  remote,
  secret,
  template,
  trigger,
  type Written,
  written,
} from "../helpers/objects.ts";

const ID = "019d1c2e-5f00-7abc-8def-0123456789ab";

/** Decisions about a push, by a listener `git` compiled from these objects. */
async function decided(
  objects: readonly Written[],
  request: RequestOptions = {},
  code?: string,
): Promise<readonly Decision[]> {
  const http = createHttpClient();
  const { plans, secrets, errors } = await compiled(objects, { http });
  assert.deepEqual(
    errors.map((error) => error.code),
    code === undefined ? [] : [code],
  );
  const plan = plans.find("ci", "git");
  assert.ok(plan);
  const listener = { namespace: "ci", name: "git" };
  const delivery: Delivery = { id: ID, listener, ...push(request) };
  const { decisions } = await decide(plan, delivery, createVerifier(secrets).begin(delivery));
  http.close();
  return decisions;
}

const only = (decisions: readonly Decision[]): Decision => {
  const [decision] = decisions;
  assert.ok(decision !== undefined && decisions.length === 1);
  return decision;
};

const stations = ({ trace }: Decision) => trace.map(({ station, verdict }) => `${station} ${verdict}`);

/** A listener whose triggers stand behind a group, and are chosen by the label `team: a`. */
const grouped = (interceptors: readonly Written[], ...names: readonly string[]): Written[] => {
  const labels = { team: "a" };
  const group = { name: "shared", interceptors, triggerSelector: { labelSelector: { matchLabels: labels } } };
  const triggers = names.map((name) => written("Trigger", name, trigger("", [cel("true")]), { labels }));
  return [...triggers, listener("git", [], { ...OPEN, triggerGroups: [group] })];
};

describe("a trigger that fires", () => {
  test("shows each step that let it, the params and the objects, and carries the job", async () => {
    const objects = [
      secret("hook", "s"),
      listener("git", [trigger("build", [github(), cel("body.ref != ''")])]),
    ];
    const decision = only(await decided(objects, { token: "s" }));
    assert.equal(decision.result, "matched");
    assert.deepEqual(stations(decision), [
      "verify pass",
      "intercept pass",
      "intercept pass",
      "bind pass",
      "render pass",
    ]);
    assert.deepEqual(decision.trace[3]?.detail, { ref: "refs/heads/main" });
    const { job } = decision;
    const name = job?.objects[0]?.metadata.name ?? "";
    assert.match(name, /^build-[a-z2-9]{10}$/);
    assert.equal(decision.reason, `creates PipelineRun ci/${name}`);
    assert.deepEqual(
      [job?.delivery, job?.listener, job?.trigger, job?.kind],
      [ID, { namespace: "ci", name: "git" }, { namespace: "ci", name: "build" }, "create"],
    );
    assert.equal("serviceAccount" in (job ?? {}), false);
  });

  test("comes to the same job each time it is decided, and to another for another delivery", async () => {
    const objects = [listener("git", [trigger("build", [])], OPEN)];
    const [once, twice] = [only(await decided(objects)), only(await decided(objects))];
    assert.deepEqual([twice.job?.id, twice.job?.objects], [once.job?.id, once.job?.objects]);
    await using flows = await openFlows(objects);
    const [other] = await flows.jobs(await flows.send(push()));
    assert.ok(other?.kind === "create");
    assert.notEqual(other.objects[0]?.metadata.name, once.job?.objects[0]?.metadata.name);
  });
});

describe("a trigger that does not fire", () => {
  test("is decided by the first step that says no; the steps behind it are not asked", async () => {
    await using never = await serveInterceptor(() => ({ body: { continue: true } }));
    const chain = [cel("true"), cel("body.ref == 'x'"), { ref: { name: "never" } }];
    const objects = [remote("never", never.url), listener("git", [trigger("build", chain)])];
    const decision = only(await decided(objects));
    assert.deepEqual(
      [decision.result, stations(decision)],
      ["filtered", ["intercept pass", "intercept stop"]],
    );
    assert.match(decision.reason, /^cel: filter is false: body\.ref == 'x'/);
    assert.equal("job" in decision, false);
    assert.equal(never.asked.length, 0);
  });

  test("for want of a proof is not even shown to its interceptors", async () => {
    const objects = [secret("hook", "s"), listener("git", [trigger("build", [github(), cel("1/0 == 1")])])];
    const decision = only(await decided(objects, { token: "wrong" }));
    assert.deepEqual([decision.result, stations(decision)], ["filtered", ["verify stop"]]);
    assert.match(decision.reason, /ci\/hook/);
  });

  const wrong: readonly [string, Written, string, string, string][] = [
    [
      "an expression",
      { interceptors: [cel("true"), cel("body.ref ==")] },
      "SLUICE_CEL_SYNTAX",
      "intercept",
      "cel",
    ],
    [
      "a parameter",
      { interceptors: [interceptor("cel", { overlays: "x" })] },
      "SLUICE_INTERCEPTOR_PARAMS",
      "intercept",
      "cel",
    ],
    ["a path", { bindings: [{ name: "ref", value: "$(body[)" }] }, "SLUICE_PATH_SYNTAX", "bind", "params"],
  ];
  for (const [what, more, code, station, name] of wrong)
    test(`names the step of ${what} that is wrong`, async () => {
      const { trace } = only(await decided([listener("git", [trigger("build", [], more)], OPEN)], {}, code));
      const last = trace.at(-1);
      assert.deepEqual([last?.station, last?.name, last?.verdict], [station, name, "error"]);
    });

  test("names the step of a group that is wrong", async () => {
    const objects = grouped([cel("body.ref ==")], "a");
    const { trace } = only(await decided(objects, {}, "SLUICE_CEL_SYNTAX"));
    assert.deepEqual(
      trace.map(({ station, name }) => `${station} ${name}`),
      ["intercept cel", "intercept cel"],
    );
  });

  test("never shows a secret in its trace", async () => {
    const objects = [secret("hook", "hunter2"), listener("git", [trigger("build", [github()])])];
    for (const token of ["hunter2", "wrong"]) {
      assert.ok(!JSON.stringify(await decided(objects, { token })).includes("hunter2"));
    }
  });
});

describe("a trigger that would fire but cannot", () => {
  const broken = {
    spec: {
      params: [{ name: "ref" }],
      resourcetemplates: [{ apiVersion: "v1", kind: "$(tt.params.ref)", metadata: { name: "x" } }],
    },
  };
  const cases: readonly [string, Written, Written, string, string][] = [
    ["whose template does not exist", { template: { ref: "nowhere" } }, {}, "SLUICE_REF_MISSING", "bind"],
    ["whose binding does not exist", { bindings: [{ ref: "nowhere" }] }, {}, "SLUICE_REF_MISSING", "bind"],
    [
      "whose binding finds nothing",
      { bindings: [{ name: "ref", value: "$(body.no.such)" }] },
      {},
      "SLUICE_PATH_MISSING",
      "bind",
    ],
    [
      "whose object is none",
      { template: broken },
      { body: '{"ref":""}' },
      "SLUICE_TEMPLATE_BROKEN",
      "render",
    ],
  ];
  for (const [what, more, request, code, station] of cases) {
    test(`${what} fails with ${code}, and the delivery waits for a person`, async () => {
      const objects = [listener("git", [trigger("build", [], more), trigger("other", [cel("false")])], OPEN)];
      const [decision] = await decided(objects, request);
      assert.deepEqual([decision?.result, decision?.code], ["failed", code]);
      const last = decision?.trace.at(-1);
      assert.deepEqual([last?.station, last?.verdict, last?.reason], [station, "error", decision?.reason]);
      await using flows = await openFlows(objects);
      const record = await flows.store.ledger.find(await flows.send(push(request)));
      assert.deepEqual([record?.outcome, record?.jobs], ["dead", []]);
      assert.ok(record?.reason.includes(decision?.reason ?? "?"));
    });
  }

  test("is filtered all the same by a chain that says no: nobody has to look at that", async () => {
    const objects = [
      listener("git", [trigger("build", [cel("false")], { template: { ref: "nowhere" } })], OPEN),
    ];
    assert.equal(only(await decided(objects)).result, "filtered");
  });

  test("leaves the others alone: they are created, and the delivery is dead all the same", async () => {
    const objects = [
      listener("git", [trigger("bad", [], { template: { ref: "nowhere" } }), trigger("good", [])], OPEN),
    ];
    await using flows = await openFlows(objects);
    const id = await flows.send(push());
    assert.equal((await flows.store.ledger.find(id))?.outcome, "pending");
    await flows.drain();
    assert.equal((await flows.store.ledger.find(id))?.outcome, "dead");
    assert.equal(flows.files().length, 1);
  });

  test("whose interceptor did not answer waits, with its code; the others do not wait for it", async () => {
    const objects = [
      remote("gate", "http://127.0.0.1:1/"),
      listener("git", [trigger("build", [{ ref: { name: "gate" } }]), trigger("lint", [cel("true")])], OPEN),
    ];
    const [build, lint] = await decided(objects);
    assert.deepEqual([build?.result, build?.code], ["waiting", "SLUICE_INTERCEPTOR_FAILED"]);
    assert.match(build?.reason ?? "", /^gate: /);
    assert.equal(lint?.result, "matched");
  });
});

describe("triggers behind a group", () => {
  test("share one question to its chain, and see the extensions it gave", async () => {
    await using gate = await serveInterceptor(() => ({
      body: { continue: true, extensions: { team: "a" } },
    }));
    const chain = [{ ref: { name: "gate" } }];
    const objects = [remote("gate", gate.url), ...grouped(chain, "one", "two", "three")];
    const decisions = await decided(objects);
    assert.deepEqual(
      decisions.map(({ trigger: { name }, result }) => `${name} ${result}`),
      ["one matched", "three matched", "two matched"],
    );
    assert.equal(gate.asked.length, 1);
    const { context } = JSON.parse(gate.asked[0]?.body ?? "") as { context: { trigger_id: string } };
    assert.equal(context.trigger_id, "namespaces/ci/triggerGroups/shared");
    assert.ok(decisions.every((decision) => decision.trace[0]?.name === "gate"));
  });

  test("fire once for each group that lets them, each time as objects of their own", async () => {
    const behind = (name: string) => ({
      name,
      interceptors: [cel("true")],
      triggerSelector: { labelSelector: {} },
    });
    const objects = [
      written("Trigger", "twice", trigger("", [], { template: template("run") })),
      listener("git", [], { ...OPEN, triggerGroups: [behind("a"), behind("b")] }),
    ];
    const decisions = await decided(objects);
    assert.equal(new Set(decisions.map(({ job }) => job?.id)).size, 2);
    await using flows = await openFlows(objects);
    const id = await flows.send(push());
    await flows.drain();
    assert.equal(flows.files().length, 2);
    const record = await flows.store.ledger.find(id);
    assert.equal(record?.outcome, "created");
    assert.deepEqual(
      record.jobs.map(({ state }) => state),
      ["created", "created"],
    );
  });

  test("are all stopped by its no, which stands in each trace", async () => {
    const decisions = await decided(grouped([cel("false")], "one", "two"));
    assert.deepEqual(decisions.map(stations), [["intercept stop"], ["intercept stop"]]);
  });

  test("get its extensions and headers but the body as it came, as in Tekton", async () => {
    await using changer = await serveInterceptor(() => ({ body: { ref: "changed" } }));
    const webhook = {
      webhook: { objectRef: { kind: "Service", apiVersion: "v1", name: "changer" }, url: changer.url },
    };
    const overlay = cel("true", [{ key: "seen", expression: "body.ref" }]);
    const bindings = [{ name: "ref", value: "$(body.ref) $(extensions.seen)" }];
    const labels = { team: "a" };
    const objects = grouped([webhook, overlay]).concat(
      written("Trigger", "one", trigger("", [], { bindings }), { labels }),
    );
    const decision = only(await decided(objects));
    assert.deepEqual(decision.trace.find(({ station }) => station === "bind")?.detail, {
      ref: "refs/heads/main changed",
    });
  });

  test("do not give each other the extensions of their own chains", async () => {
    const labels = { team: "a" };
    const bindings = [{ name: "ref", value: "$(extensions.own)" }];
    const sets = trigger("", [cel("true", [{ key: "own", expression: "'mine'" }])], { bindings });
    const reads = trigger("", [], { bindings });
    const objects = grouped([cel("true")]).concat(
      written("Trigger", "a-sets", sets, { labels }),
      written("Trigger", "b-reads", reads, { labels }),
    );
    const decisions = await decided(objects);
    assert.deepEqual(
      decisions.map(({ result }) => result),
      ["matched", "failed"],
    );
  });

  test("whose proof is missing do not have the chain asked for a stranger", async () => {
    await using gate = await serveInterceptor(() => ({ body: { continue: true } }));
    const labels = { team: "a" };
    const objects = [
      secret("hook", "s"),
      remote("gate", gate.url),
      ...grouped([{ ref: { name: "gate" } }]),
      written("Trigger", "one", trigger("", [github()]), { labels }),
    ];
    assert.equal(only(await decided(objects)).result, "filtered");
    assert.equal(gate.asked.length, 0);
    assert.equal(only(await decided(objects, { token: "s" })).result, "matched");
  });
});

describe("triggers that names do not tell apart", () => {
  const twins = (name: string) => [
    listener(
      "git",
      [trigger(name, [], { template: template("run") }), trigger(name, [], { template: template("run") })],
      OPEN,
    ),
  ];
  for (const name of ["", "same"]) {
    test(`${name === "" ? "unnamed" : "of one name"} have job ids and object names of their own, and the label of the name`, async () => {
      const decisions = await decided(twins(name));
      assert.deepEqual(
        decisions.map((decision) => decision.trigger.name),
        [name, name],
      );
      assert.equal(new Set(decisions.map((decision) => decision.job?.id)).size, 2);
      const made = decisions.flatMap((decision) => decision.job?.objects ?? []);
      assert.equal(new Set(made.map((object) => object.metadata.name)).size, 2);
      const label = "triggers.tekton.dev/trigger";
      for (const { metadata } of made) assert.equal((metadata["labels"] as Written)[label], name);
      await using flows = await openFlows(twins(name));
      const id = await flows.send(push());
      await flows.drain();
      assert.equal(flows.files().length, 2);
      assert.equal((await flows.store.ledger.find(id))?.outcome, "created");
    });
  }
});

test("a trace masks params that a sensitive header feeds, and cuts long ones", async () => {
  const bindings = [
    { name: "token", value: "Got $(header.Authorization)" },
    { name: "long", value: "$(body.long)" },
    { name: "event", value: "$(header.X-Kind)" },
  ];
  const objects = [listener("git", [trigger("t", [], { bindings })], OPEN)];
  const headers = { Authorization: "Bearer s3cr3t", "X-Kind": "push" };
  const decision = only(
    await decided(objects, { headers, body: JSON.stringify({ long: "x".repeat(5_000) }) }),
  );
  assert.equal(decision.result, "matched");
  assert.deepEqual(decision.trace.find(({ station }) => station === "bind")?.detail, {
    token: "***",
    long: `${"x".repeat(1_024)}…`,
    event: "push",
  });
  assert.doesNotMatch(JSON.stringify(decision.trace), /s3cr3t/);
});

describe("objects that no API server takes", () => {
  const labelled = (value: string, name = "b-") => ({
    ...{
      apiVersion: "tekton.dev/v1",
      kind: "PipelineRun",
      metadata: { generateName: name, labels: { ref: value } },
    },
  });
  const building = (...resourcetemplates: readonly Written[]) =>
    listener(
      "git",
      [trigger("build", [], { template: { spec: { params: [{ name: "ref" }], resourcetemplates } } })],
      OPEN,
    );

  test("a branch as a label: failed, with a code of its own and the CEL that makes it fit", async () => {
    const decision = only(await decided([building(labelled("$(tt.params.ref)"))]));
    assert.deepEqual(
      [decision.result, decision.code, decision.job],
      ["failed", "SLUICE_METADATA_INVALID", undefined],
    );
    assert.match(
      decision.reason,
      /metadata\.labels\[“ref”\]: no API server takes “refs\/heads\/main” in a PipelineRun/,
    );
    assert.match(decision.reason, /\{key: ref, expression: "body\.ref\.translate\(/);
  });

  test("a generateName in upper case fails too", async () => {
    assert.equal(only(await decided([building(labelled("x", "Build-"))])).code, "SLUICE_METADATA_INVALID");
  });

  test("the second of two: the first is created, as Tekton does, and the decision says what follows", async () => {
    const objects = [building(labelled("ok", "first-"), labelled("$(tt.params.ref)", "second-"))];
    const decision = only(await decided(objects));
    assert.deepEqual([decision.result, decision.job?.objects.length], ["matched", 2]);
    assert.match(decision.reason, /^creates PipelineRun ci\/first-\w+, and then fails: metadata\.labels/);
  });
});

test("a trigger without a name is told by its listener and place", async () => {
  const decisions = await decided([listener("git", [trigger("", []), trigger("", [])], OPEN)]);
  assert.deepEqual(
    decisions.map(({ shown, job, trigger: { name } }) => [shown, job?.shown, name]),
    [0, 1].map((i) => `ci/git: spec.triggers[${i}] (unnamed)`).map((place) => [place, place, ""]),
  );
});
