/** Addresses of Redis: each form is taken apart as written, and whatever is not understood is refused. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SluiceError } from "../../../src/core/errors.ts";
import { parseRedisAddress } from "../../../src/storage/redis/address.ts";

test("one server: host, port, database and login, percent-decoded", () => {
  assert.deepEqual(parseRedisAddress("redis://ci:p%40s%3As%25@cache.example:6380/2"), {
    place: { kind: "server", host: "cache.example", port: 6380 },
    login: { username: "ci", password: "p@s:s%" },
    db: 2,
    shown: "redis://ci:***@cache.example:6380/2",
  });
  assert.deepEqual(parseRedisAddress("redis://:word@[::1]"), {
    place: { kind: "server", host: "::1", port: 6379 },
    login: { password: "word" },
    db: 0,
    shown: "redis://:***@[::1]",
  });
});

test("TLS: the files, and the name that the certificate bears", () => {
  const { tls, place } = parseRedisAddress("rediss://h?ca=/tls/ca.pem&cert=c.pem&key=k.pem&servername=cache");
  assert.deepEqual(place, { kind: "server", host: "h", port: 6379 });
  assert.deepEqual(tls, { ca: "/tls/ca.pem", cert: "c.pem", key: "k.pem", servername: "cache" });
  assert.deepEqual(parseRedisAddress("rediss://h").tls, {});
  assert.equal(parseRedisAddress("redis://h").tls, undefined);
});

test("a socket", () => {
  const { place, login, db } = parseRedisAddress(
    "redis+unix:///run/a%20b/redis.sock?db=3&username=u&password=p",
  );
  assert.deepEqual(place, { kind: "socket", path: "/run/a b/redis.sock" });
  assert.deepEqual({ login, db }, { login: { username: "u", password: "p" }, db: 3 });
});

test("Sentinels, the master they know, and two logins", () => {
  const address = parseRedisAddress(
    "rediss+sentinel://ci:word@a,b:1234/my-master?db=1&sentinelUsername=s&sentinelPassword=t&ca=ca.pem",
  );
  assert.deepEqual(address, {
    place: {
      kind: "sentinel",
      sentinels: [
        { host: "a", port: 26_379 },
        { host: "b", port: 1234 },
      ],
      master: "my-master",
      login: { username: "s", password: "t" },
    },
    login: { username: "ci", password: "word" },
    db: 1,
    tls: { ca: "ca.pem" },
    shown:
      "rediss+sentinel://ci:***@a,b:1234/my-master?db=1&sentinelUsername=s&sentinelPassword=***&ca=ca.pem",
  });
});

test("a Cluster", () => {
  assert.deepEqual(parseRedisAddress("redis+cluster://a:1,b").place, {
    kind: "cluster",
    nodes: [
      { host: "a", port: 1 },
      { host: "b", port: 6379 },
    ],
  });
});

test("what is not understood is refused, with a reason that names what was expected", () => {
  const wrong: Readonly<Record<string, RegExp>> = {
    "redis://a,b": /several hosts need redis\+sentinel/,
    "redis://h:0": /host:port/,
    "redis://h:65536": /host:port/,
    "redis://h:1:2": /host:port/,
    "redis:// h": /host:port/,
    "redis://h/0/1": /number of a database/,
    "redis://h/-1": /number of a database/,
    "redis://h?ca=x": /takes no parameters/,
    "rediss://h?ca=": /ca, cert, key, servername/,
    "rediss://h?ca=1&ca=2": /each once/,
    "rediss://h?cert=c.pem": /cert and key go together/,
    "redis://u:%zz@h": /%25/,
    "rediss+unix:///a": /no TLS/,
    "redis+unix://h/a": /names a path/,
    "redis+unix://": /names a path/,
    "redis+sentinel://a": /names the master/,
    "redis+sentinel://a/m/1": /names the master/,
    "redis+sentinel://a/m?db=x": /db is a number/,
    "redis+cluster://a/1": /one database/,
    "redis+cluster://a?__proto__=1": /takes no parameters/,
    "redis+foo://a": /of the form/,
    "redis://h#x": /of the form/,
  };
  for (const [text, reason] of Object.entries(wrong)) {
    assert.throws(
      () => parseRedisAddress(text),
      (error) =>
        error instanceof SluiceError &&
        error.code === "SLUICE_CONFIG_INVALID" &&
        error.values["key"] === "store" &&
        reason.test(error.message),
      text,
    );
  }
});
