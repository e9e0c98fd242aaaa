/** What may be forgotten, as the settings say. */

import type { RetentionPolicy } from "../core/retention.ts";
import type { Settings } from "./schema.ts";

export function retentionOf(settings: Settings): RetentionPolicy {
  const { retention, retentionDead, retentionPayload, retentionCount, retentionBytes } = settings;
  return {
    age: retention,
    deadAge: retentionDead,
    payloadAge: retentionPayload,
    ...(retentionCount !== undefined && { count: retentionCount }),
    ...(retentionBytes !== undefined && { bytes: retentionBytes }),
  };
}
