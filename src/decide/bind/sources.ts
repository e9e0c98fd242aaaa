/** What of an event a binding's value reads: for checks that ask where a value comes from. */

import { cutValue } from "./expressions.ts";
import { compilePath } from "./path.ts";

/** One expression of a value. */
export interface Source {
  /** As it was written: `$(body.ref)`. */
  readonly expression: string;
  /** body, header, extensions or context; undefined for paths such as `$(*)` that start everywhere. */
  readonly root: string | undefined;
}

/** The expressions of a binding's value in order, without those that cannot be parsed and the empty one. */
export function sourcesOf(value: string): readonly Source[] {
  return cutValue(value).paths.flatMap((path) => {
    if (path === "") return [];
    try {
      return [{ expression: `$(${path})`, root: compilePath(path).root }];
    } catch (error) {
      if (error instanceof SyntaxError) return [];
      throw error;
    }
  });
}
