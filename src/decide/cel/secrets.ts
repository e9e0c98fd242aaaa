/** Secrets for compareSecret: expressions are evaluated at once, so a Secret not yet read ends the try and starts another. */

import { canonicalName, isSensitive } from "../../core/headers.ts";
import type { SecretData } from "../../core/secrets.ts";
import type { Node } from "./ast.ts";
import { children } from "./ast.ts";
import type { SecretView } from "./program.ts";
import { SecretsNeeded } from "./program.ts";
import { CelFailure } from "./values.ts";

/** Different Secrets that one event may make us read. */
const MAX_READS = 16;

/**
 * Evaluates, reading Secrets as they turn out to be needed.
 *
 * @param evaluate tried again after each Secret read; it may throw SecretsNeeded.
 * @returns its result: at once when no Secret had to be read.
 * @throws what `evaluate` throws, and SluiceError when the store of secrets cannot be asked.
 */
export function withSecrets<T>(view: SecretView, evaluate: (view: SecretView) => T): T | Promise<T> {
  try {
    return evaluate(view);
  } catch (error) {
    if (!(error instanceof SecretsNeeded)) throw error;
    return readAndRetry(view, evaluate, error);
  }
}

async function readAndRetry<T>(
  view: SecretView,
  evaluate: (view: SecretView) => T,
  first: SecretsNeeded,
): Promise<T> {
  const { namespace, secrets } = view;
  // Kept here as well: nothing says that a store remembers what it has read.
  const known = new Map<string, SecretData | null>();
  const informed: SecretView = {
    namespace,
    secrets: {
      peek: (where, name) => {
        const data = where === namespace ? known.get(name) : undefined;
        return data === undefined ? secrets.peek(where, name) : data;
      },
      read: (where, name) => secrets.read(where, name),
    },
  };
  let needed = first;
  while (known.size < MAX_READS) {
    known.set(needed.secret, await secrets.read(namespace, needed.secret));
    try {
      return evaluate(informed);
    } catch (error) {
      if (!(error instanceof SecretsNeeded)) throw error;
      needed = error;
    }
  }
  throw new CelFailure(`compareSecret asks for more than ${MAX_READS} secrets`, true);
}

/**
 * True when a filter of this form is true only for an event that holds a Secret's value: then it proves its sender.
 *
 * @param node a filter's tree, or a part of it.
 */
export function provesSecret(node: Node): boolean {
  if (node.kind !== "call") return false;
  if (node.name === "_&&_") return node.args.some(provesSecret);
  if (node.name === "_||_") return node.args.every(provesSecret);
  return node.name === "compareSecret" && node.target !== undefined && readsEvent(node.target);
}

/** A comparison of one header with a Secret. */
export interface HeaderComparison {
  /** In canonical spelling. */
  readonly header: string;
  readonly secret: string;
  readonly key: string;
  /** The call that compares. */
  readonly node: Node;
}

/**
 * The comparisons that a filter cannot be true without: conjuncts of the form
 * `header.canonical('X').compareSecret('key', 'secret')`, or with `header['X'][0]`.
 *
 * @param node a filter's tree.
 */
export function comparedHeaders(node: Node): readonly HeaderComparison[] {
  if (node.kind !== "call") return [];
  if (node.name === "_&&_") return node.args.flatMap(comparedHeaders);
  if (node.name !== "compareSecret" || node.target === undefined) return [];
  const header = firstValueOf(node.target);
  // The third argument once was a namespace; Tekton ignores it.
  const [key, secret] = node.args.map(constantText);
  return header && key && secret ? [{ header, key, secret, node }] : [];
}

/** The header whose first value an expression is, by a name that is written out. */
function firstValueOf(node: Node): string | undefined {
  if (node.kind !== "call") return undefined;
  const [first, second] = node.args;
  if (node.name === "canonical" && isHeader(node.target)) {
    const name = constantText(first);
    return name === undefined ? undefined : canonicalName(name);
  }
  const isFirst = node.name === "_[_]" && second?.kind === "const" && second.value === 0n;
  if (!isFirst || first === undefined) return undefined;
  const name = headerName(first);
  // Under any other spelling there is nothing: the filter fails, and demands nothing that could hold.
  return name !== undefined && canonicalName(name) === name ? name : undefined;
}

function readsEvent(node: Node): boolean {
  return node.kind === "ident" || children(node).some(readsEvent);
}

/**
 * True when an expression may read a header that is masked: anything of `header` but fields, elements, `match` and
 * `canonical` under a name that is written out and is that of no sensitive one.
 *
 * @param proofs comparisons that count by the record of the proof: what they read does not matter, but the header that
 *   they read is masked for all others, whatever its name.
 */
export function readsSensitiveHeader(node: Node, proofs: readonly HeaderComparison[] = []): boolean {
  if (proofs.some((proof) => proof.node === node)) return false;
  if (node.kind === "ident") return node.name === "header";
  const name = headerName(node);
  if (name === undefined) return children(node).some((child) => readsSensitiveHeader(child, proofs));
  return isSensitive(name) || proofs.some((proof) => proof.header === canonicalName(name));
}

function headerName(node: Node): string | undefined {
  if (node.kind === "select") return isHeader(node.operand) ? node.field : undefined;
  if (node.kind !== "call") return undefined;
  const [first, second] = node.args;
  const isGetter = node.name === "match" || node.name === "canonical";
  if (isGetter && isHeader(node.target)) return constantText(first);
  return node.name === "_[_]" && isHeader(first) ? constantText(second) : undefined;
}

function isHeader(node: Node | undefined): boolean {
  return node?.kind === "ident" && node.name === "header";
}

function constantText(node: Node | undefined): string | undefined {
  return node?.kind === "const" && typeof node.value === "string" ? node.value : undefined;
}
