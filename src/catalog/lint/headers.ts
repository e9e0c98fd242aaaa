/** Headers in CEL: names that Go spells otherwise, and lists that are taken for texts. */

import { canonicalName } from "../../core/headers.ts";
import type { InterceptorSpec, TektonObject } from "../../core/tekton.ts";
import type { Node } from "../../decide/cel/index.ts";
import type { Path } from "../index.ts";
import { type Expression, expressionsOf, nodesOf } from "./chain.ts";
import type { Finding } from "./finding.ts";

/** Methods of texts: called on a list they fail with every event. */
const OF_TEXTS: ReadonlySet<string> = new Set(
  "startsWith endsWith matches truncate translate replace split lowerAscii upperAscii trim substring indexOf charAt compareSecret parseJSON parseYAML parseURL contains".split(
    " ",
  ),
);

/** @param owner the object that holds the interceptors. @param path of the object that has them under `interceptors`. */
export function checkHeaders(
  owner: TektonObject,
  path: Path,
  interceptors: readonly InterceptorSpec[],
): readonly Finding[] {
  return interceptors.flatMap((spec, index) =>
    expressionsOf(spec, [...path, "interceptors", index]).flatMap((expression) =>
      doubtsOf(expression).map(
        ({ code, values }): Finding => ({ code, values, owner, path: expression.path }),
      ),
    ),
  );
}

type Doubt = Pick<Finding, "code" | "values">;

function doubtsOf({ root, overlay }: Expression): readonly Doubt[] {
  if (root === undefined) return [];
  const doubts: Doubt[] = [];
  for (const node of nodesOf(root)) {
    const named = nameIn(node);
    if (named !== undefined && canonicalName(named) !== named) {
      const values = { written: written(node, named), name: named, canonical: canonicalName(named) };
      doubts.push({ code: "SLUICE_HEADER_NAME", values });
    }
    const list = comparedList(node);
    if (list !== undefined) doubts.push(listDoubt(list, "is compared with a text, which is never equal"));
    if (node.kind === "call" && node.target !== undefined && OF_TEXTS.has(node.name)) {
      const target = headerOf(node.target);
      if (target !== undefined) doubts.push(listDoubt(target, `has no ${node.name}(), so this fails`));
    }
  }
  const whole = overlay === undefined ? undefined : headerOf(root);
  if (whole !== undefined)
    doubts.push(listDoubt(whole, `makes extensions.${overlay} a list such as ["push"]`));
  return doubts;
}

function listDoubt(name: string, how: string): Doubt {
  return { code: "SLUICE_HEADER_LIST", values: { name, how, canonical: canonicalName(name) } };
}

/** The name of a header that a node looks up: `header['X']`, `header.x`, `'X' in header`. */
function nameIn(node: Node): string | undefined {
  if (node.kind === "call" && node.name === "@in") {
    const [key, map] = node.args;
    return isHeader(map) ? textOf(key) : undefined;
  }
  if (node.kind === "select" && isHeader(node.operand)) return node.field;
  return headerOf(node);
}

/** The name of the header whose values a node is. */
function headerOf(node: Node): string | undefined {
  if (node.kind === "select") return isHeader(node.operand) && !node.test ? node.field : undefined;
  if (node.kind !== "call" || node.name !== "_[_]") return undefined;
  const [map, key] = node.args;
  return isHeader(map) ? textOf(key) : undefined;
}

/** The header of `header['X'] == 'text'`, in either order, and of `header['X'] in ['text']`. */
function comparedList(node: Node): string | undefined {
  if (node.kind !== "call") return undefined;
  const [a, b] = node.args;
  if (a === undefined || b === undefined) return undefined;
  if (node.name === "_==_" || node.name === "_!=_") {
    if (textOf(b) !== undefined) return headerOf(a);
    return textOf(a) === undefined ? undefined : headerOf(b);
  }
  const isTexts = b.kind === "list" && b.items.every((item) => textOf(item) !== undefined);
  return node.name === "@in" && isTexts ? headerOf(a) : undefined;
}

function isHeader(node: Node | undefined): boolean {
  return node?.kind === "ident" && node.name === "header";
}

function textOf(node: Node | undefined): string | undefined {
  return node?.kind === "const" && typeof node.value === "string" ? node.value : undefined;
}

function written(node: Node, name: string): string {
  if (node.kind === "call" && node.name === "@in") return `'${name}' in header`;
  return node.kind === "select" ? `header.${name}` : `header['${name}']`;
}
