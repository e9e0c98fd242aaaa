/** ClusterInterceptor and Interceptor: where an interceptor outside this process is reached. */

import type { JsonObject } from "../../core/json.ts";
import { ownValue } from "../../core/json.ts";
import type { Findings } from "../findings.ts";
import { anything, int32Pointer, objectOrEmpty, struct, text } from "../shape.ts";
import { base64, url } from "./scalars.ts";

const interceptor = struct({
  apiVersion: text,
  kind: text,
  metadata: anything,
  spec: struct({
    clientConfig: struct({
      caBundle: base64,
      url,
      service: struct({ name: text, namespace: text, path: text, port: int32Pointer }),
    }),
  }),
  // Written by Tekton's controller; `status.address.url` goes before clientConfig there.
  status: struct({
    observedGeneration: anything,
    conditions: anything,
    annotations: anything,
    address: anything,
  }),
});

/** Reads and validates either kind; the spec stays as written. Undefined when its fields have the wrong shape. */
export function readInterceptor(object: JsonObject, findings: Findings): JsonObject | undefined {
  const read = interceptor(object, [], { findings, strict: true });
  if (read === undefined || findings.found.length > 0) return undefined;
  const { url: address, service } = read.spec?.clientConfig ?? {};
  const path = ["spec", "clientConfig"];
  if (address !== undefined && service !== undefined)
    findings.add(path, "must have url or service, has both");
  if (service !== undefined) {
    if (service.name === undefined) findings.add([...path, "service", "name"], "is missing");
    if (service.namespace === undefined) findings.add([...path, "service", "namespace"], "is missing");
  }
  return objectOrEmpty(ownValue(object, "spec"));
}
