/** The rights: with them a gateway does all of its work, none is left over, and each has its reason beside it. */

import assert from "node:assert/strict";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parseAllDocuments } from "yaml";
import { type ApiObject, type ApiServer, type LoggedRequest, startApiServer } from "../helpers/api-server.ts";
import { temporaryFolder } from "../helpers/folder.ts";
import { eventually } from "../helpers/gateway.ts";
import { github, listener, push, trigger, type Written, written } from "../helpers/objects.ts";
import { ROOT } from "../helpers/process.ts";
import { accountUser, grant } from "../helpers/rbac.ts";
import { type RedisServer, startRedis } from "../helpers/redis.ts";
import { send, started } from "../helpers/whole.ts";
import type { Manifest } from "./kustomize.ts";

const FOLDER = join(ROOT, "deploy/access");
const TOKEN = "gateway-token";
const GATEWAY = accountUser("sluice", "sluice");

const rolesOf = (name: string): readonly (Manifest & ApiObject)[] =>
  parseAllDocuments(readFileSync(join(FOLDER, name, "role.yaml"), "utf8")).map(
    (document) => document.toJS() as Manifest & ApiObject,
  );

/** `get core/secrets`, one for each verb and resource of the roles. */
const rightsOf = (roles: readonly Manifest[]): ReadonlySet<string> =>
  new Set(
    roles.flatMap(({ rules = [] }) =>
      rules.flatMap(({ apiGroups, resources, verbs }) =>
        apiGroups.flatMap((group) =>
          resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group || "core"}/${resource}`)),
        ),
      ),
    ),
  );

/** The right that a request took; undefined for questions that everybody may ask. */
function rightOf({ method, path, impersonated }: LoggedRequest): string | undefined {
  if (impersonated !== undefined) return "impersonate core/serviceaccounts";
  const found =
    /^\/(?:api\/v1|apis\/(?<group>[^/]+)\/[^/]+)(?:\/namespaces\/[^/]+)?\/(?<plural>[a-z]+)(?:\/(?<name>[^/?]+))?(?:\/(?<sub>[a-z]+))?(?:\?(?<query>.*))?$/.exec(
      path,
    )?.groups;
  if (found === undefined || found["plural"] === "selfsubjectaccessreviews") return undefined;
  const { group = "core", plural, name, sub, query = "" } = found;
  const read = name !== undefined ? "get" : /\bwatch=/.test(query) ? "watch" : "list";
  const verb = { POST: "create", PUT: "update", PATCH: "patch" }[method] ?? read;
  return `${verb} ${group}/${plural}${sub === undefined ? "" : `/${sub}`}`;
}

test("every rule says why, none says everything, and Secrets are never listed", () => {
  const files = globSync("*/role.yaml", { cwd: FOLDER });
  assert.ok(files.length >= 5);
  for (const path of files) {
    const text = readFileSync(join(FOLDER, path), "utf8");
    for (const [rule, before = ""] of text.matchAll(/^(.*)\n {2}- apiGroups: .*$/gm))
      assert.match(before, /^ {2,4}(# .*|verbs: .*)$/, `${path}: ${rule}`);
    assert.doesNotMatch(text, /"\*"/, path);
    // Bound to the gateway, but for the role of those in whose name it acts.
    if (!path.startsWith("listeners/")) assert.match(text, /namespace: sluice$/m);
  }
  for (const name of ["cluster", "namespace"])
    assert.deepEqual(
      [...rightsOf(rolesOf(name))].filter((right) => right.endsWith("core/secrets")),
      ["get core/secrets"],
    );
});

test("a gateway of some namespaces has the rights of one for all, but for the kinds that lie in none", () => {
  const [all, some] = [rightsOf(rolesOf("cluster")), rightsOf(rolesOf("namespace"))];
  assert.deepEqual(
    [...some].filter((right) => !all.has(right)),
    [],
  );
  assert.deepEqual(
    [...all].filter((right) => !some.has(right)),
    [...rightsOf(rolesOf("cluster-kinds"))],
  );
  assert.ok(rolesOf("namespace").every(({ kind }) => /^Role(Binding)?$/.test(kind)));
});

test("accounts that are bound to the role of Tekton's examples may make runs, and nothing else", () => {
  const [role, ...others] = rolesOf("listeners");
  assert.deepEqual(others, []);
  assert.equal(role?.metadata.name, "tekton-triggers-eventlistener-roles");
  assert.deepEqual(
    [...rightsOf(rolesOf("listeners"))],
    ["create tekton.dev/pipelineruns", "create tekton.dev/taskruns"],
  );
});

interface Scene {
  /** Roles by folder, and where those that want a namespace go. */
  readonly roles: readonly (readonly [folder: string, namespace: string])[];
  readonly settings: Readonly<Record<string, unknown>>;
}
const SCENES: Readonly<Record<string, Scene>> = {
  "all namespaces": {
    roles: [
      ["cluster", ""],
      ["services", ""],
      ["lease", "sluice"],
    ],
    settings: { announce: "services" },
  },
  "one namespace": {
    roles: [
      ["namespace", "ci"],
      ["cluster-kinds", ""],
      ["lease", "sluice"],
    ],
    settings: { namespaces: "ci" },
  },
};

for (const [what, { roles, settings }] of Object.entries(SCENES))
  describe(`a gateway of ${what} at work`, () => {
    const folder = temporaryFolder();
    let redis: RedisServer;
    let server: ApiServer;
    before(async () => {
      const users = new Map([[TOKEN, GATEWAY]]);
      [redis, server] = await Promise.all([
        startRedis({ appendfsync: "no" }),
        startApiServer({ namespaces: ["ci", "sluice"], rbac: true, users }),
      ]);
    });
    after(async () => {
      await server[Symbol.asyncDispose]();
      await redis[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    });

    const put = (object: Written | ApiObject) => server.put(object as ApiObject);
    const statusOf = (name: string): unknown =>
      server.objects("EventListener").find(({ metadata }) => metadata.name === name)?.["status"];

    test("uses every right it is given, and is refused nothing", async () => {
      const access = roles.flatMap(([folder, namespace]) =>
        rolesOf(folder).map((object) =>
          object.kind.startsWith("Cluster")
            ? object
            : { ...object, metadata: { ...object.metadata, namespace } },
        ),
      );
      for (const object of access) put(object);
      const runs = { apiGroups: ["tekton.dev"], resources: ["pipelineruns"], verbs: ["create"] };
      const read = { apiGroups: ["triggers.tekton.dev"], resources: ["triggers"], verbs: ["list"] };
      const use = { apiGroups: [""], resources: ["serviceaccounts"], verbs: ["impersonate"] };
      grant(server, accountUser("ci", "builder"), "ci", runs);
      grant(server, accountUser("ci", "default"), "ci", read, use);
      put({
        ...{ apiVersion: "v1", kind: "Secret", metadata: { name: "hook", namespace: "ci" } },
        data: { token: Buffer.from("s3cret").toString("base64") },
      });
      // A trigger with an account of its own, so that it must be asked whether the listener may use it.
      const { name: _, ...spec } = trigger("build", [github()], { serviceAccountName: "builder" });
      put(written("Trigger", "build", spec, { labels: { team: "ci" } }));
      put(listener("git", [], { labelSelector: { matchLabels: { team: "ci" } } }));
      put(listener("broken", [{ triggerRef: "nobody" }]));

      const kubeconfig = join(folder.path, "kubeconfig");
      writeFileSync(kubeconfig, server.kubeconfig({ token: TOKEN }));
      await using gateway = await started({
        ...{ listen: "127.0.0.1:0", admin: "127.0.0.1:0", store: redis.url, durability: "relaxed" },
        ...{ fromCluster: true, create: "kubernetes", kubeconfig, ...settings },
        ...{ gatewayService: "sluice/sluice", leaseNamespace: "sluice" },
      });
      const { status } = await send(gateway.listen, push({ token: "s3cret" }));
      assert.equal(status, 202);
      const made = await gateway.heard(({ type }) => type === "job.attempted");
      assert.ok(made.type === "job.attempted" && made.attempt.outcome === "done", JSON.stringify(made));
      const [run] = server.objects("PipelineRun");
      assert.ok(run);
      const now = new Date().toISOString();
      put({
        ...run,
        status: {
          ...{ startTime: now, completionTime: now },
          conditions: [{ type: "Succeeded", status: "True", reason: "Succeeded", lastTransitionTime: now }],
        },
      });
      await gateway.heard(({ type }) => type === "run.finished");
      const services = "announce" in settings;
      const address = services ? "http://el-git.ci.svc" : "http://sluice.sluice.svc";
      await eventually(
        async () => JSON.stringify(statusOf("git") ?? {}),
        (said) => said.includes(address),
      );
      const service = server.objects("Service").find(({ metadata }) => metadata.name === "el-git");
      assert.equal(service !== undefined, services);
      // Somebody bends the Service: it is mended.
      if (service) put({ ...service, spec: { type: "ExternalName", externalName: "elsewhere.example" } });
      const events = () => server.objects("Event").map((event) => JSON.stringify(event));
      await eventually(
        async () => events(),
        (all) => all.some((event) => event.includes("CannotFire")),
      );

      const asked = server.requests.filter(({ user }) => user === GATEWAY);
      const refused = asked.filter(({ status }) => status === 401 || status === 403);
      assert.deepEqual(
        refused.map(({ method, path }) => `${method} ${path}`),
        [],
      );
      const given = rightsOf(access);
      const used = new Set(asked.flatMap((request) => rightOf(request) ?? []));
      assert.deepEqual(
        [...used].filter((right) => !given.has(right)),
        [],
        "what the test reads as a right is one",
      );
      assert.deepEqual(
        [...given].filter((right) => !used.has(right) && !RARE.has(right)),
        [],
      );
    });
  });

/** Used only when something goes wrong between. */
const RARE: ReadonlySet<string> = new Set([
  // A create whose answer was lost: test/dispatch/create/kubernetes-faults.test.ts.
  ...["get tekton.dev/pipelineruns", "get tekton.dev/taskruns"],
  // The same Event again: test/kubernetes/events.test.ts.
  "patch events.k8s.io/events",
]);
