/** Variables in spellings that nothing replaces: `${body.ref}`, `{{ body.ref }}`, `$(body.ref` without its bracket. */

/** A piece of text that was probably meant as a variable. */
export interface Misspelt {
  readonly written: string;
  /** As it is written; undefined where only the closing bracket is known to be missing. */
  readonly better: string | undefined;
  /** Where another cure helps. */
  readonly cure?: string;
}

/** Finds such pieces of one sort in a text. */
export type FindMisspelt = (text: string) => readonly Misspelt[];

/** What a binding can read of an event, by its name and by what people call it. */
export const ofEvent = finder("body|headers?|extensions?|context|payload");
/** What a template can read. */
export const ofTemplate = finder("tt\\.params");

const ALIASES: ReadonlyMap<string, string> = new Map([
  ["headers", "header"],
  ["extension", "extensions"],
  ["payload", "body"],
]);

const NESTED =
  "Expressions do not nest: compute it in an overlay of a cel interceptor, body[body.key], and bind $(extensions.<key of the overlay>).";

/** Longest piece that is shown. */
const SHOWN = 80;

/** @param roots a regular expression's alternatives: with what a variable begins. */
function finder(roots: string): FindMisspelt {
  const path = `((?:${roots})\\b(?:[.[][^\\s{}()$]*?)?)`;
  const bracketed = `((?:${roots})\\b(?:\\.[^\\s{}()$.[\\]]*|\\[[^\\s{}()$[\\]]*\\])*)`;
  const forms = [
    `\\$?\\{\\{-?\\s*\\.?${path}\\s*-?\\}\\}`,
    `\\$\\{\\s*\\.?${path}\\s*\\}`,
    `\\$\\[\\s*\\.?${bracketed}\\s*\\]`,
    `\\$\\(\\(\\s*\\.?${path}\\s*\\)\\)`,
    `\\$((?:${roots})\\.\\w[\\w.-]*)`,
  ];
  const closed = new RegExp(forms.join("|"), "g");
  const open = new RegExp(`^\\$\\(\\s*\\.?((?:${roots})\\b[^\\s)}\\]"'$,;]*)`);
  return (text) => {
    // Every form has a sign of its own; most texts have none.
    if (!/[${]/.test(text)) return [];
    const found = [...text.matchAll(closed)].map(([written, ...paths]) => ({
      written: shown(written),
      better: variable(paths.find((one) => one !== undefined) ?? ""),
    }));
    const unclosed = unclosedIn(text).flatMap((written): readonly Misspelt[] => {
      const [, root] = open.exec(written) ?? [];
      if (root === undefined) return [];
      // What opens before this one has closed stands inside of it.
      return [
        /[.[]$/.test(root)
          ? { written, better: undefined, cure: NESTED }
          : { written, better: variable(root) },
      ];
    });
    return [...found, ...unclosed];
  };
}

/** Each `$(` whose bracket does not close before the text or the next `$(` begins. */
function unclosedIn(text: string): readonly string[] {
  const found: string[] = [];
  for (let at = text.indexOf("$("); at !== -1; ) {
    const next = text.indexOf("$(", at + 2);
    const end = next === -1 ? text.length : next;
    const close = text.indexOf(")", at);
    if (close === -1 || close > end) found.push(text.slice(at, Math.min(end, at + SHOWN)).trimEnd());
    at = next;
  }
  return found;
}

/** A whole value that is a path without its `$(…)`: `body.ref`, `(body.ref)`. */
export function barePath(value: string): Misspelt | undefined {
  const written = value.trim();
  const [, path] = BARE.exec(written) ?? [];
  return path === undefined ? undefined : { written: shown(written), better: variable(path) };
}

const BARE = /^\(?\s*((?:body|headers?|extensions?|context)\.\w[\w.[\]'\\-]*)\s*\)?$/;

function variable(path: string): string {
  const root = /^\w+/.exec(path)?.[0] ?? "";
  return shown(`$(${ALIASES.get(root) ?? root}${path.slice(root.length)})`);
}

function shown(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
