/** The overlays: each builds, its parts find each other, its settings are settings, its pods and rights are as small as they can be. */

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { loadSettings } from "../../src/config/load.ts";
import { VERSION } from "../../src/core/version.ts";
import { FORBIDDEN, isForbiddenAddress } from "../../src/decide/intercept/addresses.ts";
import { ROOT } from "../helpers/process.ts";
import { build, findKubectl, type Labels, type Manifest, nameOf, of } from "./kustomize.ts";
import { objections } from "./restricted.ts";

const kubectl = findKubectl();
const skip = kubectl === undefined && "NO kubectl HERE AND NO WAY TO INSTALL IT: the overlays are not built";
const OVERLAYS = ["external-redis", "ha", "namespaced", "redis"] as const;
const DEPLOY = join(ROOT, "deploy");

test("all overlays are looked at", () => {
  assert.deepEqual(globSync("*", { cwd: join(DEPLOY, "overlays") }).sort(), [...OVERLAYS]);
});

test("the network policy closes every range that the gateway refuses by itself", () => {
  const text = readFileSync(join(DEPLOY, "base/network-policy.yaml"), "utf8");
  interface Policy {
    readonly spec: { readonly egress: readonly { readonly to: readonly { readonly ipBlock?: Block }[] }[] };
  }
  interface Block {
    readonly cidr: string;
    readonly except: readonly string[];
  }
  const { spec } = parse(text) as Policy;
  const blocks = spec.egress.flatMap(({ to }) => to.flatMap(({ ipBlock }) => ipBlock ?? []));
  assert.deepEqual(
    blocks.map(({ cidr }) => cidr),
    ["0.0.0.0/0", "::/0"],
  );
  const closed = blocks.flatMap(({ except }) => except);
  const whole = (block: string) =>
    block.includes("/") ? block : `${block}/${block.includes(":") ? 128 : 32}`;
  assert.deepEqual(
    FORBIDDEN.map(whole).filter((block) => !closed.includes(block)),
    [],
  );
  for (const block of closed) assert.ok(isForbiddenAddress(block.split("/", 1)[0] ?? ""), block);
});

test("every file belongs to a kustomization, and says in its first line what it is for", () => {
  const files = globSync("{base,access,namespace,overlays,crds}/**/*.yaml", { cwd: DEPLOY });
  for (const path of files) {
    const text = readFileSync(join(DEPLOY, path), "utf8");
    assert.match(text, /^# .+/, path);
    if (path.endsWith("kustomization.yaml")) continue;
    const { resources = [], patchesStrategicMerge = [] } = parse(
      readFileSync(join(DEPLOY, dirname(path), "kustomization.yaml"), "utf8"),
    ) as Readonly<Record<string, readonly string[]>>;
    assert.ok([...resources, ...patchesStrategicMerge].includes(path.split("/").at(-1) ?? ""), path);
  }
  assert.ok(files.length > 20);
});

/** What holds pods in an overlay. */
const workloads = (objects: readonly Manifest[]) => [
  ...of(objects, "Deployment"),
  ...of(objects, "StatefulSet"),
];
const containersOf = (objects: readonly Manifest[]) =>
  workloads(objects).flatMap(({ spec }) => spec.template.spec.containers);
const gatewayOf = (objects: readonly Manifest[]) => {
  const [gateway] = of(objects, "Deployment");
  const [container] = gateway?.spec.template.spec.containers ?? [];
  assert.ok(gateway && container);
  return { ...gateway.spec, pod: gateway.spec.template.spec, container };
};
const matches = (selector: Labels, labels: Labels) =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);

for (const overlay of OVERLAYS)
  describe(`overlay ${overlay}`, { skip }, () => {
    const objects = skip ? [] : build(kubectl ?? "", `overlays/${overlay}`);
    const all = workloads(objects);
    const settings = objects.find(({ kind }) => kind === "ConfigMap")?.data ?? {};
    const behind = (selector: Labels) =>
      all.filter(({ spec }) => matches(selector, spec.template.metadata.labels));

    test("every object is there once, and in the namespace", () => {
      const names = objects.map(nameOf);
      assert.deepEqual([...new Set(names)], names);
      for (const object of objects) {
        const clusterWide = /^(Namespace|ClusterRole)/.test(object.kind);
        assert.equal(object.metadata.namespace, clusterWide ? undefined : "sluice", nameOf(object));
      }
    });

    test("pods are admitted by the restricted profile, which the namespace enforces", () => {
      const namespace = objects.find(({ kind }) => kind === "Namespace");
      assert.equal(namespace?.metadata.labels?.["pod-security.kubernetes.io/enforce"], "restricted");
      assert.ok(all.length > 0);
      for (const workload of all)
        assert.deepEqual(objections(workload.spec.template.spec), [], nameOf(workload));
    });

    test("images have a fixed tag, the gateway's is this version", () => {
      for (const { image } of containersOf(objects)) assert.match(image, /^[a-z0-9./-]+:\d[\w.-]*$/);
      assert.equal(gatewayOf(objects).container.image, `sluice:${VERSION}`);
    });

    test("selectors find pods, ports have the names that are asked for", () => {
      for (const workload of all)
        assert.deepEqual(behind(workload.spec.selector.matchLabels), [workload], nameOf(workload));
      for (const service of of(objects, "Service")) {
        const [workload, ...others] = behind(service.spec.selector);
        assert.deepEqual(others, [], nameOf(service));
        const ports = workload?.spec.template.spec.containers.flatMap(({ ports }) => ports) ?? [];
        for (const { name, port, targetPort = name } of service.spec.ports)
          assert.equal(ports.find((one) => one.name === targetPort)?.containerPort, port, nameOf(service));
      }
      for (const { spec } of of(objects, "NetworkPolicy"))
        assert.equal(behind(spec.podSelector.matchLabels).length, 1);
    });

    test("the settings are settings, and what they promise fits together", () => {
      const { pod, container } = gatewayOf(objects);
      assert.deepEqual(container.args, ["serve"]);
      const secret = {
        SLUICE_STORE: "redis://redis:6379",
        SLUICE_STORE_KEY: "0123456789abcdef".repeat(4),
        SLUICE_ADMIN_TOKEN: "0123456789abcdef",
      };
      assert.deepEqual(
        container.env?.filter(({ valueFrom }) => valueFrom.secretKeyRef).map(({ name }) => name),
        Object.keys(secret),
      );
      const fields = container.env?.flatMap(
        ({ name, valueFrom: { fieldRef } }) => fieldRef && [[name, fieldRef.fieldPath]],
      );
      assert.deepEqual(fields?.filter(Boolean), [["SLUICE_NODE_ADDRESS", "status.hostIP"]]);
      const own = { SLUICE_NODE_ADDRESS: "10.0.0.4" };
      const read = loadSettings({ env: { ...settings, ...secret, ...own } });
      assert.equal(read.nodeAddress[0]?.network, "10.0.0.4");
      assert.equal(container.lifecycle, undefined, "the lame-duck time is the gateway's own");
      assert.ok(read.lameDuck > 0, "routers hear of a pod's end later than the pod");
      const needed = (read.lameDuck + read.shutdownGrace) / 1_000;
      assert.ok(pod.terminationGracePeriodSeconds >= needed + 5, `${needed} s are needed`);
      const ports = container.ports.map(({ containerPort }) => containerPort);
      assert.deepEqual(ports, [read.listen.port, read.admin.port]);
      assert.deepEqual([read.admin.host, read.create, read.fromCluster], ["0.0.0.0", "kubernetes", true]);
    });

    test("what pods take from elsewhere is in the overlay, or a head says how to make it", () => {
      const head = (name: string) =>
        readFileSync(join(DEPLOY, "overlays", name, "kustomization.yaml"), "utf8");
      const told = head(overlay).includes("../external-redis") ? head("external-redis") : head(overlay);
      for (const { env = [], envFrom = [] } of containersOf(objects)) {
        for (const { configMapRef } of envFrom)
          assert.ok(objects.some((object) => nameOf(object) === `ConfigMap/${configMapRef.name}`));
        for (const { valueFrom } of env) {
          if (valueFrom.secretKeyRef === undefined) continue;
          const { name, key } = valueFrom.secretKeyRef;
          const made = objects.find((object) => nameOf(object) === `Secret/${name}`);
          if (made) assert.ok(made.data?.[key], `${name} has ${key}`);
          else {
            const others = '(?: --from-literal=\\w+="[^"]*")*';
            assert.match(told, new RegExp(`create secret generic ${name}${others} --from-literal=${key}=`));
          }
        }
      }
    });
  });

test("the overlay for high availability has three gateways, spread, and drained one at a time", {
  skip,
}, () => {
  const objects = build(kubectl ?? "", "overlays/ha");
  const [autoscaler] = of(objects, "HorizontalPodAutoscaler");
  const [budget] = of(objects, "PodDisruptionBudget");
  const { replicas, selector, pod } = gatewayOf(objects);
  assert.equal(autoscaler?.spec.minReplicas, 3);
  assert.ok(autoscaler.spec.maxReplicas > 3);
  assert.deepEqual(autoscaler.spec.scaleTargetRef, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    name: "sluice",
  });
  assert.equal(replicas, undefined, "the autoscaler's number stays when this is applied again");
  assert.deepEqual(budget?.spec, { maxUnavailable: 1, selector });
  assert.deepEqual(
    pod.topologySpreadConstraints?.map(({ topologyKey, labelSelector }) => [topologyKey, labelSelector]),
    [
      ["kubernetes.io/hostname", selector],
      ["topology.kubernetes.io/zone", selector],
    ],
  );
});

test("the Redis for trials keeps what it is given, and talks to the gateway alone", { skip }, () => {
  const objects = build(kubectl ?? "", "overlays/redis");
  const [redis] = of(objects, "StatefulSet");
  const args = redis?.spec.template.spec.containers[0]?.args.join(" ") ?? "";
  assert.match(args, /--appendonly yes --appendfsync always/);
  assert.match(args, /--maxmemory-policy noeviction/);
  assert.match(args, /--requirepass \$\(REDISCLI_AUTH\)/);
  const [password] = redis?.spec.template.spec.containers[0]?.env ?? [];
  assert.deepEqual(password?.valueFrom.secretKeyRef, { name: "sluice-store", key: "password" });
  // Nothing that everybody could read in this repository opens it.
  assert.equal(
    objects.some(({ kind }) => kind === "Secret"),
    false,
  );
  const policy = of(objects, "NetworkPolicy").find(({ metadata }) => metadata.name === "sluice-redis");
  assert.equal(policy?.spec.egress, undefined);
  const { selector } = gatewayOf(objects);
  assert.deepEqual(policy?.spec.ingress, [{ from: [{ podSelector: selector }], ports: [{ port: 6379 }] }]);
});
