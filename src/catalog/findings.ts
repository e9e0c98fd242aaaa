/** Findings: what is wrong with one object, by field; gathered first, so that all of it is told at once. */

/** Keys and list indexes from the object's root. */
export type Path = readonly (string | number)[];

export interface Finding {
  readonly path: Path;
  /** What was expected and what came. */
  readonly reason: string;
}

export interface Findings {
  readonly found: readonly Finding[];
  add(path: Path, reason: string): void;
}

// Whoever has more than this wrong in one object mends the first ones and asks again.
const MOST = 50;

/** An empty list of findings; it stops growing at 50. */
export function createFindings(): Findings {
  const found: Finding[] = [];
  return {
    found,
    add(path, reason) {
      if (found.length < MOST) found.push({ path, reason });
    },
  };
}

/** `spec.triggers[0].name`; keys that are no plain words are quoted: `metadata.annotations["tekton.dev/x"]`. */
export function formatPath(path: Path): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[\w-]{1,80}$/.test(step)) text += text === "" ? step : `.${step}`;
    else text += `[${quoted(step)}]`;
  }
  return text;
}

/** Shows foreign text in a reason: quoted, and cut after 80 characters. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
