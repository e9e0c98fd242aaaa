/** What the Redis ledger can be searched by: a term for each value of a field, and the sorted set that it stands for. */

import { hash } from "node:crypto";
import type { Run } from "../../../core/job.ts";
import type { DeliveryFilter } from "../../../core/ledger.ts";
import { bareName } from "../named.ts";
import { REVISION_PREFIX } from "../page.ts";
import type { Facts } from "../record.ts";
import { clean } from "../text.ts";

/** A letter for the field, a colon, the value: the end of a key. */
export type Term = string;

/** Longest value that stands in a key as it is. */
const PLAIN_CHARS = 48;

// A longer value stands there as its hash: a sender must not choose how long our keys are.
function term(letter: string, value: string): Term {
  if (value.length <= PLAIN_CHARS && !value.startsWith("#") && !value.includes("\n"))
    return `${letter}:${value}`;
  return `${letter}:#${hash("sha256", value, "base64url")}`;
}

/** Terms as scripts take them. */
export function packed(terms: readonly Term[]): string {
  return terms.map((term) => `${term}\n`).join("");
}

const listenerTerm = (name: string) => term("l", name);
const namespaceTerm = (name: string) => term("n", name);
const providerTerm = (name: string) => term("p", name);
const eventTerm = (name: string) => term("e", name);
const repositoryTerm = (name: string) => term("r", name);
const refTerm = (name: string) => term("f", name);
/** By its beginning: what is longer is compared in the record. */
const revisionTerm = (name: string) => term("v", name.slice(0, REVISION_PREFIX));
const pullRequestTerm = (number: number) => term("q", String(number));
const actorTerm = (name: string) => term("a", name);
const providerIdTerm = (id: string) => term("i", id);
const replayTerm = (id: string) => term("y", id);

/** By the name of a trigger that matched or failed. */
export const triggerTerm = (name: string): Term => term("t", name);

/** By the name of an object that was created. */
export const objectTerm = ({ name }: Pick<Run, "name">): Term => term("o", clean(name));

/** The terms of what is known at arrival. The first is one that every delivery has. */
export function termsOf(facts: Facts): Term[] {
  const { listener, provider, event, repository, ref, revision, pullRequest, actor, providerId, replayOf } =
    facts;
  const terms = [providerTerm(provider), namespaceTerm(listener.namespace), listenerTerm(listener.name)];
  terms.push(eventTerm(event));
  if (repository !== undefined) terms.push(repositoryTerm(repository));
  if (ref !== undefined) terms.push(refTerm(ref));
  if (revision !== undefined) terms.push(revisionTerm(revision));
  if (pullRequest !== undefined) terms.push(pullRequestTerm(pullRequest));
  if (actor !== undefined) terms.push(actorTerm(actor));
  if (providerId !== undefined) terms.push(providerIdTerm(providerId));
  if (replayOf !== undefined) terms.push(replayTerm(replayOf));
  return terms;
}

/** The terms that a delivery must have for a filter to hold. @param filter cleaned. */
export function termsWanted(filter: DeliveryFilter): Term[] {
  const { namespace, listener, provider, event, repository, trigger, ref, revision } = filter;
  const { pullRequest, actor, providerId, object, replayOf } = filter;
  const terms: Term[] = [];
  if (namespace !== undefined) terms.push(namespaceTerm(namespace));
  if (listener !== undefined) terms.push(listenerTerm(listener));
  if (provider !== undefined) terms.push(providerTerm(provider));
  if (event !== undefined) terms.push(eventTerm(event));
  if (repository !== undefined) terms.push(repositoryTerm(repository));
  if (trigger !== undefined) terms.push(triggerTerm(bareName(trigger)));
  if (ref !== undefined) terms.push(refTerm(ref));
  if (revision !== undefined) terms.push(revisionTerm(revision));
  if (pullRequest !== undefined) terms.push(pullRequestTerm(pullRequest));
  if (actor !== undefined) terms.push(actorTerm(actor));
  if (providerId !== undefined) terms.push(providerIdTerm(providerId));
  if (object !== undefined) terms.push(objectTerm({ name: bareName(object) }));
  if (replayOf !== undefined) terms.push(replayTerm(replayOf));
  return terms;
}
