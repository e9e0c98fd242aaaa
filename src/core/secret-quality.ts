/** Finds what is probably wrong with a Secret's value. The findings name the kind of mistake and hold no part of the value. */

import { isUtf8 } from "node:buffer";
import { nearest } from "./nearest.ts";
import type { SecretData } from "./secrets.ts";

export type Weakness =
  | "empty"
  | "byte-order-mark"
  | "newline"
  | "spaces"
  | "quotes"
  | "base64"
  | "short"
  | "example";

/** Completes "the value of key … ". */
export const WEAKNESS_TEXTS: Readonly<Record<Weakness, string>> = {
  empty: "is empty or blank",
  "byte-order-mark": "begins with a byte order mark",
  newline: "ends with a newline",
  spaces: "has white space around it",
  quotes: "stands in quotes",
  base64: "looks encoded in base64 twice",
  short: "is shorter than 16 bytes",
  example: "looks like an example or a placeholder",
};

/** A value without what is probably not meant, and how it was made: "without the newline at its end". */
export interface Repair {
  readonly value: Buffer;
  readonly how: string;
}

/** The fewest bytes that no list of guesses reaches; GitHub and GitLab advise more. */
const FEWEST_BYTES = 16;
/** Larger values (certificates) are no passwords: only their ends are looked at. */
const LARGEST_PASSWORD = 4_096;
/** Fewer decoded bytes happen to be readable by chance. */
const FEWEST_DECODED = 8;

const EXAMPLES: ReadonlySet<string> = new Set(
  `an example, not a secret|changeme|change-me|change me|change_me|replaceme|replace-me|replace_me|secret|mysecret|my-secret
  |my secret|s3cret|supersecret|super-secret|password|passw0rd|p@ssw0rd|token|mytoken|my-token|t0ken|test|testing|test123
  |example|sample|dummy|todo|tbd|fixme|foo|bar|foobar|webhook|webhooksecret|webhook-secret|webhook_secret|githubsecret
  |github-secret|github_secret|gitlab-secret|gitlab_secret|your-secret|your_secret|yoursecret|your-secret-here
  |your_secret_here|your-token-here|your_token_here|your-webhook-secret|your_webhook_secret|1234567|12345678|123456789
  |1234567890|0123456789abcdef|1234567890abcdef|it's a secret to everybody|none|null|undefined|redacted`
    .split("|")
    .map((word) => word.trim()),
);
/** `<your secret>`, `${SECRET}`, `{{ .Values.secret }}`, `$(params.secret)`: nobody filled them in. */
const PLACEHOLDER = /^(<[^<>]*>|\$\{[^{}]*\}|\$\([^()]*\)|\{\{[^{}]*\}\}|%[A-Za-z_]+%)$/;

/** What is probably wrong with a value, in the order in which it would be corrected; empty for a good one. */
export function weaknessesOf(value: Buffer): readonly Weakness[] {
  const { found, steps } = peel(value);
  const rest = steps.at(-1)?.value ?? value;
  if (rest.length === 0) return ["empty"];
  const decoded = decodedOf(rest);
  return [
    ...found,
    ...(decoded === undefined ? [] : (["base64"] as const)),
    ...(rest.length < FEWEST_BYTES ? (["short"] as const) : []),
    ...(isExample(rest) ? (["example"] as const) : []),
  ];
}

/**
 * What a value was probably meant to be: without its byte order mark, its newline, its spaces, its quotes, decoded once
 * more; each on top of the one before. Never empty values, at most five.
 */
export function repairsOf(value: Buffer): readonly Repair[] {
  const { steps } = peel(value);
  const last = steps.at(-1);
  const decoded = decodedOf(last?.value ?? value);
  const all =
    decoded === undefined
      ? steps
      : [...steps, { value: decoded, how: joined(last, "decoded from base64 once more") }];
  return all.filter((repair) => repair.value.length > 0);
}

/** One value that counts for a key, and its weaknesses: the key itself, and those that rotation adds to it. */
export interface WeakKey {
  readonly key: string;
  readonly weaknesses: readonly Weakness[];
}

/** The keys that count for `key` and whose values are weak. */
export function weakKeys(data: SecretData | null, key: string): readonly WeakKey[] {
  return [...(data ?? [])]
    .filter(([name]) => countsFor(key, name))
    .map(([name, value]) => ({ key: name, weaknesses: weaknessesOf(value) }))
    .filter(({ weaknesses }) => weaknesses.length > 0);
}

/** The key that was probably meant where none counts for `key`: one spelt alike, one that it is a part of, or the only one. */
export function nearestKey(data: SecretData | null, key: string): string | undefined {
  const names = [...(data?.keys() ?? [])];
  if (names.some((name) => countsFor(key, name))) return undefined;
  const [only, ...others] = names;
  return (
    nearest(key, names) ?? names.find((name) => shares(name, key)) ?? (others.length === 0 ? only : undefined)
  );
}

/** `tok` and `token`, `token` and `webhook-token`. */
function shares(one: string, other: string): boolean {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  return Math.min(a.length, b.length) >= 3 && (a.includes(b) || b.includes(a));
}

/** "ends with a newline and is shorter than 16 bytes". */
export function tellWeaknesses(weaknesses: readonly Weakness[]): string {
  const texts = weaknesses.map((weakness) => WEAKNESS_TEXTS[weakness]);
  const last = texts.pop() ?? "";
  return texts.length === 0 ? last : `${texts.join(", ")} and ${last}`;
}

function countsFor(key: string, name: string): boolean {
  return name === key || name.startsWith(`${key}.`);
}

interface Peeled {
  readonly found: readonly Weakness[];
  readonly steps: readonly Repair[];
}

/** Takes one layer after the other off the ends of a value. */
function peel(value: Buffer): Peeled {
  const found: Weakness[] = [];
  const steps: Repair[] = [];
  let rest = value;
  const take = (weakness: Weakness, next: Buffer, how: string): void => {
    if (next.length === rest.length) return;
    found.push(weakness);
    steps.push({ value: next, how: joined(steps.at(-1), how) });
    rest = next;
  };
  take("byte-order-mark", withoutMark(rest), "without its byte order mark");
  take("newline", trimmed(rest, { end: isNewline }), "without the newline at its end");
  take("spaces", trimmed(rest, { start: isSpace, end: isSpace }), "without the white space around it");
  take("quotes", withoutQuotes(rest), "without its quotes");
  return { found, steps };
}

function joined(before: Repair | undefined, how: string): string {
  return before === undefined ? how : `${before.how}, ${how}`;
}

/** PowerShell writes UTF-16, whose mark comes with two bytes for each letter. */
function withoutMark(value: Buffer): Buffer {
  if (value[0] === 0xef && value[1] === 0xbb && value[2] === 0xbf) return value.subarray(3);
  if (value[0] === 0xff && value[1] === 0xfe) return Buffer.from(value.toString("utf16le", 2), "utf8");
  return value;
}

const isNewline = (byte: number): boolean => byte === 0x0a || byte === 0x0d;
const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
const never = (): boolean => false;

/** By hand: a regular expression anchored at the end takes quadratic time on a value that is nothing but newlines. */
function trimmed(
  value: Buffer,
  { start = never, end = never }: { start?: (byte: number) => boolean; end?: (byte: number) => boolean },
): Buffer {
  let [from, to] = [0, value.length];
  while (from < to && start(value[from] ?? 0)) from++;
  while (to > from && end(value[to - 1] ?? 0)) to--;
  return value.subarray(from, to);
}

function withoutQuotes(value: Buffer): Buffer {
  const [first, last] = [value[0], value.at(-1)];
  const quoted = value.length >= 2 && first === last && (first === 0x22 || first === 0x27 || first === 0x60);
  return quoted ? value.subarray(1, -1) : value;
}

/** The text that a value is the base64 of; undefined where it is none, or encodes what nobody typed: random bytes. */
function decodedOf(value: Buffer): Buffer | undefined {
  if (value.length > LARGEST_PASSWORD || value.length % 4 !== 0) return undefined;
  const text = value.toString("latin1");
  const decoded = Buffer.from(text, "base64");
  if (decoded.toString("base64") !== text) return undefined;
  const inner = trimmed(decoded, { end: isNewline });
  const readable = inner.length >= FEWEST_DECODED && inner.every((byte) => byte >= 0x20 && byte < 0x7f);
  return readable ? inner : undefined;
}

function isExample(value: Buffer): boolean {
  if (value.length > LARGEST_PASSWORD || !isUtf8(value)) return false;
  const text = value.toString("utf8").toLowerCase();
  const [first, ...others] = text;
  return EXAMPLES.has(text) || PLACEHOLDER.test(text) || others.every((char) => char === first);
}
