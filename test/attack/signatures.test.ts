/** Every spelling of a signature but the right one is 401, and nothing of it is stored: on a real gateway, byte for byte. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { yamlOf } from "../helpers/flows.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { type GatewayProcess, startGateway } from "../helpers/gateway.ts";
import { interceptor, listener, secret, trigger } from "../helpers/objects.ts";
import { startRedis } from "../helpers/redis.ts";
import { BODY, FORM, type Headers, SECRET, SIGNING, type Spelling } from "./spelling.ts";
import { hashSpellings } from "./spellings-hash.ts";
import { GITLAB, GITLAB_SIGNED, SLACK } from "./spellings-token.ts";

const ref = (name: string) => ({ secretName: name, secretKey: "token" });
const PROVIDERS = {
  github: {
    spellings: hashSpellings("X-Hub-Signature-256", [
      "X-Hub-Signature",
      "X-Signature-256",
      "X-Gitea-Signature",
    ]),
  },
  bitbucket: { spellings: hashSpellings("X-Hub-Signature", ["X-Hub-Signature-256", "X-Signature"]) },
  gitlab: { spellings: GITLAB },
  "gitlab-signed": { spellings: GITLAB_SIGNED },
  slack: { spellings: SLACK },
} as const satisfies Record<string, { readonly spellings: readonly Spelling[] }>;

const OBJECTS = [
  secret("hook", SECRET),
  secret("signing", SIGNING),
  listener("github", [trigger("github", [interceptor("github", { secretRef: ref("hook") })])]),
  listener("bitbucket", [trigger("bitbucket", [interceptor("bitbucket", { secretRef: ref("hook") })])]),
  listener("gitlab", [trigger("gitlab", [interceptor("gitlab", { secretRef: ref("hook") })])]),
  listener("gitlab-signed", [trigger("signed", [interceptor("gitlab", { secretRef: ref("signing") })])]),
  listener(
    "slack",
    [trigger("slack", [interceptor("slack", { signingSecretRef: ref("hook"), requestedFields: ["text"] })])],
    { annotations: { "tekton.dev/payload-validation": "false" } },
  ),
];

/** Sends the bytes as they are, and gives the status of the answer. */
async function send(gateway: GatewayProcess, path: string, headers: Headers): Promise<number> {
  const { hostname, port } = new URL(gateway.url);
  const form = path.endsWith("/slack");
  const body = form ? FORM : BODY;
  const id = crypto.randomUUID();
  const common: Headers = [
    ["Host", "gateway.example"],
    ["Content-Type", form ? "application/x-www-form-urlencoded" : "application/json"],
    ["Content-Length", String(body.length)],
    ["X-GitHub-Delivery", id],
    ["X-Request-UUID", id],
    ["Idempotency-Key", id],
    ["Connection", "close"],
  ];
  const head = [...common, ...headers].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const socket = connect(Number(port), hostname);
  socket.write(Buffer.from(`POST ${path} HTTP/1.1\r\n${head}\r\n${body}`, "latin1"));
  let answer = "";
  for await (const chunk of socket) answer += String(chunk);
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
}

describe("signatures", () => {
  const opened = new AsyncDisposableStack();
  let gateway: GatewayProcess;

  before(async () => {
    const folder = opened.use(temporaryFolder("sluice-signatures-"));
    const objects = join(folder.path, "objects.yaml");
    writeFileSync(objects, yamlOf(OBJECTS));
    const redis = opened.use(await startRedis());
    const target = `directory:${join(folder.path, "runs")}`;
    gateway = await startGateway(["--config", objects, "--store", redis.url, "--create", target]);
    opened.defer(() => gateway.stop());
  });
  after(() => opened.disposeAsync());

  for (const [provider, { spellings }] of Object.entries(PROVIDERS))
    test(`${provider}: ${spellings.length} spellings, of which the right ones are taken`, async () => {
      const before = (await gateway.audit()).accepted;
      const names = spellings.map(({ what }) => what);
      assert.deepEqual(names, [...new Set(names)]);
      const odd: string[] = [];
      for (const { what, headers, status } of spellings) {
        const answered = await send(gateway, `/ci/${provider}`, headers);
        if (answered !== status) odd.push(`${what}: ${answered}, not ${status}`);
      }
      assert.deepEqual(odd, []);
      const taken = spellings.filter(({ status }) => status === 202).length;
      assert.equal((await gateway.audit()).accepted - before, taken, "what is refused is not stored");
    });

  test("there are more than a hundred of them", () => {
    const all = Object.values(PROVIDERS).flatMap(({ spellings }) => spellings);
    assert.ok(all.length >= 100, `${all.length}`);
  });
});
