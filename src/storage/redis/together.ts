/** What is sent to Redis in one turn leaves with one write, and is read there with one. */

import type { Command, Redis } from "ioredis";

/**
 * Gathers the commands of a turn of the event loop: of a burst of deliveries that takes a tenth off the CPU time here.
 * ioredis's own way, auto-pipelining, builds an object of over a hundred methods for each turn, and lets the commands of
 * the next wait until all of its answers are there.
 */
export function sendTogether(redis: Redis): void {
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (command, into) => {
    // A pipeline writes as one by itself. Before the first connection there is no stream, whatever the type says.
    const stream = into === undefined ? (redis.stream as Redis["stream"] | undefined) : undefined;
    if (stream?.writableCorked === 0) {
      stream.cork();
      setImmediate(() => stream.uncork());
    }
    command.resolve = withoutArguments(command, command.resolve);
    return send(command, into);
  };
}

/**
 * Lets a command that was answered go without its arguments, a body among them. ioredis assigns each command a function,
 * and V8 keeps such functions, with the command, until a full collection of garbage.
 */
function withoutArguments(command: Command, resolve: Command["resolve"]): Command["resolve"] {
  // Returned, not assigned here: this function V8 keeps no longer than it is used.
  return (result) => {
    command.args = [];
    resolve(result);
  };
}
