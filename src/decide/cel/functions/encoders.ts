/** cel-go's encoders library: base64. */

import type { Overload } from "../functions.ts";
import { overload } from "../functions.ts";
import { fail } from "../values.ts";

export const encoders: readonly Overload[] = [
  overload("base64.encode", "(bytes) -> string", ({ work }, bytes: Uint8Array) => {
    work.charge(10 + bytes.length / 8);
    return Buffer.from(bytes).toString("base64");
  }),
  overload("base64.decode", "(string) -> bytes", ({ work }, text: string) => {
    work.charge(10 + text.length / 2);
    // Line ends are skipped and the padding may be missing, as with Go's StdEncoding and RawStdEncoding.
    const compact = text.replace(/[\r\n]/g, "");
    const plain = /^[A-Za-z0-9+/]*(={0,2})$/.exec(compact);
    const padded = plain !== null && (plain[1] === "" ? compact.length % 4 !== 1 : compact.length % 4 === 0);
    return padded ? Buffer.from(compact, "base64") : fail("illegal base64 data");
  }),
];
