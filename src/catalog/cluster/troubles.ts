/** Troubles by what they are about: a server that is away makes one, not one for each kind in each namespace. */

import type { SluiceError } from "../../core/errors.ts";

export interface Troubles<Who> {
  /** @param what is told when the first one has it, and mended when the last one lost it. */
  begin(who: Who, what: string, error: SluiceError): void;
  end(who: Who): void;
  /** One for each thing that there is trouble with. @param counts says whose trouble is one. */
  all(counts: (who: Who, error: SluiceError) => boolean): readonly SluiceError[];
}

export function createTroubles<Who>(
  onTrouble?: (what: string, error: SluiceError) => void,
  onMended?: (what: string) => void,
): Troubles<Who> {
  const known = new Map<Who, { readonly what: string; readonly error: SluiceError }>();

  const isKnown = (what: string): boolean => [...known.values()].some((one) => one.what === what);

  return {
    begin(who, what, error) {
      const before = known.get(who);
      const told = isKnown(what);
      known.set(who, { what, error });
      if (before !== undefined && !isKnown(before.what)) onMended?.(before.what);
      if (!told) onTrouble?.(what, error);
    },
    end(who) {
      const before = known.get(who);
      known.delete(who);
      if (before !== undefined && !isKnown(before.what)) onMended?.(before.what);
    },
    all(counts) {
      const real = [...known].filter(([who, { error }]) => counts(who, error));
      return [...new Map(real.map(([, { what, error }]) => [what, error])).values()];
    },
  };
}
