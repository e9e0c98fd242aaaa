/** Bitbucket's deliveries: events of Cloud and of Data Center have different names and different payloads. */

import { CLOUD } from "./bitbucket-cloud.ts";
import { DATA_CENTER } from "./bitbucket-data-center.ts";
import { JSON_TYPE, type Sender } from "./sender.ts";

export const bitbucket: Sender = {
  name: "bitbucket",
  scheme: "bitbucket",
  events: [...Object.keys(CLOUD), ...Object.keys(DATA_CENTER)],
  headers(event, id) {
    // A tag's push and a branch's have the same key.
    const key = event.split(".")[0] as string;
    if (Object.hasOwn(DATA_CENTER, event) || /^(pr|diagnostics|mirror):/.test(key)) {
      return { ...JSON_TYPE, "user-agent": "Atlassian HttpClient", "x-event-key": key, "x-request-id": id };
    }
    return {
      ...JSON_TYPE,
      "user-agent": "Bitbucket-Webhooks/2.0",
      "x-event-key": key,
      "x-request-uuid": id,
      "x-hook-uuid": "b6c1a0f4-5d27-4e8b-9a3c-7f2e1d0c9b8a",
      "x-attempt-number": "1",
    };
  },
  payload(event) {
    if (Object.hasOwn(CLOUD, event)) return CLOUD[event];
    return Object.hasOwn(DATA_CENTER, event) ? DATA_CENTER[event] : undefined;
  },
};
