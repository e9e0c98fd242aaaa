/** Addresses of Postgres: one host or several, as libpq reads them, and what is refused. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { SluiceError } from "../../../src/core/errors.ts";
import { parsePostgresAddress } from "../../../src/storage/postgres/address.ts";
import { storeHosts } from "../../../src/storage/url.ts";

const placesOf = (text: string) => parsePostgresAddress(text).places.map(({ name, url }) => `${name} ${url}`);

test("several hosts become one address each, in their order", () => {
  assert.deepEqual(
    placesOf("postgres://u:p%40@a,b:5433,[::1]:1/db?target_session_attrs=primary&sslmode=disable"),
    [
      "a:5432 postgres://u:p%40@/db?host=a&sslmode=disable",
      "b:5433 postgres://u:p%40@/db?host=b&port=5433&sslmode=disable",
      "[::1]:1 postgres://u:p%40@/db?host=%3A%3A1&port=1&sslmode=disable",
    ],
  );
  assert.deepEqual(placesOf("postgresql:///db?host=a,b&port=1"), [
    "a:1 postgresql:///db?host=a&port=1",
    "b:1 postgresql:///db?host=b&port=1",
  ]);
  assert.deepEqual(placesOf("postgres:///db?host=/run/postgresql"), [
    "/run/postgresql postgres:///db?host=%2Frun%2Fpostgresql",
  ]);
});

test("a server that takes writes is asked for where there are several, unless told otherwise", () => {
  const attrsOf = (text: string) => parsePostgresAddress(text).attrs;
  assert.equal(attrsOf("postgres://a/db"), "any");
  assert.equal(attrsOf("postgres://a,b/db"), "read-write");
  assert.equal(attrsOf("postgres://a,b/db?target_session_attrs=any"), "any");
  assert.equal(attrsOf("postgres://a,b/db?target_session_attrs=primary"), "primary");
});

test("hosts are named one by one, sockets are not; passwords are masked", () => {
  assert.deepEqual(storeHosts("postgres://u:p@a:1,[::1]/db"), ["a", "::1"]);
  assert.deepEqual(storeHosts("postgres:///db?host=/run/postgresql"), []);
  const { shown } = parsePostgresAddress(
    "postgres://u:hunter2@a,b/db?sslpassword=hunter2&application_name=x",
  );
  assert.equal(shown, "postgres://u:***@a,b/db?sslpassword=***&application_name=x");
});

test("what is no address is refused, without showing it", () => {
  const wrong = [
    "postgres://u:hunter2@h:99999/db",
    "postgres://u:hun?ter2@h/db",
    "postgres://u:%zz@h/db",
    "postgres://u:hunter2@a,,b/db",
    "postgres://hunter2:1:2/db",
    "postgres:///db?host=a,b,c&port=1,2",
    "postgres://a,b/db?target_session_attrs=standby",
  ];
  for (const text of wrong)
    assert.throws(
      () => parsePostgresAddress(text),
      (error) =>
        error instanceof SluiceError &&
        error.code === "SLUICE_CONFIG_INVALID" &&
        !error.message.includes("hunter2"),
      text,
    );
});
