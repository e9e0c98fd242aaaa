/** An interceptor that is referred to and not there: what is known, and what was probably meant. */

import type { SluiceError } from "../../../core/errors.ts";
import { fault } from "../../../core/errors.ts";
import { nearest } from "../../../core/nearest.ts";
import { isSubdomain } from "../../../core/object-names.ts";
import type { Registry } from "../../../decide/intercept/index.ts";
import { elsewhere, type LocatedDeclarations, quoted } from "../../index.ts";

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
  const declared = declarations.names?.(kind, namespace) ?? [];
  const there = kind === "Interceptor" ? declared : [...new Set([...registry.names, ...declared])];
  const shown = `${there.slice(0, SHOWN).join(", ")}${there.length > SHOWN ? ", …" : ""}` || "none";
  const unknown = (cure: string, more: Readonly<Record<string, string>> = {}): SluiceError =>
    fault("SLUICE_INTERCEPTOR_UNKNOWN", { name, known: shown, cure, ...more });

  const [wrongKind, bare] = name.split("/");
  if (bare !== undefined)
    return unknown(
      `${quoted(wrongKind ?? "")} is no kind of interceptor: write ClusterInterceptor, or leave kind out for one; NamespacedInterceptor for an Interceptor of the listener's namespace.`,
    );
  if (kind === "Interceptor" && registry.has(name))
    return unknown(`${name} is built in: take kind: NamespacedInterceptor out of the reference.`);
  const moved = kind === "Interceptor" ? elsewhere({ kind, namespace, name }, declarations) : undefined;
  if (moved !== undefined) return unknown(moved);
  const known = `Known here${namespace === "" ? "" : ` in namespace ${namespace}`}: ${shown}.`;
  const meant = nearest(name, there);
  if (meant !== undefined) return unknown(`Did you mean ${meant}? ${known}`);
  if (!isSubdomain(name)) return unknown(known);
  const get = `kubectl get ${kind.toLowerCase()} ${name}${namespace === "" ? "" : ` -n ${namespace}`}`;
  return unknown(`Put it among what is declared: ${get} -o yaml > ${name}.yaml. ${known}`, {
    [ABSENT]: kind,
  });
}

/** Names the kind in the values of a fault. */
const ABSENT = "absent";

/** True where nothing of what is declared resembles the name: files may leave the interceptor to the cluster. */
export function mayBeElsewhere({ code, values }: SluiceError): boolean {
  return code === "SLUICE_INTERCEPTOR_UNKNOWN" && values[ABSENT] !== undefined;
}
