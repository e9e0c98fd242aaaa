/** `npm run conformance -- [DIR]`: every vector in DIR through the real code; exit code 1 when one fails. */

import { existsSync } from "node:fs";
import { printReport } from "./report.ts";
import { runFolder } from "./runner.ts";
import { SHARED } from "./vectors.ts";

const folder = process.argv[2] ?? SHARED;
if (existsSync(folder)) {
  const report = await runFolder(folder);
  process.stdout.write(printReport(report));
  const failed = report.results.some(({ outcome }) => outcome === "failed");
  process.exitCode = failed || report.results.length === 0 ? 1 : 0;
} else {
  process.stderr.write(`${folder} does not exist: name a folder with vectors, npm run conformance -- DIR\n`);
  process.exitCode = 1;
}
