/** Label selectors as `kubectl get -l` takes them: `a=b`, `a!=b`, `a`, `!a`, `a in (b,c)`, `a notin (b,c)`. */

import { badRequest } from "./status.ts";

export type Labels = Readonly<Record<string, string>>;
export type Matcher = (labels: Labels) => boolean;

/**
 * Compiles a selector.
 *
 * @throws Refusal 400 when it does not parse.
 */
export function labelSelector(text: string): Matcher {
  const matchers = splitOutsideParentheses(text).map(requirement);
  return (labels) => matchers.every((matches) => matches(labels));
}

/** Only `metadata.name` and `metadata.namespace` are known, as for custom resources. */
export function fieldSelector(text: string): (name: string, namespace: string) => boolean {
  const wanted = text
    .split(",")
    .filter((part) => part !== "")
    .map((part) => {
      const found = /^(metadata\.name|metadata\.namespace)(!=|==?)(.*)$/.exec(part.trim());
      if (found === null) throw badRequest(`field label not supported: ${part}`);
      return { field: found[1], equal: found[2] !== "!=", value: found[3] };
    });
  return (name, namespace) =>
    wanted.every(
      ({ field, equal, value }) => ((field === "metadata.name" ? name : namespace) === value) === equal,
    );
}

function splitOutsideParentheses(text: string): string[] {
  return text
    .split(/,(?![^()]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

const KEY = "[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?";
const setBased = new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const equality = new RegExp(`^(${KEY})\\s*(==|=|!=)\\s*([-A-Za-z0-9_.]*)$`);
const presence = new RegExp(`^(!?)\\s*(${KEY})$`);

function requirement(text: string): Matcher {
  const inSet = setBased.exec(text);
  if (inSet !== null) {
    const [, key = "", operator, list = ""] = inSet;
    const values = new Set(list.split(",").map((value) => value.trim()));
    return (labels) => {
      const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
      const contained = value !== undefined && values.has(value);
      return operator === "in" ? contained : !contained;
    };
  }
  const equal = equality.exec(text);
  if (equal !== null) {
    const [, key = "", operator, wanted] = equal;
    return (labels) =>
      ((Object.hasOwn(labels, key) ? labels[key] : undefined) === wanted) === (operator !== "!=");
  }
  const present = presence.exec(text);
  if (present !== null) {
    const [, not, key = ""] = present;
    return (labels) => Object.hasOwn(labels, key) === (not === "");
  }
  throw badRequest(`unable to parse requirement: ${text}`);
}
