/** What a start finds out before it opens anything: ports that are taken, and a folder that cannot be one. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { SluiceError } from "../../src/core/errors.ts";
import { createDirectoryTarget } from "../../src/dispatch/create/directory.ts";
import { preflight } from "../../src/gateway/preflight.ts";
import { temporaryFolder } from "../helpers/folder.ts";

const FREE = { host: "127.0.0.1", port: 0 };

async function takenPort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: { host: "127.0.0.1", port: (server.address() as AddressInfo).port },
    [Symbol.dispose]: () => void server.close(),
  };
}

const faultOf = (work: Promise<void>): Promise<SluiceError> =>
  work.then(
    () => assert.fail("it passed"),
    (error: unknown) => {
      assert.ok(error instanceof SluiceError);
      return error;
    },
  );

for (const key of ["listen", "admin"] as const)
  test(`a port of ${key} that is taken is named with the flag that changes it`, async () => {
    using taken = await takenPort();
    const settings = { role: "all", listen: FREE, admin: FREE, [key]: taken.address } as const;
    const { code, values, fix } = await faultOf(preflight(settings, undefined));
    assert.deepEqual([code, values["key"]], ["SLUICE_CONFIG_INVALID", key]);
    assert.match(values["reason"] ?? "", /^cannot listen on 127\.0\.0\.1:\d+: another process has this port/);
    assert.match(fix, new RegExp(`--${key} host:port`));
  });

test("a host that this machine is not, and one that nobody knows, are told apart", async () => {
  const reasonOf = async (host: string) => {
    const settings = { role: "all", listen: { host, port: 8080 }, admin: FREE } as const;
    return (await faultOf(preflight(settings, undefined))).values["reason"];
  };
  assert.match((await reasonOf("192.0.2.1")) ?? "", /this machine has no such address/);
  assert.match((await reasonOf("nosuch.invalid")) ?? "", /no such host|could not be looked up/);
});

test("a worker needs no webhook port", async () => {
  using taken = await takenPort();
  await preflight({ role: "worker", listen: taken.address, admin: FREE }, undefined);
});

test("a folder for objects that is a file ends the start", async () => {
  using folder = temporaryFolder();
  const dir = join(folder.path, "runs");
  writeFileSync(dir, "");
  const settings = { role: "all", listen: FREE, admin: FREE } as const;
  const { code } = await faultOf(preflight(settings, createDirectoryTarget({ dir })));
  assert.equal(code, "SLUICE_CREATE_DIRECTORY");
});

test("one port for both is told as such, and a folder that cannot be written is not said to be tried again", async () => {
  const both = { host: "127.0.0.1", port: 18_080 };
  const { values, fix } = await faultOf(preflight({ role: "all", listen: both, admin: both }, undefined));
  assert.match(values["reason"] ?? "", /^is the port of --admin too/);
  assert.match(fix, /--listen and --admin/);
  const wild = { host: "0.0.0.0", port: 18_080 };
  const other = await faultOf(preflight({ role: "all", listen: wild, admin: both }, undefined));
  assert.match(other.values["reason"] ?? "", /^is the port of --admin too/);
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, "file"), "");
  const target = createDirectoryTarget({ dir: join(folder.path, "file") });
  const unwritable = await faultOf(preflight({ role: "all", listen: FREE, admin: FREE }, target));
  assert.match(unwritable.fix, /--create directory:/);
  assert.doesNotMatch(unwritable.fix, /tried again/);
});
