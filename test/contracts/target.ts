/** What every target promises: created once, recognised when it was us, never over somebody else's object. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { CreateAnswer, CreateJob, KubernetesObject, Run, Target } from "../../src/core/job.ts";
import { parseJson } from "../../src/core/json.ts";
import { LABELS } from "../../src/core/labels.ts";

export interface TargetUnderTest extends AsyncDisposable {
  readonly target: Target;
  /** Where the suite may create things. */
  readonly namespace: string;
  /** The object as the target keeps it; undefined when there is none. */
  read(object: KubernetesObject): Promise<unknown>;
  /** Puts an object there as somebody else would. */
  plant(object: KubernetesObject): Promise<void>;
}

let serial = Date.now();

/** A name that no other test uses, also not in an earlier run on the same cluster. */
export function freshName(): string {
  serial += 1;
  return `sluice-${serial.toString(36)}`;
}

export function jobOf(delivery: string, namespace: string): CreateJob {
  const at = { namespace, name: "ci" };
  return {
    kind: "create",
    id: `${delivery}-job`,
    delivery,
    listener: at,
    trigger: at,
    receivedAt: 0,
    objects: [],
  };
}

/** The labels that rendering gives what {@link jobOf}'s job creates. */
export function labelsOf(delivery: string, trigger = "ci"): Record<string, string> {
  return { [LABELS.event]: delivery, [LABELS.trigger]: trigger };
}

/** A PipelineRun as rendering leaves it: named, labelled with its delivery and trigger. */
export function pipelineRun(delivery: string, namespace: string, name = freshName()): KubernetesObject {
  const labels = labelsOf(delivery);
  return {
    apiVersion: "tekton.dev/v1",
    kind: "PipelineRun",
    metadata: { name, namespace, labels },
    spec: {
      pipelineRef: { name: "there-is-none" },
      params: [{ name: "odd", value: "on 010 1e3 <&> ü \u2028 $(x) 'q' \"q\"\nline two: yes # no comment" }],
    },
  };
}

export function runOf(answer: CreateAnswer): Run {
  if (answer.outcome === "failed") assert.fail(`${answer.code}: ${answer.reason}`);
  assert.equal(answer.run.outcome, answer.outcome);
  return answer.run;
}

export function targetContract(name: string, open: () => Promise<TargetUnderTest>): void {
  describe(`${name} keeps the target's contract`, () => {
    let t: TargetUnderTest;
    before(async () => {
      t = await open();
    });
    after(() => t[Symbol.asyncDispose]());

    test("it is ready", () => t.target.ready());

    test("what it creates is there as it was rendered", async () => {
      const object = pipelineRun("d1", t.namespace);
      const run = runOf(await t.target.create(object, jobOf("d1", t.namespace)));
      assert.deepEqual(
        { ...run, where: "" },
        {
          apiVersion: "tekton.dev/v1",
          kind: "PipelineRun",
          namespace: t.namespace,
          name: object.metadata.name,
          where: "",
          outcome: "created",
        },
      );
      assert.ok(run.where.length > 0);
      const kept = (await t.read(object)) as { metadata: { labels: object }; spec: object };
      assert.deepEqual({ ...kept.metadata.labels }, object.metadata.labels);
      assert.deepEqual(kept.spec, object.spec);
    });

    test("a second try of the same delivery finds its object", async () => {
      const object = pipelineRun("d2", t.namespace);
      const job = jobOf("d2", t.namespace);
      const first = runOf(await t.target.create(object, job));
      const second = runOf(await t.target.create(object, job));
      assert.equal(first.outcome, "created");
      assert.deepEqual(second, { ...first, outcome: "exists" });
    });

    test("of many tries at once exactly one creates", async () => {
      const object = pipelineRun("d3", t.namespace);
      const job = jobOf("d3", t.namespace);
      const answers = await Promise.all(Array.from({ length: 12 }, () => t.target.create(object, job)));
      const outcomes = answers.map((answer) => runOf(answer).outcome).sort();
      assert.deepEqual(outcomes, ["created", ...new Array(11).fill("exists")]);
    });

    test("an object of another delivery is a conflict, and stays as it was", async () => {
      const theirs = pipelineRun("d4", t.namespace);
      runOf(await t.target.create(theirs, jobOf("d4", t.namespace)));
      const before = await t.read(theirs);
      const ours = pipelineRun("d5", t.namespace, theirs.metadata.name);
      const answer = await t.target.create(ours, jobOf("d5", t.namespace));
      assert.partialDeepStrictEqual(answer, {
        outcome: "failed",
        retry: "never",
        code: "SLUICE_CREATE_CONFLICT",
      });
      assert.deepEqual(await t.read(theirs), before);
    });

    test("an object of another trigger of the same delivery is a conflict", async () => {
      const first = pipelineRun("d9", t.namespace);
      runOf(await t.target.create(first, jobOf("d9", t.namespace)));
      const metadata = { ...first.metadata, labels: labelsOf("d9", "other") };
      const other = { ...jobOf("d9", t.namespace), trigger: { namespace: t.namespace, name: "other" } };
      const answer = await t.target.create({ ...first, metadata }, other);
      assert.partialDeepStrictEqual(answer, { outcome: "failed", code: "SLUICE_CREATE_CONFLICT" });
    });

    test("an object without labels is a conflict", async () => {
      const name = freshName();
      const bare = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: t.namespace } };
      await t.plant(bare);
      const labels = labelsOf("d6");
      const ours = { ...bare, metadata: { ...bare.metadata, labels }, data: { a: "1" } };
      const answer = await t.target.create(ours, jobOf("d6", t.namespace));
      assert.partialDeepStrictEqual(answer, { outcome: "failed", code: "SLUICE_CREATE_CONFLICT" });
    });

    test("an object that names no namespace goes where the trigger lives", async () => {
      const { metadata, ...rest } = pipelineRun("d7", t.namespace);
      const { namespace: _, ...unplaced } = metadata;
      const run = runOf(await t.target.create({ ...rest, metadata: unplaced }, jobOf("d7", t.namespace)));
      assert.equal(run.namespace, t.namespace);
      assert.ok(await t.read({ ...rest, metadata }));
    });

    test("two kinds may share a name", async () => {
      const name = freshName();
      const run = pipelineRun("d8", t.namespace, name);
      const map = { apiVersion: "v1", kind: "ConfigMap", metadata: run.metadata, data: { a: "1" } };
      const job = jobOf("d8", t.namespace);
      assert.equal(runOf(await t.target.create(run, job)).outcome, "created");
      assert.equal(runOf(await t.target.create(map, job)).outcome, "created");
      assert.ok(await t.read(run));
      assert.ok(await t.read(map));
    });

    test("a key called __proto__ is a key like any other", async () => {
      const plain = pipelineRun("d9", t.namespace);
      const text = JSON.stringify({ ...plain, apiVersion: "v1", kind: "ConfigMap", spec: undefined });
      const object = parseJson(text.replace(/}$/, ',"data":{"__proto__":"x"}}')) as KubernetesObject;
      const run = runOf(await t.target.create(object, jobOf("d9", t.namespace)));
      assert.equal(run.outcome, "created");
      assert.equal(Object.getPrototypeOf({}), Object.prototype);
      assert.equal(({} as Record<string, unknown>).x, undefined);
    });
  });
}
