/** What a gateway must make of each case that needs one: the table. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { loadSettings } from "../../src/config/load.ts";
import { retentionOf } from "../../src/config/retention.ts";
import type { Fact } from "../../src/core/fact.ts";
import { startGateway } from "../../src/main.ts";
import { RUN, run, sluice } from "../cli/helper.ts";
import { listen } from "../helpers/flows.ts";
import { eventually, startApiServerProcess } from "../helpers/gateway.ts";
import { NODE } from "../helpers/process.ts";
import { type RedisServer, startRedis } from "../helpers/redis.ts";

export interface Place {
  /** A copy of the case's folder. */
  readonly folder: string;
  readonly freshRedis: () => string;
}

export interface ServedCase {
  readonly folder: string;
  readonly serve: (place: Place) => Promise<void>;
}

const SECRET = "an example, not a secret";
const TOKEN = "an-example-admin-token";

type Headers = Readonly<Record<string, string>>;

interface Answer {
  readonly status: number;
  readonly headers: globalThis.Headers;
  readonly text: string;
  readonly id: string;
}

/** A delivery as the API prints it, as far as it is looked at here. */
interface DeliveryRecord {
  readonly outcome: string;
  readonly reason?: string;
  readonly ref?: string;
  readonly revision?: string;
  readonly pullRequest?: string | number;
}

interface Served extends AsyncDisposable {
  readonly admin: string;
  readonly listen: string;
  readonly gateway: Awaited<ReturnType<typeof startGateway>>;
  readonly facts: readonly Fact[];
  readonly heard: (wanted: (fact: Fact) => boolean) => Promise<Fact>;
  post(path: string, body: string | Buffer, headers?: Headers, method?: string): Promise<Answer>;
  /** A delivery's record, once it is settled or `until` holds. */
  record(id: string, until?: (record: DeliveryRecord) => boolean): Promise<DeliveryRecord>;
  runs(): number;
  cli(...args: readonly string[]): Promise<string>;
}

async function serve(
  { folder, freshRedis }: Place,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Served> {
  const ear = listen();
  const runs = join(folder, "made");
  const config = existsSync(join(folder, "config.yaml")) ? "config.yaml" : "el.yaml";
  const flags = {
    ...{ config: [join(folder, config)], create: `directory:${runs}`, store: more["store"] ?? freshRedis() },
    ...{ listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: TOKEN, durability: "relaxed", ...more },
  };
  const gateway = await startGateway(loadSettings({ flags }), {
    color: false,
    log: false,
    listener: ear.tell,
  });
  const auth = { authorization: `Bearer ${TOKEN}` };
  return {
    admin: gateway.admin,
    listen: String(gateway.listen),
    gateway,
    facts: ear.facts,
    heard: ear.heard,
    async post(path, body, headers = {}, method = "POST") {
      const sent = { "content-type": "application/json", ...headers };
      const init = { method, headers: sent, ...(method === "POST" && { body }) };
      const response = await fetch(`${gateway.listen}/${path}`, init as RequestInit);
      const answer = await response.text();
      const id = /"eventID":"([^"]*)/.exec(answer)?.[1] ?? "";
      return { status: response.status, headers: response.headers, text: answer, id };
    },
    record: (id, until = ({ outcome }) => outcome !== "pending") =>
      soon(async () => {
        const response = await fetch(`${gateway.admin}/api/v1/deliveries/${id}`, { headers: auth });
        return (await response.json()) as DeliveryRecord;
      }, until),
    runs: () =>
      (existsSync(runs) ? readdirSync(runs, { recursive: true, encoding: "utf8" }) : []).filter((name) =>
        name.endsWith(".yaml"),
      ).length,
    async cli(...args) {
      const { stdout, stderr } = await sluice([...args, "--gateway", gateway.admin], {
        SLUICE_ADMIN_TOKEN: TOKEN,
      });
      return stdout + stderr;
    },
    [Symbol.asyncDispose]: () => gateway.stop("the test is over"),
  };
}

/** What comes comes within seconds. */
const soon = <T>(ask: () => Promise<T>, good: (answer: T) => boolean): Promise<T> =>
  eventually(ask, good, 10_000);

const file = ({ folder }: Place, name: string): Buffer => readFileSync(join(folder, name));
const refusals = (facts: readonly Fact[]): string =>
  facts.map((fact) => (fact.type === "delivery.refused" ? fact.reason : "")).join("\n");
const sign = (body: Buffer): string => `sha256=${createHmac("sha256", SECRET).update(body).digest("hex")}`;

/** A POST whose headers are bytes as they are written. */
async function raw(url: string, path: string, headers: readonly string[], body: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const lines = [
    `POST ${path} HTTP/1.1`,
    "Host: x",
    "Content-Type: application/json",
    "Connection: close",
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...headers,
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`);
  return text(socket);
}

const redisCli = (redis: RedisServer, ...args: readonly string[]) =>
  run("redis-cli", ["-p", String(redis.port), ...args]);

const SENDERS: readonly ServedCase[] = [
  {
    folder: "01-comparesecret-dead-while-interceptor-is-away",
    async serve(place) {
      await using at = await serve(place);
      const { status, id } = await at.post("t/alerts", file(place, "payload.json"), {
        authorization: "Bearer an-example",
      });
      assert.equal(status, 202);
      const { outcome, reason } = await at.record(id, () => true);
      assert.equal(outcome, "pending", reason);
    },
  },
  {
    folder: "02-comparesecret-cannot-be-replayed",
    async serve(place) {
      await using at = await serve(place);
      const { id } = await at.post("t/alerts", file(place, "payload.json"), {
        authorization: "Bearer an-example",
      });
      assert.equal((await at.record(id)).outcome, "created");
      assert.doesNotMatch(await at.cli("replay", id, "--dry-run"), /failed|without seeing/);
      await at.cli("replay", id, "--yes", "--reason", "test");
      assert.doesNotMatch(await at.cli("deliveries", "list"), /dead|failed/);
    },
  },
  {
    folder: "03-comparesecret-wrong-token-is-202-and-stored",
    async serve(place) {
      await using at = await serve(place);
      const wrong = await at.post("t/alerts", file(place, "payload.json"), { authorization: "Bearer wrong" });
      assert.equal(wrong.status, 401, wrong.text);
      assert.equal((await at.post("t/alerts", `{"a":"${"x".repeat(5_000_000)}"}`)).status, 401);
      const audit = await fetch(`${at.admin}/api/v1/audit`, {
        headers: { authorization: `Bearer ${TOKEN}` },
      });
      assert.equal(((await audit.json()) as { accepted: number }).accepted, 0);
    },
  },
  {
    folder: "04-readyz-green-while-redis-refuses-every-write",
    async serve(place) {
      await using redis = await startRedis({ appendfsync: "no" });
      await using at = await serve(place, { store: redis.url });
      assert.equal((await at.post("t/any", '{"a":1}')).status, 202);
      await redisCli(redis, "config", "set", "min-replicas-to-write", "1");
      assert.equal((await at.post("t/any", '{"a":2}')).status, 503);
      const ready = await soon(
        async () => (await fetch(`${at.admin}/readyz`)).json() as Promise<{ ready: boolean }>,
        (one) => !one.ready,
      );
      assert.match(JSON.stringify(ready), /min-replicas-to-write/);
    },
  },
  {
    folder: "05-redis-outage-told-as-defects-ten-times-a-second",
    async serve(place) {
      await using redis = await startRedis({ appendfsync: "no" });
      await using at = await serve(place, { store: redis.url });
      await redisCli(redis, "replicaof", "127.0.0.1", "1");
      await at.heard(({ type }) => type === "store.away");
      await redisCli(redis, "replicaof", "no", "one");
      await at.heard(({ type }) => type === "store.back");
      const of = (wanted: Fact["type"]) => at.facts.filter(({ type }) => type === wanted).length;
      assert.deepEqual([of("store.away"), of("store.back"), of("defect")], [1, 1, 0]);
    },
  },
  {
    folder: "06-azure-devops-different-events-taken-for-duplicates",
    async serve(place) {
      await using at = await serve(place);
      for (const k of [1, 2, 3]) {
        const { id } = await at.post("t/any", file(place, `payload-${k}.json`));
        await at.record(id);
      }
      assert.equal(at.runs(), 3);
      assert.doesNotMatch(await at.cli("deliveries", "list"), /duplicate/);
    },
  },
  {
    folder: "07-facts-gitlab-wrong-pull-request-and-revision",
    async serve(place) {
      await using at = await serve(place);
      const of = async (event: string, name: string) => {
        const { id } = await at.post("t/any", file(place, `${name}.json`), { "x-gitlab-event": event });
        return at.record(id);
      };
      assert.equal(String((await of("Pipeline Hook", "pipeline")).pullRequest), "12");
      assert.match(String((await of("Job Hook", "job")).revision), /^2293ada6/);
      assert.equal((await of("Issue Hook", "issue")).pullRequest, undefined);
    },
  },
  {
    folder: "09-facts-github-merge-queue-comments-checks",
    async serve(place) {
      await using at = await serve(place);
      const of = async (event: string) => {
        const headers = { "x-github-event": event, "x-github-delivery": event };
        const { id } = await at.post("t/any", file(place, `${event}.json`), headers);
        return at.record(id);
      };
      const merge = await of("merge_group");
      assert.ok(merge.ref && merge.revision, JSON.stringify(merge));
      assert.ok((await of("issue_comment")).pullRequest);
      const run = await of("workflow_run");
      assert.ok(run.revision, JSON.stringify(run));
      assert.ok((await of("check_suite")).ref);
    },
  },
  {
    folder: "11-form-hint-turns-red-into-silently-filtered",
    async serve(place) {
      await using at = await serve(place);
      const body = file(place, "payload.txt");
      const headers = {
        ...{ "content-type": "application/x-www-form-urlencoded", "x-github-event": "push" },
        ...{ "x-github-delivery": "strict", "x-hub-signature-256": sign(body) },
      };
      const { status, text: said } = await at.post("t/strict", body, headers);
      // Either the form is read, or its one cure is named.
      if (status === 202) return;
      assert.equal(status, 400);
      assert.match(said, /content type to application\/json/);
      assert.doesNotMatch(said, /payload-validation/);
    },
  },
  {
    folder: "13-stale-timestamp-told-as-wrong-secret",
    async serve(place) {
      await using at = await serve(place);
      const body = file(place, "payload.json");
      const signed = (off: number): Headers => {
        const time = Math.floor(Date.now() / 1_000) + off;
        const mac = createHmac("sha256", "an example key of 24 bytes").update(`m1.${time}.`).update(body);
        return {
          ...{ "x-gitlab-event": "Push Hook", "webhook-id": "m1", "webhook-timestamp": String(time) },
          "webhook-signature": `v1,${mac.digest("base64")}`,
        };
      };
      assert.equal((await at.post("t/gitlab", body, signed(0))).status, 202);
      const { status, text: said } = await at.post("t/gitlab", body, signed(-600));
      assert.equal(status, 401);
      for (const told of [said, refusals(at.facts)]) {
        assert.match(
          told,
          /Webhook-Signature.*Webhook-Timestamp is 60\d s off this gateway's clock.*5 minutes/,
        );
        assert.match(told, /NTP/);
        assert.doesNotMatch(told, /X-Gitlab-Token|another secret/);
      }
    },
  },
  {
    folder: "14-bitbucket-data-center-test-ping-is-401",
    async serve(place) {
      await using at = await serve(place);
      const headers = { "x-event-key": "diagnostics:ping", "x-request-id": "1" };
      const { status, text: said } = await at.post("t/bitbucket", file(place, "payload.json"), headers);
      if (status !== 200 && status !== 202)
        assert.match(said + refusals(at.facts), /does not sign its test|Test connection/);
      assert.equal(at.runs(), 0);
    },
  },
  {
    folder: "15-cloudevents-handshake-and-batch",
    async serve(place) {
      await using at = await serve(place);
      const asked = await at.post(
        "t/any",
        "",
        { "webhook-request-origin": "eventgrid.azure.net" },
        "OPTIONS",
      );
      assert.equal(asked.status, 200);
      assert.ok(asked.headers.get("webhook-allowed-origin"));
      const type = { "content-type": "application/cloudevents-batch+json" };
      for (const path of ["t/any", "t/raw"]) {
        const before = at.runs();
        const { status, text: said, id } = await at.post(path, file(place, "payload.json"), type);
        if (status === 202) {
          await at.record(id);
          await soon(
            async () => at.runs() - before,
            (made) => made === 2,
          );
        } else {
          assert.ok(status === 415 || status === 400, said);
          assert.match(said, /batch/i);
        }
      }
    },
  },
  {
    folder: "16-admission-denial-told-as-missing-right",
    async serve(place) {
      await using opened = new AsyncDisposableStack();
      const api = await startApiServerProcess(place.folder);
      opened.defer(() => api.stop());
      await using at = await serve(place, { create: "kubernetes", kubeconfig: api.kubeconfig });
      await api.fault(JSON.parse(file(place, "fault.json").toString()));
      const { id } = await at.post("t/any", "{}");
      const record = JSON.stringify(await at.record(id, (one) => /SLUICE_CREATE_/.test(JSON.stringify(one))));
      assert.match(record, /SLUICE_CREATE_POLICY/);
      assert.doesNotMatch(record, /create role/);
    },
  },
  {
    folder: "18-two-hooks-of-one-github-event-run-twice",
    async serve(place) {
      await using at = await serve(place);
      for (const hook of ["1", "2"]) {
        const headers = {
          ...{ "x-github-event": "push", "x-github-hook-id": hook },
          "x-github-delivery": "5a1e8a2e-0000-4000-8000-000000000000",
        };
        await at.record((await at.post("t/any", file(place, "payload.json"), headers)).id);
      }
      const told = JSON.stringify(at.facts);
      assert.ok(at.runs() === 1 || /"delivery\.twins"/.test(told), "runs twice, and nothing says why");
    },
  },
  {
    folder: "20-dead-letters-lose-their-body-after-three-days",
    async serve(place) {
      await using at = await serve(place);
      const { id } = await at.post("t/any", file(place, "payload.json"));
      assert.equal((await at.record(id)).outcome, "dead");
      // The body is past its time, the dead letter is not.
      const policy = { ...retentionOf(loadSettings({ flags: {} })), payloadAge: 1 };
      await at.gateway.store.ledger.prune(policy, Date.now(), 100);
      const replayed = await at.cli("replay", id, "--yes", "--reason", "mended");
      assert.doesNotMatch(replayed, /SLUICE_BODY_FORGOTTEN/);
    },
  },
  {
    folder: "22-redelivery-after-mending-the-filter-does-nothing",
    async serve(place) {
      await using at = await serve(place);
      const body = file(place, "payload.json");
      const headers = {
        ...{ "x-github-event": "push", "x-github-delivery": "5a1e8a2e-0000-4000-8000-000000000001" },
        ...{ "x-github-hook-id": "1", "x-hub-signature-256": sign(body) },
      };
      assert.equal((await at.record((await at.post("t/github", body, headers)).id)).outcome, "filtered");
      const loads = at.facts.filter(({ type }) => type === "catalog.loaded").length;
      const config = join(place.folder, "config.yaml");
      writeFileSync(config, readFileSync(config, "utf8").replace("refs/heads/master", "refs/heads/main"));
      await at.heard(() => at.facts.filter(({ type }) => type === "catalog.loaded").length > loads);
      await at.record((await at.post("t/github", body, headers)).id);
      await soon(
        async () => at.runs(),
        (made) => made === 1,
      );
    },
  },
];

const TEKTON: readonly ServedCase[] = [
  {
    folder: "50-utf8-header",
    async serve(place) {
      await using at = await serve(place);
      await raw(at.listen, "/default/el", ["X-Branch: größe"], "{}");
      await soon(
        async () => at.runs(),
        (made) => made === 1,
      );
      assert.match(await madeText(place), /größe/);
    },
  },
  {
    folder: "51-path-suffix",
    async serve(place) {
      await using at = await serve(place);
      assert.equal((await at.post("default/el/deploy?env=prod", "{}")).status, 202);
      await soon(
        async () => at.runs(),
        (made) => made === 1,
      );
    },
  },
  {
    folder: "52-broken-catalog-404",
    async serve(place) {
      const files = ["janus.yaml", "ocp.yaml"].map((name) => join(place.folder, name));
      await using at = await serve(place, { config: files });
      const body = file(place, "payload.json");
      const mac = createHmac("sha256", "1234567").update(body).digest("hex");
      const headers = { "x-github-event": "push", "x-hub-signature-256": `sha256=${mac}` };
      const { status, text: said } = await at.post("default/vote-app", body, headers);
      assert.ok(status === 202 || status === 503, `${status} ${said}`);
      assert.doesNotMatch(JSON.stringify(at.facts), /last good state/);
    },
  },
  {
    folder: "53-body-in-log",
    async serve(place) {
      await using at = await serve(place);
      for (const body of ["password=hunter2", "token=gIkuvaNzQIHg97ATvDxqgjtO&team_id=T0001&x=1"]) {
        const { status, text: said } = await at.post("default/el", body);
        assert.equal(status, 400);
        assert.doesNotMatch(said + JSON.stringify(at.facts), /hunter2|password|gIkuva|T0001/);
      }
    },
  },
  {
    folder: "55-secret-newline-serve",
    async serve(place) {
      const checked = await sluice(["check", join(place.folder, "el.yaml")]);
      assert.match(checked.stdout, /ends with a newline/);
      await using at = await serve(place);
      const headers = { "x-gitlab-token": "1234567", "x-gitlab-event": "Push Hook" };
      assert.equal((await at.post("default/el", '{"object_kind":"push"}', headers)).status, 401);
      assert.match(refusals(at.facts), /ends with a newline/);
      assert.doesNotMatch(refusals(at.facts), /does not match the body/);
    },
  },
  {
    folder: "56-big-body",
    async serve(place) {
      await using at = await serve(place);
      const commit = (i: number) => ({
        id: `0123456789abcdef${i}`,
        message: 'm "q" \n é',
        modified: [`a/b/c${i}`],
      });
      const commits = Array.from({ length: 3_000 }, (_, i) => commit(i));
      const { id } = await at.post("default/el", JSON.stringify({ ref: "whole", commits }));
      const record = JSON.stringify(await at.record(id));
      assert.match(record, /marshalJSON\(\)/);
      assert.match(record, /take it away/);
    },
  },
  {
    folder: "63-name-with-upper-and-slash",
    async serve(place) {
      await using at = await serve(place);
      for (const body of [file(place, "payload.json"), '{"repo":"Hello-World"}']) {
        const { id } = await at.post("default/el", body);
        const record = await at.record(id);
        assert.notEqual(record.outcome, "created", JSON.stringify(record));
      }
      assert.equal(at.runs(), 0);
    },
  },
  {
    folder: "92-gitlab-token-nonascii",
    async serve(place) {
      await using at = await serve(place);
      const headers = ["X-Gitlab-Token: pässwörd", "X-Gitlab-Event: Push Hook"];
      assert.match(await raw(at.listen, "/default/el", headers, '{"object_kind":"push"}'), /^HTTP\/1\.1 202/);
    },
  },
  {
    folder: "78-form-webhook-first",
    async serve({ folder }) {
      const stub = await run(
        "bash",
        [
          "-c",
          'node stub.mjs > stub.log 2>&1 & P=$!; sleep 0.5; "$NODE" "$CLI" try --request req.txt --remote --config el.yaml; kill $P; cat stub.log',
        ],
        {
          cwd: folder,
          env: { NODE, CLI: RUN, PATH: `${dirname(NODE)}:${process.env["PATH"]}` },
        },
      );
      assert.match(stub.stdout, /a=1&b=2/);
    },
  },
];

async function madeText({ folder }: Place): Promise<string> {
  const made = join(folder, "made");
  const names = readdirSync(made, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".yaml"),
  );
  return names.map((name) => readFileSync(join(made, name), "utf8")).join("\n");
}

const under = (kind: string, cases: readonly ServedCase[]): readonly ServedCase[] =>
  cases.map(({ folder, serve: serveCase }) => ({ folder: `${kind}/${folder}`, serve: serveCase }));

export const SERVED: readonly ServedCase[] = [...under("senders", SENDERS), ...under("tekton", TEKTON)];
