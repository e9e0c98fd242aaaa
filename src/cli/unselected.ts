/** What no listener of the files uses: the listener may stand elsewhere, so that each is compiled by itself. */

import { type LocatedDeclarations, triggersOf } from "../catalog/index.ts";
import { ELSEWHERE, lintBinding, lintTemplate } from "../catalog/lint/index.ts";
import type { SluiceError } from "../core/errors.ts";
import { asFault, fault } from "../core/errors.ts";
import type { EventListener, TektonObject, Trigger, TriggerSpec } from "../core/tekton.ts";
import type { Registry } from "../decide/intercept/index.ts";
import { compileRemote } from "../decide/intercept/index.ts";

/** Triggers that no listener of these declarations fires. */
export function unselected(declarations: LocatedDeclarations): readonly Trigger[] {
  const selected = new Set(
    declarations.listeners.flatMap((listener) =>
      triggersOf(listener, declarations).groups.flatMap(({ triggers }) => triggers.map(({ owner }) => owner)),
    ),
  );
  return declarations.triggers("*").filter((trigger) => !selected.has(trigger));
}

/**
 * Declarations in which a listener {@link ELSEWHERE} of each namespace fires these triggers. What proves their senders is
 * its own affair, so none is said to demand no proof.
 */
export function withElsewhere(
  declarations: LocatedDeclarations,
  triggers: readonly Trigger[],
): LocatedDeclarations {
  const byNamespace = Map.groupBy(triggers, ({ metadata }) => metadata.namespace);
  const listeners = [...byNamespace].map(([namespace, own]): EventListener => {
    const annotations = { "sluice.dev/verification": "none" };
    const metadata = { name: ELSEWHERE, namespace, labels: {}, annotations };
    const refs = own.map(({ metadata: { name } }) => ({ triggerRef: name }));
    return { kind: "EventListener", metadata, spec: { triggers: refs, triggerGroups: [] } };
  });
  return { ...declarations, listeners: [...declarations.listeners, ...listeners] };
}

interface Found {
  readonly errors: readonly SluiceError[];
  readonly warnings: readonly SluiceError[];
}

/** Looks at the bindings, templates and interceptors that no trigger names. */
export function lintUnused(declarations: LocatedDeclarations, registry: Registry): Found {
  const used = namedBy(declarations);
  const found = (declarations.objects ?? [])
    .filter((object) => !used.has(object))
    .map((object) => lintAlone(object, declarations, registry));
  return {
    errors: found.flatMap(({ errors }) => errors),
    warnings: found.flatMap(({ warnings }) => warnings),
  };
}

function lintAlone(object: TektonObject, declarations: LocatedDeclarations, registry: Registry): Found {
  switch (object.kind) {
    case "TriggerTemplate":
      return lintTemplate(object, declarations);
    case "TriggerBinding":
    case "ClusterTriggerBinding":
      return lintBinding(object, declarations);
    case "ClusterInterceptor":
      // Tekton's own stand for the built-in ones, which have no address here.
      if (registry.has(object.metadata.name)) break;
      return lintInterceptor(object, declarations);
    case "Interceptor":
      return lintInterceptor(object, declarations);
  }
  return { errors: [], warnings: [] };
}

function lintInterceptor(
  object: Extract<TektonObject, { kind: "ClusterInterceptor" | "Interceptor" }>,
  declarations: LocatedDeclarations,
): Found {
  const { metadata, spec, status, kind } = object;
  try {
    compileRemote({ name: metadata.name, spec, params: {}, ...(status && { status }) });
    return { errors: [], warnings: [] };
  } catch (thrown) {
    const { code, values } = asFault(thrown);
    const at = declarations.locate?.(object, (values["field"] ?? "").split("."));
    const place = metadata.namespace === "" ? metadata.name : `${metadata.namespace}/${metadata.name}`;
    return { errors: [fault(code, { ...values, object: `${kind} ${place}` }, at && { at })], warnings: [] };
  }
}

/** Objects that some trigger or group names, whether or not a listener selects it: compiling looks at those. */
function namedBy(declarations: LocatedDeclarations): ReadonlySet<TektonObject> {
  const named = new Set<TektonObject>();
  const add = (object: TektonObject | undefined): void => void (object && named.add(object));
  const interceptors = (
    { interceptors: specs }: Pick<TriggerSpec, "interceptors">,
    namespace: string,
  ): void => {
    for (const { ref } of specs)
      if (ref?.kind === "ClusterInterceptor") add(declarations.find("ClusterInterceptor", "", ref.name));
      else if (ref !== undefined) add(declarations.find("Interceptor", namespace, ref.name));
  };
  const look = (spec: TriggerSpec, namespace: string): void => {
    interceptors(spec, namespace);
    if ("ref" in spec.template) add(declarations.find("TriggerTemplate", namespace, spec.template.ref));
    for (const binding of spec.bindings)
      if ("ref" in binding)
        add(declarations.find(binding.kind, binding.kind === "TriggerBinding" ? namespace : "", binding.ref));
  };
  for (const { spec, metadata } of declarations.triggers("*")) look(spec, metadata.namespace);
  for (const { spec, metadata } of declarations.listeners) {
    for (const group of spec.triggerGroups) interceptors(group, metadata.namespace);
    for (const trigger of spec.triggers) if (!("triggerRef" in trigger)) look(trigger, metadata.namespace);
  }
  return named;
}
