/** Requests that never end, as many as fill the memory for bodies. */

import { join } from "node:path";
import { temporaryFolder } from "../../test/helpers/folder.ts";
import { startGateway } from "../../test/helpers/gateway.ts";
import { hang } from "../../test/helpers/hanging.ts";
import { writeOpenListeners } from "../../test/helpers/open-listener.ts";
import { startRedis } from "../../test/helpers/redis.ts";
import { p99, probe } from "./probe.ts";
import type { AttackRow, Figure } from "./row.ts";

const MANY = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"];

export const slowBodies: AttackRow = {
  name: "slow-bodies",
  attack: "14 and 200 requests that announce 25 MB, send a part and hang, from one address and from four",
  async run() {
    using folder = temporaryFolder("sluice-attack-");
    await using redis = await startRedis();
    const gateway = await startGateway([
      ...["--config", writeOpenListeners(folder.path), "--store", redis.url],
      ...["--create", `directory:${join(folder.path, "runs")}`, "--max-body-unproved", "25MB"],
    ]);
    try {
      const figures: Figure[] = [];
      for (const [count, sent] of [
        [14, 20_000_000],
        [200, 1_500_000],
      ] as const) {
        for (const from of [["127.0.0.1"], MANY]) {
          const attack = async (): Promise<void> => {
            await using hanging = await hang({
              ...{ url: gateway.url, path: "/default/open", announced: 24_900_000, count, sent, from },
            });
            await hanging.ended;
          };
          const both = await Promise.all([
            probe(gateway, "/default/open", attack()),
            probe(gateway, "/default/other", attack()),
          ]);
          const what = `${2 * count} from ${from.length}`;
          const refused = both.reduce((sum, seen) => sum + seen.refused, 0);
          figures.push(
            { what: `${what}: legitimate deliveries refused`, measured: refused, atMost: 0 },
            { what: `${what}: p99 of legitimate deliveries, ms`, measured: p99(both[1].deliveries) },
          );
        }
      }
      return figures;
    } finally {
      await gateway.stop();
    }
  },
};
