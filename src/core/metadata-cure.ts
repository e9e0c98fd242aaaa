/** The CEL that makes a value fit into a name or label: what `check`, `try` and a decision tell is made here alone. */

import type { MetadataRule } from "./object-metadata.ts";

/**
 * Calls to be written behind an expression (all are Tekton's: strings extension, translate, truncate). They make any text fit that
 * has a letter or digit.
 *
 * @param room characters that the field leaves for the value; undefined where it is cut anyway, as a generateName is.
 */
export function repairCalls({ lowerCase }: Pick<MetadataRule, "lowerCase">, room?: number): string {
  const cut = room === undefined ? "" : `.truncate(${room})`;
  // The edges come last: cutting may leave a dash at the end. Names keep no dots: none may stand beside a dash.
  return lowerCase
    ? `.lowerAscii().translate('[^a-z0-9]+', '-')${cut}.translate('^-+|-+$', '')`
    : `.translate('[^A-Za-z0-9_.-]+', '-')${cut}.translate('^[^A-Za-z0-9]+|[^A-Za-z0-9]+$', '')`;
}

/** What a binding takes out of an event, and what is to be done with it. */
export interface Repaired {
  readonly param: string;
  /** The binding's value, where it is known. */
  readonly value: string | undefined;
  readonly calls: string;
  /** The value of the event may be no text. */
  readonly isNumber: boolean;
}

/** What to do, as the end of a sentence. */
export function overlayFor({ param, value, calls, isNumber }: Repaired): string {
  const source = celOf(value);
  if (source === undefined) return `let CEL make param ${param} fit: append ${calls} to what computes it`;
  const [, overlay] = /^extensions\.([\w.]+)$/.exec(source) ?? [];
  if (overlay !== undefined)
    return `let the expression of overlay ${overlay} be ${isNumber ? "string(…)" : "(…)"}${calls}`;
  const text = isNumber ? `string(${source})` : source;
  return `add the overlay {key: ${param}, expression: "${text}${calls}"} to a cel interceptor, and bind ${param} to $(extensions.${param})`;
}

/** Words that no field may be called behind a dot. */
const KEYWORDS = /\.(in|true|false|null)(?![\w])/g;

/** A binding's value as a CEL expression, where it is one plain path. */
export function celOf(value: string | undefined): string | undefined {
  const [, path] = /^\$\(([^()]+)\)$/.exec(value?.trim() ?? "") ?? [];
  if (path === undefined) return undefined;
  const [, header] = /^header\.([\w-]+)$/.exec(path) ?? [];
  if (header !== undefined) return `header.canonical('${header}')`;
  const dashed = path.replace(/\.([A-Za-z_]\w*(?:-\w+)+)(?=[.[]|$)/g, "['$1']");
  if (!/^(?:body|extensions)(?:\.[A-Za-z_]\w*|\[\d+\]|\['[^'"\\]+'\])+$/.test(dashed)) return undefined;
  return dashed.replace(KEYWORDS, "['$1']");
}
