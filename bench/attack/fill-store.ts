/** Row `fill-store`: a sender without a secret fills the store; how many proved deliveries are refused meanwhile. */

import { randomBytes } from "node:crypto";
import { attacked } from "../../test/attack/gateway.ts";
import type { AttackRow } from "./row.ts";

const LARGE = 24;
const SMALL = 2_000;

export const fillStore: AttackRow = {
  name: "fill-store",
  attack: `${LARGE} bodies of 16 MB and ${SMALL} small ones without a secret to each listener of a gateway on a Redis of 512 MB.`,
  async run() {
    await using world = await attacked("512mb");
    const large = JSON.stringify({ ref: randomBytes(8_000_000).toString("hex") });
    const proved = JSON.stringify({ ref: "main", more: "x".repeat(20_000) });
    const counts = { refused: 0, unproved: 0 };
    const legitimate = async () => {
      const { status } = await world.send("proof", proved, { token: "s3cret" });
      if (status !== 202) counts.refused++;
    };
    for (const to of ["picky", "open", "proof"]) {
      for (let i = 0; i < LARGE; i++) {
        if ((await world.send(to, large)).status !== 202) counts.unproved++;
        await legitimate();
      }
      for (let i = 0; i < SMALL; i += 20) {
        await Promise.all(Array.from({ length: 20 }, () => world.send(to, '{"ref":"x"}')));
        await legitimate();
      }
    }
    return [
      { what: "proved deliveries refused", measured: counts.refused, atMost: 0 },
      { what: `unproved bodies refused, of ${3 * LARGE}`, measured: counts.unproved },
    ];
  },
};
