/** Backups on every store, and from one kind of store to another. */

import { after, before, describe } from "node:test";
import { backupContract } from "../../contracts/backup.ts";
import { STORE_DRIVERS, type StoreDriver } from "../../helpers/stores.ts";

type Kind = keyof typeof STORE_DRIVERS;

const WAYS: readonly (readonly [Kind, Kind])[] = [
  ["redis", "redis"],
  ["redis", "postgres"],
  ["postgres", "embedded"],
  ["embedded", "redis"],
];

describe("a backup", () => {
  const drivers = new Map<Kind, StoreDriver>();
  before(async () => {
    for (const kind of ["redis", "postgres", "embedded"] as const)
      drivers.set(kind, await STORE_DRIVERS[kind]());
  });
  after(async () => {
    for (const driver of drivers.values()) await driver[Symbol.asyncDispose]();
  });
  const open = (kind: Kind) => () => (drivers.get(kind) as StoreDriver).open();
  for (const [from, to] of WAYS) backupContract(`${from} to ${to}`, { from: open(from), to: open(to) });
});
