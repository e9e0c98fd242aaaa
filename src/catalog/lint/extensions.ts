/** Extensions that bindings and CEL read and no interceptor of the chain sets. */

import { nearest } from "../../core/nearest.ts";
import type { InterceptorSpec } from "../../core/tekton.ts";
import { sourcesOf } from "../../decide/bind/index.ts";
import type { Node } from "../../decide/cel/index.ts";
import type { SelectedGroup } from "../index.ts";
import { expressionsOf, extensionsOf, nodesOf, overlaysOf } from "./chain.ts";
import type { Finding } from "./finding.ts";
import type { Use } from "./use.ts";

/** A trigger behind a group's interceptors. */
export interface Chained {
  readonly group: Pick<SelectedGroup, "interceptors">;
  readonly use: Use;
}

/** One finding for each place; nothing is said where an interceptor that is asked elsewhere may set anything. */
export function checkExtensions({ group, use }: Chained): readonly Finding[] {
  const { trigger, params } = use;
  const set = new Set<string>();
  const findings: Finding[] = [];
  const chain = [
    ...group.interceptors.map((spec) => ({ spec, own: undefined })),
    ...trigger.spec.interceptors.map((spec, own) => ({ spec, own })),
  ];
  const find = (
    name: string,
    before: readonly InterceptorSpec[],
    where: Pick<Finding, "owner" | "path">,
    by: string,
  ) =>
    findings.push({
      code: "SLUICE_EXTENSION_UNSET",
      values: { trigger: use.name, name, by, hint: hintFor(name, set, before) },
      ...where,
    });
  for (const [at, { spec, own }] of chain.entries()) {
    const before = chain.slice(0, at + 1).map((one) => one.spec);
    if (own !== undefined) {
      for (const { root, path, text } of expressionsOf(spec, [...trigger.path, "interceptors", own])) {
        for (const name of root === undefined ? [] : readBy(root))
          if (!set.has(name)) find(name, before, { owner: trigger.owner, path }, `CEL ${shortened(text)}`);
      }
    }
    const names = extensionsOf(spec);
    if (names === undefined) return findings;
    for (const name of names) set.add(name);
  }
  const all = chain.map((one) => one.spec);
  for (const { owner, path, value, from } of params)
    for (const { expression, root } of sourcesOf(value)) {
      const [, name] = /^\$\(\{?\.?extensions\.([\w-]+)/.exec(expression) ?? [];
      if (root === "extensions" && name !== undefined && !set.has(name))
        find(name, all, { owner, path }, `${expression} (${from})`);
    }
  return findings;
}

/** Names under `extensions` that an expression reads without asking has(…) first. */
function readBy(root: Node): ReadonlySet<string> {
  const read = new Set<string>();
  const asked = new Set<string>();
  for (const node of nodesOf(root)) {
    if (node.kind !== "select" || node.operand.kind !== "ident" || node.operand.name !== "extensions")
      continue;
    (node.test ? asked : read).add(node.field);
  }
  return read.difference(asked);
}

function hintFor(name: string, set: ReadonlySet<string>, before: readonly InterceptorSpec[]): string {
  const keys = before.flatMap((spec) =>
    spec.ref?.name === "cel" ? overlaysOf(spec).map(({ key }) => String(key)) : [],
  );
  const prefixed = keys.find((key) => key === `extensions.${name}` || key.startsWith(`extensions.${name}.`));
  if (prefixed !== undefined)
    return `overlay ${prefixed} sets extensions.${prefixed}: write its key as ${prefixed.slice("extensions.".length)}`;
  if (keys.some((key) => key.split(".")[0] === name))
    return "an overlay of the same interceptor is seen by later interceptors only: move it into a cel interceptor before this one";
  const meant = nearest(name, [...set]);
  if (meant !== undefined) return `did you mean extensions.${meant}?`;
  return `its chain sets ${[...set].join(", ") || "none"}`;
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
