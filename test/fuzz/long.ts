/** `node test/fuzz/long.ts [cases] [seed]`: the fuzz test for as long as you like; 100,000 cases by default. */

import { fuzz } from "./property.ts";

const [cases = "100000", seed] = process.argv.slice(2);
const from = performance.now();
const count = await fuzz(Number(cases), seed === undefined ? undefined : Number(seed));
const seconds = (performance.now() - from) / 1_000;
console.log(
  JSON.stringify({
    ...count,
    seconds: Math.round(seconds),
    casesPerSecond: Math.round(count.cases / seconds),
  }),
);
