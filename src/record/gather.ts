/** Lines that go out together: under load one write for what was said within some milliseconds, not one for each line. */

/** Takes whole lines, newline included. */
export interface LineSink {
  write(line: string): unknown;
}

export interface Gathered extends LineSink {
  /** Passes on at once what has been gathered. */
  flush(): void;
}

/** Characters that are passed on without waiting for more. */
const ENOUGH = 65_536;

/** @param lingerMs milliseconds that a line waits for others at most. */
export function gather(sink: LineSink, lingerMs: number): Gathered {
  let lines = "";
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const ready = lines;
    lines = "";
    if (ready !== "") sink.write(ready);
  }

  return {
    write(line) {
      lines += line;
      if (lines.length >= ENOUGH) flush();
      // Whoever waits to exit need not wait for lines: at the exit they are flushed.
      else timer ??= setTimeout(flush, lingerMs).unref();
    },
    flush,
  };
}
