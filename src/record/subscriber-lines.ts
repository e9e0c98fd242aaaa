/** Log lines about CloudEvents to a listener's cloudEventURI: one while it is away, one when it is back. */

import type { ObjectName } from "../core/delivery.ts";
import type { Fact } from "../core/fact.ts";
import { foreign } from "./foreign.ts";

const named = ({ namespace, name }: ObjectName): string => `${namespace}/${name}`;

type Of<T extends Fact["type"]> = Extract<Fact, { readonly type: T }>;

/** Entries of the table of lines. */
export const SUBSCRIBER_LINES = {
  "subscriber.away": {
    level: () => "warn" as const,
    message: ({ listener, url, reason }: Of<"subscriber.away">) =>
      `cloudEventURI of ${named(listener)} is away, its CloudEvents are lost, deliveries are not: ${foreign(url)}: ${foreign(reason)}`,
    fields: ({ listener }: Of<"subscriber.away">) => ({ listener: named(listener) }),
  },
  "subscriber.back": {
    level: () => "info" as const,
    message: ({ listener, lost }: Of<"subscriber.back">) =>
      `cloudEventURI of ${named(listener)} is back; CloudEvents lost meanwhile: ${lost}`,
    fields: ({ listener, after, lost }: Of<"subscriber.back">) => ({
      ...{ listener: named(listener), after: Math.round(after), lost },
    }),
  },
  "cloudevent.lost": {
    level: () => "debug" as const,
    message: ({ listener, why }: Of<"cloudevent.lost">) =>
      `a CloudEvent of ${named(listener)} is lost: ${why}`,
    fields: ({ listener, why }: Of<"cloudevent.lost">) => ({ listener: named(listener), why }),
  },
};
