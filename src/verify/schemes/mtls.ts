/** The client certificate of a TLS connection: who it is for. That a trusted authority signed it was checked before. */

import type { Scheme } from "../scheme.ts";

/** @param parameters `subject` or `san`, and the one that must stand there. */
export function mtls([kind, wanted = ""]: readonly string[]): Scheme {
  return {
    provider: "the sender's TLS client",
    places: ["the client certificate"],
    claims({ client }) {
      if (client === undefined) return undefined;
      const holds = kind === "subject" ? client.subject === wanted : client.names.includes(wanted);
      const refuted = holds ? undefined : "it is for somebody else";
      return [{ kind: "own", refutedBy: async () => refuted }];
    },
  };
}
