/** Numbers of things for people: `1 file`, `2 files`. */

/**
 * A count with its noun.
 *
 * @param many the plural; default: the singular with an s.
 */
export function amount(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** The word of two that agrees with a count: `has` and `have`. */
export function agreeing(count: number, one: string, many: string): string {
  return count === 1 ? one : many;
}
