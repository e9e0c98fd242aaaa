/** `sluice try`: routes as the webhook port, requests from the ledger, --set, and the triggers of a large listener. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { stringify } from "yaml";
import type { Decision } from "../../src/core/decision.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { sluice } from "./helper.ts";

/** Listeners `ci/<name>` that anybody may send to, their triggers with a filter each. */
function declared(
  path: string,
  listeners: Readonly<Record<string, Readonly<Record<string, string>>>>,
  more = {},
) {
  const template = {
    spec: {
      resourcetemplates: [
        { apiVersion: "tekton.dev/v1", kind: "PipelineRun", metadata: { generateName: "r-" } },
      ],
    },
  };
  const objects = Object.entries(listeners).map(([name, triggers]) => ({
    apiVersion: "triggers.tekton.dev/v1beta1",
    kind: "EventListener",
    metadata: { name, namespace: "ci", annotations: { "sluice.dev/verification": "none", ...more } },
    spec: {
      triggers: Object.entries(triggers).map(([trigger, filter]) => ({
        name: trigger,
        interceptors: [{ ref: { name: "cel" }, params: [{ name: "filter", value: filter }] }],
        template,
      })),
    },
  }));
  writeFileSync(join(path, "objects.yaml"), objects.map((one) => JSON.stringify(one)).join("\n---\n"));
}

async function tried(...args: readonly string[]) {
  const { code, stdout, stderr } = await sluice(["try", ...args, "-o", "json"]);
  const {
    listener,
    decisions = [],
    notes = [],
  } = (stdout === "" ? {} : JSON.parse(stdout)) as {
    listener?: string;
    decisions?: readonly Decision[];
    notes?: readonly string[];
  };
  return { code, stderr, listener, notes, results: decisions.map(({ result }) => result) };
}

test("a request goes where serve leads it: rest of the path, query, Host, default listener, method", async () => {
  using folder = temporaryFolder();
  const config = ["-c", join(folder.path, "objects.yaml")];
  const url = "/ci/two/deploy?env=prod";
  declared(folder.path, { one: { all: "true" }, two: { all: `requestURL == '${url}'` } });
  const request = (line: string, host = "x") => {
    const path = join(folder.path, "request.txt");
    writeFileSync(path, `${line} HTTP/1.1\r\nHost: ${host}\r\n\r\n{}`);
    return ["--request", path, ...config];
  };
  assert.partialDeepStrictEqual(await tried(...request(`POST ${url}`)), { code: 0, listener: "ci/two" });
  const defaults = ["--default-listener", "ci/one", "--http", "tekton"];
  assert.equal((await tried(...request(`POST ${url}`), ...defaults)).listener, "ci/two");
  assert.equal((await tried(...request("PUT /any/path"), ...defaults)).listener, "ci/one");
  assert.equal((await tried(...request("POST /x", "el-one.ci.svc"))).listener, "ci/one");
  assert.equal(
    (await tried(...request("POST /", "hooks.example.com"), "--hosts", "hooks.example.com=ci/one")).code,
    0,
  );
  const nowhere = await tried(...request("POST /ci/three"));
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.stderr, /SLUICE_LISTENER_UNKNOWN/);
  assert.match((await tried(...request("POST /"))).stderr, /SLUICE_LISTENER_UNKNOWN/);
  assert.match((await tried(...request("PUT /ci/one"))).stderr, /SLUICE_METHOD/);
  assert.equal((await tried(...request("POST /ci/three"), "--listener", "ci/one")).listener, "ci/one");
});

test("header values of a request file are bytes in UTF-8, also beside a body of other bytes", async () => {
  using folder = temporaryFolder();
  declared(folder.path, { one: { all: "header.canonical('X-Branch') == 'größe'" } });
  const path = join(folder.path, "request.txt");
  writeFileSync(path, "POST /ci/one HTTP/1.1\r\nHost: x\r\nX-Branch: größe\r\n\r\n{}");
  assert.equal((await tried("--request", path, "-c", join(folder.path, "objects.yaml"))).code, 0);
  const latin = Buffer.from("POST /ci/one HTTP/1.1\r\nX-Branch: größe\r\n\r\n{}", "latin1");
  writeFileSync(path, latin);
  assert.equal((await tried("--request", path, "-c", join(folder.path, "objects.yaml"))).code, 1);
});

test("what `deliveries payload -o json` prints is read, and signed anew where its signature is masked", async () => {
  const path = (folder: string) => join(folder, "stored.json");
  using folder = temporaryFolder();
  const stored = {
    ...{ id: "0", method: "POST", url: "/default/github?from=ledger" },
    headers: {
      "X-Github-Event": ["pull_request"],
      "X-Hub-Signature-256": ["***"],
      "Content-Type": ["application/json"],
    },
    encoding: "base64",
    body: Buffer.from(
      JSON.stringify({
        ...{ action: "opened", number: 7, repository: { clone_url: "https://git.example/a.git" } },
        pull_request: { head: { sha: "0123456789abcdef" }, title: "größe" },
      }),
    ).toString("base64"),
  };
  const args = ["--request", path(folder.path), "--config", "examples/quickstart"];
  writeFileSync(path(folder.path), `\n${JSON.stringify(stored, null, 2)}\n`);
  assert.partialDeepStrictEqual(await tried(...args), { code: 0, listener: "default/github" });
  const closed = await tried(...args, "--set", "body.action=closed");
  assert.deepEqual([closed.code, closed.results], [1, ["filtered"]]);
  for (const broken of ["{", '{"url": 1}', '{"url": "/", "body": "", "headers": [], "encoding": "utf16"}']) {
    writeFileSync(path(folder.path), broken);
    const { code, stderr } = await sluice(["try", ...args]);
    assert.equal(code, 2, broken);
    assert.match(stderr, /--request: it (is JSON, but|begins as JSON)/);
  }
});

test("--set changes the payload before it is signed: texts, numbers, lists, keys with dots", async () => {
  using folder = temporaryFolder();
  const filter = [
    ...["body.ref == 'refs/heads/x'", "body.commits[0].id == 'abc'", "body.size == 3 && body.on == true"],
    ...[
      "body.labels['app.kubernetes.io/name'] == 'a=b'",
      "body.made.up == 'yes'",
      "body.commits[1].id == '7'",
    ],
  ].join(" && ");
  declared(folder.path, { one: { all: filter } });
  const changes = [
    ...["body.ref=refs/heads/x", "body.commits[0].id=abc", "size=3", "body.on=true"],
    ...["body.labels['app.kubernetes.io/name']=a=b", "body.made.up=yes", 'body.commits.1.id="7"'],
  ].flatMap((change) => ["--set", change]);
  const args = ["github", "push", "-c", folder.path];
  assert.equal((await tried(...args, ...changes)).code, 0);
  const wrong: readonly [string, RegExp][] = [
    ["ref", /not like body\.ref=/],
    ["=x", /not like body\.ref=/],
    ["a..b=x", /not like body\.ref=/],
    ["body=x", /body itself cannot be set/],
    ["body.ref.x=1", /body\.ref is a string, and has no x/],
    ["body.commits[9].id=1", /body\.commits is a list of 1, and has no place 9/],
  ];
  for (const [change, message] of wrong) {
    const { code, stderr } = await sluice(["try", ...args, "--set", change]);
    assert.equal(code, 2, change);
    assert.match(stderr, message);
  }
  assert.equal((await tried(...args, "--set", "body.__proto__.x=1")).code, 1);
});

test("a body that serve would refuse is refused with its answer", async () => {
  using folder = temporaryFolder();
  declared(folder.path, { one: { all: "true" } });
  const path = join(folder.path, "payload");
  writeFileSync(path, "no JSON");
  const args = ["generic", "x", "--payload", path, "-c", join(folder.path, "objects.yaml")];
  assert.match((await tried(...args)).stderr, /SLUICE_BODY_NOT_JSON/);
  assert.match((await tried("slack", "command", "-c", folder.path)).stderr, /SLUICE_FORM/);
});

test("of many triggers the nearest is shown in full and the others with a line each", async () => {
  using folder = temporaryFolder();
  const triggers = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`t${i}`, `body.n == ${i}`]));
  declared(folder.path, { one: triggers });
  const shown = async (...args: readonly string[]) =>
    (await sluice(["try", "github", "push", "-c", folder.path, ...args])).stdout.split("\n");
  const fired = await shown("--set", "body.n=31");
  assert.equal(fired[0], "trigger ci/t31  matched");
  assert.equal(fired.filter((line) => line.includes("✓ render")).length, 1);
  assert.equal(
    fired.filter((line) => /^trigger ci\/t\d+ {2}filtered {2}cel: filter is false/.test(line)).length,
    15,
  );
  assert.ok(
    fired.includes(
      "24 more triggers, further from firing; --trigger <name> shows one in full, -o json all of them",
    ),
  );
  const none = await shown("--set", "body.n=-1");
  assert.match(none[0] ?? "", /^trigger ci\/t0 {2}filtered$/);
  assert.match(none.at(-2) ?? "", /^nothing fired; trigger ci\/t0 came closest/);
  const one = await shown("--trigger", "t7", "--set", "body.n=1");
  assert.equal(one.filter((line) => line.startsWith("trigger ")).length, 1);
  assert.ok(one.some((line) => line.includes("body.n = 1")));
});

test("a request file is read as serve reads it: chunks, compressed bodies, and lengths that were edited", async () => {
  using folder = temporaryFolder();
  declared(folder.path, { one: { all: "body.a == 'b'" } });
  const path = join(folder.path, "request.txt");
  const asked = (headers: string, body: string) => {
    writeFileSync(path, `POST /ci/one HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n${body}`);
    return tried("--request", path, "-c", join(folder.path, "objects.yaml"));
  };
  assert.equal(
    (await asked("Transfer-Encoding: chunked", '5\r\n{"a":\r\n4;x=y\r\n"b"}\r\n0\r\n\r\n')).code,
    0,
  );
  assert.match((await asked("Transfer-Encoding: chunked", '{"a":"b"}')).stderr, /the body is not in chunks/);
  assert.match((await asked("Transfer-Encoding: chunked", 'f\r\n{"a":"b"}')).stderr, /last chunk .* cut off/);
  assert.match((await asked("Content-Encoding: gzip", "\u001f\u008b")).stderr, /SLUICE_ENCODING/);
  assert.equal((await asked("Content-Encoding: identity", '{"a":"b"}')).code, 0);
  assert.equal((await asked("Content-Length: 9", '{"a":"b"}\n')).code, 0);
  for (const length of [3, 90]) {
    const edited = await asked(`Content-Length: ${length}`, '{"a":"b"}');
    assert.equal(edited.code, 0);
    assert.match(edited.notes.join(), new RegExp(`Content-Length is ${length}, and 9 bytes follow`));
  }
  assert.match((await asked("X: y", "")).stderr, /the body is empty/);
});

test("--set says what it adds, and refuses what is no part of the body", async () => {
  using folder = temporaryFolder();
  declared(folder.path, { one: { all: "true" } });
  const push = (...more: string[]) =>
    tried("github", "push", "-c", join(folder.path, "objects.yaml"), ...more);
  assert.deepEqual((await push("--set", "body.ref=x", "--set", "$(body.before)=y")).notes, []);
  for (const [change, told] of [
    ["body.reff=x", "body.reff, which the payload did not have; did you mean ref?"],
    ["repository.nme=x", "body.repository.nme, which the payload did not have; did you mean name?"],
    ["body.quite.new=x", "body.quite, which the payload did not have"],
  ] as const)
    assert.deepEqual((await push("--set", change)).notes, [`--set adds ${told}`]);
  assert.match((await push("--set", "header.X=1")).stderr, /--header "Name: value" gives a header/);
  assert.match((await push("--set", "extensions.x=1")).stderr, /the interceptors compute it/);
});

test("senders, events and files that are not there lead to what was meant", async () => {
  using folder = temporaryFolder();
  declared(folder.path, { one: { all: "true" } });
  const config = ["-c", join(folder.path, "objects.yaml")];
  for (const [args, told] of [
    [["GitHub", "push"], /did you mean github\?/],
    [["harbor", "push"], /any other sender is generic, with its body by --payload/],
    [["azure-devops", "push"], /there are git\.push from azure-devops \(did you mean git\.push\?\)/],
    [["bitbucket", "push"], /there are repo:push, /],
    [["github", "pull_request.opend"], /did you mean pull_request\.opened\?/],
    [["github", "push", "--payload", "gone.json"], /gone\.json does not exist.*\n.*Correct the path/],
    [["github", "push", "--request", "gone.txt"], /leave out a provider/],
  ] as const)
    assert.match((await tried(...args, ...config)).stderr, told);
  writeFileSync(
    join(folder.path, "none.yaml"),
    stringify({ apiVersion: "v1", kind: "Secret", metadata: { name: "a" } }),
  );
  const { stderr } = await tried("github", "push", "-c", join(folder.path, "none.yaml"));
  assert.match(stderr, /declares no EventListener/);
});
