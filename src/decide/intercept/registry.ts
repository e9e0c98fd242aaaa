/** The built-in interceptors by name. */

import { fault } from "../../core/errors.ts";
import type { Interceptor } from "../../core/interceptor.ts";

export interface Registry {
  /** In the order they were listed. */
  readonly names: readonly string[];
  has(name: string): boolean;
  /** @throws SluiceError SLUICE_INTERCEPTOR_UNKNOWN, listing the known ones. */
  get(name: string): Interceptor;
}

/**
 * Makes a registry.
 *
 * @throws Error when two interceptors share a name: a defect of the list.
 */
export function createRegistry(interceptors: readonly Interceptor[]): Registry {
  const byName = new Map<string, Interceptor>();
  for (const interceptor of interceptors) {
    if (byName.has(interceptor.name)) throw new Error(`two interceptors are called ${interceptor.name}`);
    byName.set(interceptor.name, interceptor);
  }
  const names = [...byName.keys()];
  return {
    names,
    has: (name) => byName.has(name),
    get(name) {
      const interceptor = byName.get(name);
      if (interceptor === undefined)
        throw fault("SLUICE_INTERCEPTOR_UNKNOWN", { name, known: names.join(", ") });
      return interceptor;
    },
  };
}
