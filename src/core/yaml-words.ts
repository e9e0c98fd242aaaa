/** What two readers of YAML take alike, because go-yaml does: the words of YAML 1.1 that are no text, and the form of a float. */

type Word = null | boolean | number;

/** Plain scalars that stand for a value, in the three spellings that YAML 1.1 knows: `yes`, `Yes`, `YES`; but `.NaN`. */
export const YAML_WORDS: ReadonlyMap<string, Word> = new Map<string, Word>([
  ...spelled(true, ["y", "yes", "true", "on"]),
  ...spelled(false, ["n", "no", "false", "off"]),
  ...spelled(null, ["", "~", "null"]),
  ...[".nan", ".NaN", ".NAN"].map((word): [string, Word] => [word, Number.NaN]),
  ...spelled(Infinity, [".inf", "+.inf"]),
  ...spelled(-Infinity, ["-.inf"]),
]);

/** A float of base ten, with its underscores taken out. */
export const YAML_FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

function spelled(value: Word, words: readonly string[]): [string, Word][] {
  return words.flatMap((word) =>
    [word, word.replace(/[a-z]/, (first) => first.toUpperCase()), word.toUpperCase()].map(
      (form): [string, Word] => [form, value],
    ),
  );
}
