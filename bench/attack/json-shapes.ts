/** Fifty shapes of JSON bodies, as large as they may be, six at once. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../../test/helpers/folder.ts";
import { startGateway } from "../../test/helpers/gateway.ts";
import { SHAPES } from "../../test/helpers/json-shapes.ts";
import { writeOpenListeners } from "../../test/helpers/open-listener.ts";
import { startRedis } from "../../test/helpers/redis.ts";
import { IMAGE_ENV, IMAGE_FLAGS } from "../image.ts";
import { flood } from "./flood.ts";
import { longest, p99, probe } from "./probe.ts";
import type { AttackRow } from "./row.ts";

const turnOf = (path: string): number => Math.round(Number(readFileSync(path, "utf8")));

const BYTES = 24_900_000;
const AT_ONCE = 6;

export const jsonShapes: AttackRow = {
  name: "json-shapes",
  attack: "fifty shapes of JSON, 25 MB each, six at once, to a listener that demands no proof",
  async run() {
    using folder = temporaryFolder("sluice-attack-");
    await using redis = await startRedis();
    const turns = join(folder.path, "turns");
    process.env["BENCH_TURNS"] = turns;
    process.env["NODE_OPTIONS"] = `${IMAGE_FLAGS} --import ${join(import.meta.dirname, "turns.ts")}`;
    Object.assign(process.env, IMAGE_ENV);
    const gateway = await startGateway([
      ...["--config", writeOpenListeners(folder.path), "--store", redis.url],
      ...["--create", `directory:${join(folder.path, "runs")}`, "--max-body-unproved", "25MB"],
    ]);
    delete process.env["NODE_OPTIONS"];
    try {
      let [worstHealth, worstTurn, slowest, worstP99, refused, peak] = [0, 0, "", 0, 0, 0];
      for (const [name, shape] of Object.entries(SHAPES)) {
        const body = shape(BYTES);
        process.kill(gateway.pid, "SIGUSR2");
        const six = flood(`${gateway.url}/default/open`, body, AT_ONCE);
        const seen = await probe(gateway, "/default/other", six);
        worstHealth = Math.max(worstHealth, longest(seen.health));
        const turn = turnOf(turns);
        if (turn > worstTurn) [worstTurn, slowest] = [turn, name];
        worstP99 = Math.max(worstP99, p99(seen.deliveries));
        refused += seen.refused;
        peak = seen.peakRssMiB;
        process.stdout.write(
          `    ${name}: health ${Math.round(longest(seen.health))} ms, others ${Math.round(p99(seen.deliveries))} ms, turn ${turn} ms, ${peak} MiB\n`,
        );
      }
      return [
        { what: "peak RSS, MiB", measured: peak, atMost: 700 },
        { what: `longest turn of the event loop, ms of CPU (${slowest})`, measured: worstTurn, atMost: 250 },
        { what: "longest answer of /healthz, ms", measured: worstHealth },
        { what: "p99 of other deliveries at the worst shape, ms", measured: worstP99, atMost: 1_000 },
        { what: "other deliveries refused", measured: refused, atMost: 0 },
      ];
    } finally {
      await gateway.stop();
    }
  },
};
