/** Label selectors as apimachinery reads them: compiled once, or refused with the field that is wrong. */

import type { LabelSelector } from "../core/tekton.ts";
import type { Finding, Path } from "./findings.ts";
import { quoted } from "./findings.ts";
import { isLabelKey, isLabelValue } from "./kinds/metadata.ts";

type Labels = Readonly<Record<string, string>>;
type LabelTest = (labels: Labels) => boolean;
type Expression = NonNullable<LabelSelector["matchExpressions"]>[number];

/**
 * Compiles a selector; an empty one selects everything.
 *
 * @returns the test, or what is wrong with the selector (metav1.LabelSelectorAsSelector refuses the same).
 */
export function compileLabelSelector(
  selector: LabelSelector,
): { readonly matches: LabelTest } | { readonly finding: Finding } {
  const expressions: { readonly expression: Expression; readonly path: Path }[] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {}))
    expressions.push({ expression: { key, operator: "In", values: [value] }, path: ["matchLabels", key] });
  for (const [index, expression] of (selector.matchExpressions ?? []).entries())
    expressions.push({ expression, path: ["matchExpressions", index] });
  const tests: LabelTest[] = [];
  for (const { expression, path } of expressions) {
    const reason = refusal(expression);
    if (reason !== undefined) return { finding: { path, reason } };
    tests.push(compileExpression(expression));
  }
  return { matches: (labels) => tests.every((test) => test(labels)) };
}

function refusal({ key, operator, values = [] }: Expression): string | undefined {
  if (!isLabelKey(key)) return `${quoted(key)} is no valid label key`;
  const wrong = values.find((value) => !isLabelValue(value));
  if (wrong !== undefined) return `${quoted(wrong)} is no valid label value`;
  switch (operator) {
    case "In":
    case "NotIn":
      return values.length > 0 ? undefined : `operator ${operator} needs values`;
    case "Exists":
    case "DoesNotExist":
      return values.length === 0 ? undefined : `operator ${operator} takes no values`;
    default:
      return `operator must be In, NotIn, Exists or DoesNotExist, is ${quoted(operator)}`;
  }
}

function compileExpression({ key, operator, values = [] }: Expression): LabelTest {
  const among = new Set(values);
  const value = (labels: Labels): string | undefined =>
    Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "In":
      return (labels) => among.has(value(labels) ?? "") && value(labels) !== undefined;
    case "NotIn":
      return (labels) => value(labels) === undefined || !among.has(value(labels) ?? "");
    case "Exists":
      return (labels) => value(labels) !== undefined;
    default:
      return (labels) => value(labels) === undefined;
  }
}
