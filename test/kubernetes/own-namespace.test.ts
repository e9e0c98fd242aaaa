/** Which namespace is ours. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { KubeConfig } from "@kubernetes/client-node";
import { ownNamespace } from "../../src/kubernetes/own-namespace.ts";
import { temporaryFolder } from "../helpers/folder.ts";

test("it is the pod's, else the kubeconfig's, else default; text that is no namespace is none", () => {
  using folder = temporaryFolder();
  const pod = (text: string) => {
    const path = join(folder.path, "namespace");
    writeFileSync(path, text);
    return path;
  };
  const config = (namespace?: string) => {
    const made = new KubeConfig();
    made.loadFromOptions({
      ...{ clusters: [], users: [], currentContext: "here" },
      contexts: [{ name: "here", cluster: "c", user: "u", ...(namespace && { namespace }) }],
    });
    return made;
  };
  const nowhere = join(folder.path, "absent");
  assert.equal(ownNamespace(config("ci"), pod("sluice\n")), "sluice");
  assert.equal(ownNamespace(config("ci"), nowhere), "ci");
  assert.equal(ownNamespace(config("ci"), pod("")), "ci");
  assert.equal(ownNamespace(config(), nowhere), "default");
  assert.equal(ownNamespace(config(), pod("../../../etc")), "default");
});
