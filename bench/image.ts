/** How the image starts Node, read from its definition: what is measured is what runs in a cluster. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../test/helpers/process.ts";

const text = readFileSync(join(ROOT, "deploy/Dockerfile"), "utf8");

const flags = (/ENTRYPOINT (\[.*\])/.exec(text)?.[1] ?? "").match(/--max-[a-z-]+=\d+/g) ?? [];
const allocator = [...text.matchAll(/\b(MALLOC_[A-Z_]+)=(\d+)/g)];
if (flags.length === 0 || allocator.length === 0) {
  throw new Error(
    "deploy/Dockerfile names no flags of V8, or no MALLOC_… of glibc: this file looks for both",
  );
}

/** Flags of V8, as NODE_OPTIONS takes them. */
export const IMAGE_FLAGS = flags.join(" ");

/** Settings of the C library's allocator. */
export const IMAGE_ENV = Object.fromEntries(allocator.map(([, name = "", value = ""]) => [name, value]));
