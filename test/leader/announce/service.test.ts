/** A listener's own Service: what it leads to, whose it is, and what is never touched. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, clusterDomain } from "../../../src/leader/announce/address.ts";
import { openBench, planOf } from "./bench.ts";

test("a listener gets a Service that belongs to it and leads to the gateways", async () => {
  await using t = await openBench();
  t.plans.set("github", planOf("github", [undefined]));
  const { metadata } = t.put("github");
  t.announce({ services: true });
  await t.until(() => t.conditions("github").length > 0);
  const service = t.find("Service", "el-github");
  assert.deepEqual(service?.["spec"], {
    type: "ExternalName",
    externalName: "sluice.sluice.svc.cluster.local",
    ports: [{ name: "http-listener", port: 8_080, protocol: "TCP" }],
  });
  assert.deepEqual(service?.metadata["ownerReferences"], [
    {
      ...{
        apiVersion: "triggers.tekton.dev/v1beta1",
        kind: "EventListener",
        name: "github",
        uid: metadata.uid,
      },
      ...{ controller: true, blockOwnerDeletion: false },
    },
  ]);
  assert.equal(t.status("github")?.address?.url, "http://el-github.ci.svc.cluster.local:8080");
  assert.equal(t.conditions("github")[2], "Service=True(ServiceExists)");
});

test("one that was changed is made right again, one that was made anew belongs to the new listener", async () => {
  await using t = await openBench();
  t.plans.set("github", planOf("github", [undefined]));
  t.put("github");
  t.announce({ services: true });
  await t.until(() => t.conditions("github").length > 0);
  const service = t.find("Service", "el-github");
  if (service === undefined) throw new Error("there is no Service");
  t.server.put({ ...service, spec: { type: "ExternalName", externalName: "evil.example.com" } });
  const external = () => {
    const spec = t.find("Service", "el-github")?.["spec"] as { externalName: string } | undefined;
    return spec?.externalName;
  };
  await t.until(() => external() === "sluice.sluice.svc.cluster.local");
  t.server.remove("EventListener", "ci", "github");
  const { metadata } = t.put("github");
  const owner = () => t.find("Service", "el-github")?.metadata["ownerReferences"] as { uid: string }[];
  await t.until(() => owner()[0]?.uid === metadata.uid);
  assert.equal(t.server.objects("Service").length, 1);
});

test("a Service of that name that somebody else made stays, and the status says that it is in the way", async () => {
  await using t = await openBench();
  const metadata = {
    namespace: "ci",
    name: "el-github",
    labels: { "app.kubernetes.io/managed-by": "EventListener" },
  };
  const tektons = {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: { selector: { eventlistener: "github" } },
  };
  t.server.put(tektons);
  t.plans.set("github", planOf("github", [undefined]));
  t.put("github");
  t.announce({ services: true });
  await t.until(() => t.conditions("github").length > 0);
  assert.equal(t.conditions("github")[2], "Service=False(ServiceMissing)");
  assert.match(
    t.status("github")?.conditions?.[2]?.message ?? "",
    /Service el-github that Sluice did not make/,
  );
  assert.equal(t.status("github")?.address?.url, "https://hooks.example.com/ci/github");
  assert.deepEqual(t.find("Service", "el-github")?.["spec"], tektons.spec);
  assert.equal(t.writes("/services").length, 0);
});

test("a Service that the server will not have is said in the status, and the rest is told all the same", async () => {
  await using t = await openBench();
  t.plans.set("github", planOf("github", [undefined]));
  t.put("github");
  const message = 'Service "el-github" is invalid: metadata.name: must be no more than 63 characters';
  t.server.fault({ method: "POST", times: 0, action: { type: "status", status: 422, message } });
  t.announce({ services: true });
  await t.until(() => t.conditions("github").length > 0);
  assert.equal(t.conditions("github")[2], "Service=False(ServiceMissing)");
  assert.equal(t.status("github")?.conditions?.[2]?.message, message);
});

test("addresses: the own Service, else the public one, else the gateways' Service, else none", () => {
  const listener = { namespace: "ci", name: "github" };
  const service = { namespace: "sluice", name: "gateway" };
  const domain = "corp.internal";
  assert.equal(addressOf(listener, { domain }, true), "http://el-github.ci.svc.corp.internal:8080");
  assert.equal(
    addressOf(listener, { domain, service, publicUrl: "https://h/x/" }, false),
    "https://h/x/ci/github",
  );
  const inside = "http://gateway.sluice.svc.corp.internal:8080/ci/github";
  assert.equal(addressOf(listener, { domain, service }, false), inside);
  assert.equal(addressOf(listener, { domain }, false), "");
});

test("the cluster's domain is what a pod's resolv.conf searches", () => {
  const search =
    "nameserver 10.0.0.10\nsearch ci.svc.corp.internal svc.corp.internal corp.internal example.com\n";
  assert.equal(clusterDomain(search), "corp.internal");
  for (const text of ["", "search example.com", "search svc.", "nameserver svc.x"])
    assert.equal(clusterDomain(text), "cluster.local", text);
});
