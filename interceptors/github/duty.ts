/** What github does beyond proof and filter: a duty for some event types. */

import type { Event } from "../../src/core/delivery.ts";
import type { Verdict } from "../../src/core/interceptor.ts";

/** One thing that is done for some event types; it may add extensions or stop. */
export interface Duty {
  readonly eventTypes: readonly string[];
  /** Those of them for which GitHub's API is asked. */
  readonly remoteTypes: readonly string[];
  /** @throws GithubRefusal when the payload or GitHub's answer does not serve. */
  run(event: Event, eventType: string): Verdict | Promise<Verdict>;
}
