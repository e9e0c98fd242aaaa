/** What a start needs of the machine: ports, also where the own gateway has them, and folders that are not there yet. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { lookAtFolder, lookAtPorts } from "../../../src/cli/doctor/start.ts";
import { temporaryFolder } from "../../helpers/folder.ts";

const FREE = { host: "127.0.0.1", port: 0 };

async function taken(answer: object) {
  const server = createServer((_request, response) => response.end(JSON.stringify(answer)));
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    address: { host: "127.0.0.1", port: (server.address() as AddressInfo).port },
    [Symbol.dispose]: () => void server.close(),
  };
}

test("free ports are fine; one that another process has fails with the flag that changes it", async () => {
  const [fine] = await lookAtPorts({ role: "all", listen: FREE, admin: FREE });
  assert.equal(fine?.state, "ok");
  using other = await taken({});
  for (const key of ["listen", "admin"] as const) {
    const settings = { role: "all", listen: FREE, admin: FREE, [key]: other.address } as const;
    const [finding] = await lookAtPorts(settings);
    assert.equal(finding?.state, "fail");
    assert.match(finding.what, /another process has this port/);
    assert.match(finding.fix ?? "", new RegExp(`--${key} host:port`));
  }
  const [worker] = await lookAtPorts({ role: "worker", listen: other.address, admin: FREE });
  assert.equal(worker?.state, "ok");
});

test("the ports of a gateway that runs are to know, not to mend", async () => {
  using admin = await taken({ status: "ok", version: "1.2.3" });
  using listen = await taken({});
  const findings = await lookAtPorts({ role: "all", listen: listen.address, admin: admin.address });
  assert.deepEqual(
    findings.map(({ state }) => state),
    ["note"],
  );
});

test("a folder is made by serve, or cannot be made", () => {
  using folder = temporaryFolder();
  assert.equal(lookAtFolder("store", join(folder.path, "a", "b"), "cure").state, "skip");
  writeFileSync(join(folder.path, "file"), "");
  const { state, what, fix } = lookAtFolder("store", join(folder.path, "file", "b"), "cure");
  assert.deepEqual([state, fix], ["fail", "cure"]);
  assert.match(what, /is not there, and cannot be made: /);
});
