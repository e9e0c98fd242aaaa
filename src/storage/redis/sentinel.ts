/** The way to a master under Sentinel, without the trap in which ioredis loses a connection for ever. */

import type { SentinelConnectionOptions } from "ioredis";
import { SentinelConnector } from "ioredis";

/**
 * ioredis's connector, but whoever connects anew hears no more of the failover that he has noticed already.
 *
 * ioredis leaves the failover detector of the lost connection listening while it looks for the next master. When
 * Sentinel tells of the switch just then, the detector calls the attempt off, and ioredis takes that for the caller's
 * wish to end: the connection never comes back, and its worker takes no job again. Seen with ioredis 6.0.0.
 */
export class SteadySentinelConnector extends SentinelConnector {
  // ioredis wants a constructor that takes anything, and calls it with the connection's own options.
  constructor(options: unknown) {
    super(options as SentinelConnectionOptions);
  }

  override connect(...given: Parameters<SentinelConnector["connect"]>) {
    this.disconnect();
    return super.connect(...given);
  }
}
