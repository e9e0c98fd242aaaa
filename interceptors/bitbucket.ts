/** Bitbucket Cloud and Data Center: X-Hub-Signature and the event types of X-Event-Key. Pings are signed like all else. */

import { defineInterceptor } from "../src/core/interceptor.ts";
import { eventFilter, gitHostShape, proofOf } from "./git-host.ts";
import { flag, object, readParams } from "./params.ts";

// Ours: Tekton lets the sender choose sha1, which Bitbucket itself no longer writes.
const shape = object({ ...gitHostShape, allowSha1: flag });

export const bitbucket = defineInterceptor({
  name: "bitbucket",
  summary: "Proves X-Hub-Signature and lets the named X-Event-Key types pass",
  shape,
  compile(params, tools) {
    const { secretRef, eventTypes, allowSha1 = false } = readParams("bitbucket", shape, params);
    return {
      ...proofOf("bitbucket", secretRef, tools, allowSha1 ? ["sha1"] : []),
      ...(eventTypes && { filters: true }),
      intercept: eventFilter("X-Event-Key", eventTypes),
    };
  },
});
