/** Which addresses are closed, how IPv6 wraps IPv4, and the policy that tenants, operators and settings make. */

import assert from "node:assert/strict";
import type { LookupAddress } from "node:dns";
import { test } from "node:test";
import { parseAddressRule } from "../../../src/core/address-rule.ts";
import {
  isForbiddenAddress,
  isLoopbackAddress,
  ownAddresses,
  readingsOf,
} from "../../../src/decide/intercept/addresses.ts";
import { createAddressPolicy } from "../../../src/decide/intercept/policy.ts";

const rules = (...texts: readonly string[]) =>
  texts.map((text) => parseAddressRule(text) ?? assert.fail(`${text} is no rule`));
const at = (address: string): LookupAddress => ({ address, family: address.includes(":") ? 6 : 4 });

test("whole ranges are closed, and what lies beside them is not", () => {
  const closed = [
    ...["0.0.0.0", "0.1.2.3", "169.254.169.254", "169.254.0.1", "100.100.100.200", "168.63.129.16"],
    ...["192.0.0.192", "192.0.0.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"],
    ...[
      "::",
      "::2",
      "::127.0.0.1",
      "::169.254.169.254",
      "fe80::1",
      "fe80::1%eth0",
      "febf::1",
      "fec0::1",
      "ff02::1",
    ],
    ...[
      "fd00:ec2::254",
      "fd00:ec2:ffff::1",
      "fd20:ce::254",
      "64:ff9b:1::1",
      "64:ff9b:1:ffff::a.b".slice(0, 16),
    ],
    ...[
      "::ffff:169.254.169.254",
      "::ffff:0:169.254.169.254",
      "64:ff9b::169.254.169.254",
      "64:ff9b::192.0.0.192",
    ],
    ...["2002:a9fe:a9fe::1", "2001:0:a9fe:a9fe::1", "2001:0:1:1:0:0:5601:5601", "no address", "", "127.1"],
  ];
  for (const address of closed) assert.equal(isForbiddenAddress(address), true, address);
  const open = [
    ...[
      "1.0.0.0",
      "10.0.0.1",
      "127.0.0.1",
      "169.253.255.255",
      "169.255.0.0",
      "100.100.100.201",
      "168.63.129.17",
    ],
    ...[
      "192.0.1.0",
      "192.168.0.1",
      "223.255.255.255",
      "::1",
      "::ffff:127.0.0.1",
      "::ffff:10.0.0.1",
      "fd00::1",
    ],
    ...["fd00:ec3::1", "64:ff9b::10.0.0.1", "64:ff9b:2::1", "2001:db8::1", "2002:a00:1::1", "fe00::1"],
  ];
  for (const address of open) assert.equal(isForbiddenAddress(address), false, address);
});

test("loopback is loopback however it is wrapped", () => {
  for (const address of [
    "127.0.0.1",
    "127.9.9.9",
    "::1",
    "::ffff:7f00:1",
    "64:ff9b::127.0.0.1",
    "2002:7f00:1::",
  ])
    assert.equal(isLoopbackAddress(address), true, address);
  for (const address of ["128.0.0.1", "::ffff:10.0.0.1", "fd00::1"])
    assert.equal(isLoopbackAddress(address), false, address);
  assert.deepEqual(readingsOf("64:FF9B::7f00:1"), ["64:ff9b::7f00:1", "127.0.0.1"]);
  assert.deepEqual(readingsOf("2001:0:102:304::f8f7:f6f5"), [
    "2001:0:102:304::f8f7:f6f5",
    "1.2.3.4",
    "7.8.9.10",
  ]);
});

test("files are the operator's: loopback stays open, and what is listed is refused", async () => {
  const policy = createAddressPolicy({ refuse: rules("10.0.0.0/8") }, async () => []);
  assert.equal(await policy("127.0.0.1", 80), undefined);
  assert.equal(await policy("::1", 80), undefined);
  assert.match((await policy("10.1.2.3", 80)) ?? "", /settings refuse it/);
  assert.match((await policy("64:ff9b::10.1.2.3", 80)) ?? "", /settings refuse it/);
  assert.match((await policy("169.254.169.254", 80)) ?? "", /no interceptor lives there/);
});

test("tenants reach neither this machine nor what is the operator's, unless that is listed", async () => {
  const hosts = ["store.test", "10.96.0.1", "fd00::5"];
  const resolve = async () => [at("10.0.0.7"), at("fd00::7")];
  const policy = createAddressPolicy({ tenants: { hosts } }, resolve);
  for (const address of ["127.0.0.1", "::1", ...ownAddresses().filter((own) => !isForbiddenAddress(own))])
    assert.match((await policy(address, 80)) ?? "", /this machine's own/, address);
  for (const address of [
    "10.0.0.7",
    "::ffff:10.0.0.7",
    "fd00::7",
    "10.96.0.1",
    "64:ff9b::10.96.0.1",
    "fd00:0::5",
  ])
    assert.match((await policy(address, 80)) ?? "", /belongs to store, API server or node/, address);
  assert.equal(await policy("10.0.0.8", 80), undefined);
  const deny = [{ host: "127.0.0.1", port: 9000 }];
  const allow = rules("127.0.0.1:8080", "10.0.0.7", "169.254.1.0/24", "127.0.0.1:9000");
  const allowed = createAddressPolicy({ tenants: { hosts }, allow, deny }, resolve);
  assert.equal(await allowed("127.0.0.1", 8080), undefined);
  assert.match((await allowed("127.0.0.1", 8081)) ?? "", /own/);
  assert.equal(await allowed("10.0.0.7", 6379), undefined);
  assert.equal(await allowed("169.254.1.9", 80), undefined);
  assert.match((await allowed("127.0.0.1", 9000)) ?? "", /port of this gateway/);
});

test("the operator's names are resolved again, and what they led to stays closed for a while", async () => {
  const time = { now: 0 };
  let answer: () => Promise<LookupAddress[]> = async () => [at("10.0.0.1")];
  const policy = createAddressPolicy(
    { tenants: { hosts: ["store.test"] } },
    () => answer(),
    () => time.now,
  );
  const closed = async (address: string) => (await policy(address, 1)) !== undefined;
  assert.deepEqual([await closed("10.0.0.1"), await closed("10.0.0.2")], [true, false]);
  answer = async () => [at("10.0.0.2")];
  time.now += 5_000;
  assert.deepEqual([await closed("10.0.0.1"), await closed("10.0.0.2")], [true, true]);
  answer = () => Promise.reject(Object.assign(new Error("again"), { code: "EAI_AGAIN" }));
  time.now += 5_000;
  assert.deepEqual([await closed("10.0.0.1"), await closed("10.0.0.2")], [true, true]);
  time.now += 600_000;
  assert.equal(await closed("10.0.0.1"), false);
});

test("while a name of the operator's cannot be resolved nobody is called; one that does not exist closes nothing", async () => {
  const fail = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));
  const unknown = createAddressPolicy({ tenants: { hosts: ["store.test"] } }, fail("EAI_AGAIN"));
  await assert.rejects(unknown("10.0.0.1", 1), /store\.test cannot be resolved/);
  const absent = createAddressPolicy({ tenants: { hosts: ["store.test"] } }, fail("ENOTFOUND"));
  assert.equal(await absent("10.0.0.1", 1), undefined);
  const maybe = { hosts: [], hostsIfAny: ["api.test"] };
  assert.equal(await createAddressPolicy({ tenants: maybe }, fail("EAI_AGAIN"))("10.0.0.1", 1), undefined);
});
