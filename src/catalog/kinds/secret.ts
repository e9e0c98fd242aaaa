/** Secret: keys to bytes, from base64 `data` and plain `stringData`. */

import type { JsonObject } from "../../core/json.ts";
import type { SecretData } from "../../core/secrets.ts";
import type { Findings } from "../findings.ts";
import { createFindings } from "../findings.ts";
import type { Shaped } from "../shape.ts";
import { anything, lenient, mapOf, struct, textMap } from "../shape.ts";
import { checkSubdomain, readMetadata } from "./metadata.ts";
import { base64 } from "./scalars.ts";

export interface Secret {
  readonly namespace: string;
  readonly name: string;
  readonly data: SecretData;
}

// Fields beside these (type, immutable) say nothing about the values.
const secret = lenient(struct({ metadata: anything, data: mapOf(base64, ""), stringData: textMap }));

const KEY = /^[-._a-zA-Z0-9]{1,253}$/;

/** Reads a Secret as the API server does: where a key stands in both, stringData wins. Undefined when it is refused. */
export function readSecret(
  object: JsonObject,
  defaultNamespace: string,
  findings: Findings,
): Secret | undefined {
  const metadata = readMetadata(object, defaultNamespace, findings);
  checkSubdomain(metadata, findings);
  const read = readQuietly(object, findings);
  const data = new Map<string, Buffer>();
  for (const [key, value] of Object.entries(read.data ?? {})) data.set(key, Buffer.from(value, "base64"));
  for (const [key, value] of Object.entries(read.stringData ?? {})) data.set(key, Buffer.from(value, "utf8"));
  for (const key of data.keys()) {
    if (!KEY.test(key))
      findings.add(["data", key], 'must be a key of letters, digits, "-", "_" and ".", at most 253');
  }
  if (findings.found.length > 0) return undefined;
  return { namespace: metadata.namespace, name: metadata.name, data };
}

/** Reads the fields without ever quoting a value: faults are logged and shown. */
function readQuietly(object: JsonObject, findings: Findings): Shaped<typeof secret> {
  const loud = createFindings();
  const read = secret(object, [], { findings: loud, strict: false });
  for (const { path } of loud.found) {
    const [field, key] = path;
    const wanted = field === "data" && key !== undefined ? "base64 text" : "text; quote numbers and booleans";
    findings.add(path, key === undefined ? "must be an object" : `must be ${wanted}`);
  }
  return read ?? {};
}
