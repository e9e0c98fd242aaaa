/** Variables in spellings that nothing replaces: `${body.ref}`, `{{ body.ref }}`, `$(body.ref` without its bracket. */

/** A piece of text that was probably meant as a variable. */
export interface Misspelt {
  readonly written: string;
  /** As it is written; undefined where only the closing bracket is known to be missing. */
  readonly better: string | undefined;
}

/** What of an event a binding can read, by its name and by what people call it. */
export const EVENT_ROOTS = "body|headers?|extensions?|context|payload";
/** What a template can read. */
export const TEMPLATE_ROOTS = "tt\\.params";

const ALIASES: ReadonlyMap<string, string> = new Map([
  ["headers", "header"],
  ["extension", "extensions"],
  ["payload", "body"],
]);

/** Longest piece that is shown. */
const SHOWN = 80;

/**
 * Finds them in a text.
 *
 * @param roots a regular expression's alternatives: with what a variable begins.
 */
export function misspeltIn(text: string, roots: string): readonly Misspelt[] {
  // Every form has a sign of its own; most texts have none.
  if (!/[${]/.test(text)) return [];
  const path = `((?:${roots})\\b(?:[.[][^\\s{}()$]*?)?)`;
  const forms = [
    `\\$?\\{\\{-?\\s*\\.?${path}\\s*-?\\}\\}`,
    `\\$\\{\\s*\\.?${path}\\s*\\}`,
    `\\$\\[\\s*\\.?${path}\\s*\\](?!\\])`,
    `\\$\\(\\(\\s*\\.?${path}\\s*\\)\\)`,
    `\\$((?:${roots})\\.\\w[\\w.-]*)`,
  ];
  const closed = [...text.matchAll(new RegExp(forms.join("|"), "g"))].map(([written, ...paths]) => ({
    written: shown(written),
    better: variable(paths.find((one) => one !== undefined) ?? ""),
  }));
  return [...closed, ...unclosed(text, roots)];
}

/** `$(` whose bracket never closes, before the text or the next `$(` begins. */
function unclosed(text: string, roots: string): readonly Misspelt[] {
  const open = new RegExp(`\\$\\(\\s*\\.?((?:${roots})\\b[^\\s)}\\]"'$,;]*)[^)$]*(?=\\$\\(|$)`, "g");
  return [...text.matchAll(open)].map(([whole, path = ""]) => ({
    written: shown(whole.trimEnd()),
    better: variable(path),
  }));
}

/** A whole value that is a path without its `$(…)`: `body.ref`, `(body.ref)`. */
export function barePath(value: string): Misspelt | undefined {
  const [, path] = BARE.exec(value) ?? [];
  return path === undefined ? undefined : { written: shown(value.trim()), better: variable(path) };
}

const BARE = new RegExp(`^\\s*\\(?\\s*((?:${EVENT_ROOTS})\\.\\w[\\w.[\\]'\\\\-]*)\\s*\\)?\\s*$`);

function variable(path: string): string {
  const root = /^\w+/.exec(path)?.[0] ?? "";
  return shown(`$(${ALIASES.get(root) ?? root}${path.slice(root.length)})`);
}

function shown(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
