/** An interceptor that is referred to and not there: what is known, and what was probably meant. */

import { elsewhere, type LocatedDeclarations, quoted } from "../catalog/index.ts";
import type { SluiceError } from "../core/errors.ts";
import { fault } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import { isSubdomain } from "../core/object-names.ts";
import type { Registry } from "../intercept/registry.ts";

/** Names that a fault lists at most. */
const SHOWN = 12;

/**
 * SLUICE_INTERCEPTOR_UNKNOWN.
 *
 * @param namespace where an Interceptor was looked for; "" for a ClusterInterceptor.
 */
export function unknownInterceptor(
  kind: "ClusterInterceptor" | "Interceptor",
  namespace: string,
  name: string,
  { registry, declarations }: { readonly registry: Registry; readonly declarations: LocatedDeclarations },
): SluiceError {
  const [wrongKind, bare] = name.split("/");
  if (bare !== undefined) {
    const cure = `${quoted(wrongKind ?? "")} is no kind of interceptor: write ClusterInterceptor, or leave kind out for one; NamespacedInterceptor for an Interceptor of the listener's namespace.`;
    return fault("SLUICE_INTERCEPTOR_UNKNOWN", { name, known: registry.names.join(", "), cure });
  }
  const declared = declarations.names?.(kind, namespace) ?? [];
  const there = kind === "Interceptor" ? declared : [...new Set([...registry.names, ...declared])];
  if (kind === "Interceptor" && registry.has(name)) {
    const cure = `${name} is built in: take kind: NamespacedInterceptor out of the reference.`;
    return fault("SLUICE_INTERCEPTOR_UNKNOWN", { name, known: there.join(", ") || "none", cure });
  }
  const moved = kind === "Interceptor" ? elsewhere({ kind, namespace, name }, declarations) : undefined;
  if (moved !== undefined)
    return fault("SLUICE_INTERCEPTOR_UNKNOWN", { name, known: there.join(", ") || "none", cure: moved });
  const meant = nearest(name, there);
  const shown = `${there.slice(0, SHOWN).join(", ")}${there.length > SHOWN ? ", …" : ""}` || "none";
  const where = namespace === "" ? "" : ` in namespace ${namespace}`;
  const known = `Known here${where}: ${shown}.`;
  if (meant !== undefined || !isSubdomain(name)) {
    const cure = meant === undefined ? known : `Did you mean ${meant}? ${known}`;
    return fault("SLUICE_INTERCEPTOR_UNKNOWN", { name, known: shown, cure });
  }
  const get = `kubectl get ${kind.toLowerCase()} ${name}${namespace === "" ? "" : ` -n ${namespace}`}`;
  const cure = `Put it among what is declared: ${get} -o yaml > ${name}.yaml. ${known}`;
  return fault("SLUICE_INTERCEPTOR_UNKNOWN", { name, known: shown, cure, [ABSENT]: kind });
}

/** Names the kind in the values of a fault. */
const ABSENT = "absent";

/** True where nothing of what is declared resembles the name: files may leave the interceptor to the cluster. */
export function mayBeElsewhere({ code, values }: SluiceError): boolean {
  return code === "SLUICE_INTERCEPTOR_UNKNOWN" && values[ABSENT] !== undefined;
}
