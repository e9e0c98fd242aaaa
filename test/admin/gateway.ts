/** The admin API on real parts: a store, triggers in force, HTTP; each answer is held against the OpenAPI document. */

import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:http";
import { text } from "node:stream/consumers";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { AdminOptions } from "../../src/admin/admin.ts";
import { createAdmin } from "../../src/admin/admin.ts";
import { apiRoutes } from "../../src/admin/api.ts";
import type { Batch } from "../../src/admin/batch.ts";
import { type Batches, createBatches } from "../../src/admin/batches.ts";
import { openApi } from "../../src/admin/openapi.ts";
import { type AdminToken, hashOfToken, type Permission } from "../../src/core/permission.ts";
import { auditStore } from "../../src/reconcile/audit.ts";
import { type Flows, openFlows } from "../helpers/flows.ts";
import type { Written } from "../helpers/objects.ts";

export interface Asked {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape; schemas hold them
  readonly json: any;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string;
  readonly body?: unknown;
}

/** One request, on a connection of its own. */
export async function askAt(url: string, path: string, options: AskOptions = {}): Promise<Asked> {
  const { method = "GET", token, body } = options;
  const sent = request(new URL(url), {
    ...{ path, method, agent: false },
    headers: {
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...options.headers,
    },
  });
  sent.end(body === undefined || typeof body === "string" ? body : JSON.stringify(body));
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  const content = await text(answer);
  const isJson = String(answer.headers["content-type"]).startsWith("application/json");
  const json = isJson && content !== "" ? JSON.parse(content) : undefined;
  return { status: answer.statusCode ?? 0, headers: answer.headers, text: content, json };
}

export const tokenOf = (name: string, ...permissions: readonly Permission[]): AdminToken => ({
  ...{ name, sha256: hashOfToken(`${name}-token-0123456789`), permissions: new Set(permissions) },
});
/** The token of {@link tokenOf}. */
export const shown = (name: string): string => `${name}-token-0123456789`;

export interface ApiGateway extends AsyncDisposable {
  readonly url: string;
  readonly flows: Flows;
  /** Asks with every right; the answer fits the document. */
  ask(path: string, options?: AskOptions): Promise<Asked>;
  /** Starts a batch and waits for its end. */
  batch(path: string, body: object): Promise<Batch>;
  /** What a new process knows of batches. */
  restart(): Promise<void>;
  /** `GET /path` of every operation that was asked and answered well. */
  readonly covered: ReadonlySet<string>;
}

/** Starts the API on a Redis of its own. */
export async function openApiGateway(
  objects: readonly Written[],
  change: Partial<AdminOptions> = {},
): Promise<ApiGateway> {
  await using opened = new AsyncDisposableStack();
  const flows = opened.use(await openFlows(objects));
  const { ledger, queue } = flows.store;
  let current = createBatches({ ledger });
  opened.defer(() => current.close());
  const batches: Batches = {
    start: (...given) => current.start(...given),
    find: (...given) => current.find(...given),
    list: (...given) => current.list(...given),
    cancel: (...given) => current.cancel(...given),
    resumable: (...given) => current.resumable(...given),
    close: () => current.close(),
  };
  const options: AdminOptions = {
    ...{ host: "127.0.0.1", port: 0, open: "never", version: "1.2.3", checks: [], batches },
    tokens: [tokenOf("all", "view", "payload", "operate")],
    ...{ ledger, queue, replay: flows.accept.replay, preview: flows.accept.preview },
    acknowledged: async () => ({ store: flows.store.name, since: 1, count: 3, looked: 3 }),
    audit: () => auditStore(flows.store),
    attemptsPerMinute: () => 7,
    metrics: { contentType: "text/plain", expose: async () => "up 1\n" },
    tell: (fact) => assert.notEqual(fact.type, "defect", JSON.stringify(fact)),
    ...change,
  };
  const admin = createAdmin(options);
  opened.defer(() => admin.close());
  const url = await admin.listen();
  const document = openApi(apiRoutes(options, "1.2.3"), "1.2.3");
  const fits = answersOf(document);
  const covered = new Set<string>();
  const ask: ApiGateway["ask"] = async (path, asking = {}) => {
    const answer = await askAt(url, path, { token: shown("all"), ...asking });
    const operation = fits(asking.method ?? "GET", path, answer);
    if (answer.status < 300) covered.add(operation);
    return answer;
  };
  const running = opened.move();
  return {
    ...{ url, flows, ask, covered },
    async restart() {
      await current.close();
      current = createBatches({ ledger });
    },
    async batch(path, body) {
      const { status, json } = await ask(path, { method: "POST", body });
      assert.equal(status, 202, JSON.stringify(json));
      for (;;) {
        const now = (await ask(`${path}/${json.id}`)).json as Batch;
        if (now.endedAt !== undefined) return now;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Makes the function that holds an answer against the document; it names the operation as `GET /path/{id}`. */
function answersOf(document: ReturnType<typeof openApi>) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addSchema({ $id: "api", ...document });
  const paths = Object.keys(document["paths"] ?? {});
  return (method: string, path: string, { status, json }: Asked): string => {
    const [bare = ""] = path.split("?");
    const route =
      paths.find((one) => one === bare) ??
      paths.find((one) => one.includes("{id}") && pattern(one).test(bare)) ??
      assert.fail(`the document has no path for ${bare}`);
    const pointer = [
      ...["paths", route, method.toLowerCase(), "responses", String(status)],
      ...["content", "application/json", "schema"],
    ].map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1")));
    const check = ajv.getSchema(`api#/${pointer.join("/")}`);
    assert.ok(check, `${method} ${route} does not say that it answers ${status}: ${JSON.stringify(json)}`);
    assert.ok(check(json), `${method} ${route} ${status}: ${ajv.errorsText(check.errors)}`);
    return `${method} ${route}`;
  };
}

const pattern = (path: string): RegExp => new RegExp(`^${path.replace("{id}", "[^/]+")}$`);
