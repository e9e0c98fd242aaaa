/** Why a value makes no JSON string where a template pastes it: by what the value is, and how to write it instead. */

import { TYPED_ANNOTATION } from "./annotations.ts";

/** A value that does not fit. */
export interface Misfit {
  /** The params whose values do not fit, for people. */
  readonly params: string;
  /** As the binding gave it, before quotes are escaped. */
  readonly value: string;
  /** The template has the annotation old-escape-quotes. */
  readonly escapesQuotes: boolean;
}

const ANNOTATION = 'the annotation triggers.tekton.dev/old-escape-quotes: "true"';
const MARSHAL = "an overlay of a cel interceptor with marshalJSON()";

/** What helps, in one sentence or two. Tells nothing of the value but its kind. */
export function cureOf({ params, value, escapesQuotes }: Misfit): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  const control = /[\x00-\x1f]/.exec(value)?.[0];
  if (control !== undefined) {
    const [name, sign] = CONTROLS.get(control) ?? ["a control character", "\\u00XX"];
    return `The value of ${params} holds ${name} that its binding or the param's default spells out: write ${sign} there instead, in single quotes (value: 'one${sign}two'). Values of the event are escaped by themselves.`;
  }
  const kind = kindOf(value);
  if (kind === undefined) return ofText(params, value, escapesQuotes);
  const whole = escapesQuotes
    ? `${ANNOTATION} escapes quotes once more that are escaped already: take it away, and give the whole by ${MARSHAL}`
    : fitsEscaped(value)
      ? `for the whole as JSON text ${MARSHAL}, or ${ANNOTATION} on the template`
      : `for the whole as JSON text ${MARSHAL}`;
  const typed = `Where the field wants the ${kind} itself: the annotation ${TYPED_ANNOTATION}: ${params.replace(/^param /, "")} on the TriggerTemplate.`;
  if (kind === "object")
    return `The value of ${params} is an object. Take one field of it, or ${whole}. ${typed}`;
  return `The value of ${params} is a list. Take one element (an index such as [0]; of a header header.canonical('X-Name')), join them (join(',') in an overlay), or ${whole}. ${typed}`;
}

function ofText(params: string, value: string, escapesQuotes: boolean): string {
  if (escapesQuotes && value.includes('\\"'))
    return `The value of ${params} holds quotes that are escaped already, and ${ANNOTATION} escapes them once more: take it away.`;
  if (value.includes('"') && !escapesQuotes && fitsEscaped(value))
    return `The value of ${params} holds a double quote that its binding or the param's default spells out: write \\" there, in single quotes (value: 'say \\"hi\\"'), or use ${ANNOTATION} on the template.`;
  return `The value of ${params} holds a backslash or a double quote that its binding or the param's default spells out: write \\\\ for each backslash and \\" for each quote, in single quotes (value: 'C:\\\\temp').`;
}

const CONTROLS: ReadonlyMap<string, readonly [string, string]> = new Map([
  ["\n", ["a line break", "\\n"]],
  ["\r", ["a line break", "\\r"]],
  ["\t", ["a tab", "\\t"]],
]);

/** Characters of a value that are parsed to tell what it is: beyond, its first and last sign must do. */
const LONGEST_PARSED = 65_536;

/** Lists and objects come as JSON text: `["a","b"]`. A value of several results is a list as well. */
function kindOf(value: string): "list" | "object" | undefined {
  const kind = KINDS.get(`${value[0]}${value.at(-1)}`);
  if (kind === undefined || value.length > LONGEST_PARSED) return kind;
  try {
    JSON.parse(value);
    return kind;
  } catch {
    return undefined;
  }
}

const KINDS: ReadonlyMap<string, "list" | "object"> = new Map([
  ["[]", "list"],
  ["{}", "object"],
]);

/** Whether escaping its quotes would make it fit; quotes that are escaped already would end the string. */
function fitsEscaped(value: string): boolean {
  return !value.includes('\\"') && (value.length > LONGEST_PARSED || fits(value.replaceAll('"', '\\"')));
}

/** True for what makes a JSON string when it stands between quotes. */
export function fits(raw: string): boolean {
  try {
    JSON.parse(`"${raw}"`);
    return true;
  } catch {
    return false;
  }
}
