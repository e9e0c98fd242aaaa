/** Work that is under way at the same time: so much of it and no more, and nobody waits for it beyond an end. */

export interface Crowd {
  /** Whether the end has come. */
  over(): boolean;
  /** Takes in work that never rejects. @returns what to wait for before the next is begun. */
  add(work: Promise<unknown>): Promise<unknown>;
  /** Resolves when all work is done, or at the end. */
  done(): Promise<unknown>;
}

/** @param until what is not done when it resolves is left alone; absent: everything is waited for. */
export function createCrowd(most: number, until?: Promise<unknown>): Crowd {
  const present = new Set<Promise<unknown>>();
  let over = false;
  const end = until?.then(() => {
    over = true;
  });
  const orEnd = (work: Promise<unknown>): Promise<unknown> =>
    end === undefined ? work : Promise.race([work, end]);

  return {
    over: () => over,
    add(work) {
      const one = work.finally(() => present.delete(one));
      present.add(one);
      return present.size < most ? Promise.resolve() : orEnd(Promise.race(present));
    },
    done: () => (present.size === 0 ? Promise.resolve() : orEnd(Promise.all(present))),
  };
}
