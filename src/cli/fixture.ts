/** Test deliveries as the senders make them: their headers, their documented payloads. Who sends one signs it (sign.ts). */

import { randomUUID } from "node:crypto";
import { type JsonObject, parseJson } from "../core/json.ts";
import { nearest } from "../core/nearest.ts";
import { SENDERS, type Sender } from "./examples/index.ts";
import { type Change, withChanges } from "./set-values.ts";
import { type Outgoing, signed } from "./sign.ts";
import { misused } from "./verb.ts";

export const PROVIDERS: readonly string[] = SENDERS.map(({ name }) => name);

export interface FixtureOptions {
  /** `pull_request`, `pull_request.opened`, `push`, `push.tag`, a CloudEvents type. */
  readonly event: string;
  /** Body to send instead of the built-in example. */
  readonly payload?: Buffer;
  /** What is changed in either of them. */
  readonly changes?: readonly Change[];
  /** Delivery id; a new one by default. */
  readonly id?: string;
  /** Path, or address, to send to. */
  readonly url?: string;
}

/** @throws SluiceError SLUICE_ARGUMENT_INVALID for a sender that is not known. */
export function senderOf(provider: string): Sender {
  const sender = SENDERS.find(({ name }) => name === provider);
  if (sender !== undefined) return sender;
  const meant = aside(nearest(provider, PROVIDERS));
  const known = PROVIDERS.join(", ");
  throw misused(
    "provider",
    `"${provider.slice(0, 80)}" is none of ${known}${meant}; any other sender is generic, with its body by --payload`,
  );
}

/**
 * A delivery without a proof.
 *
 * @throws SluiceError SLUICE_ARGUMENT_INVALID for a provider or event that has no example, and for changes that cannot be made.
 */
export function fixture(provider: string, options: FixtureOptions): Outgoing {
  const { event, payload, changes = [], id = randomUUID(), url = "/" } = options;
  const sender = senderOf(provider);
  const example = payload ?? sender.payload(event, id);
  if (example === undefined) throw misused("event", noExample(sender, event));
  return { url, headers: sender.headers(event, id), body: changedBody(example, changes) };
}

/**
 * A delivery with the proof that its sender usually gives.
 *
 * @param secret what it signs with.
 */
export async function signedFixture(
  provider: string,
  options: FixtureOptions & { readonly secret: string },
): Promise<Outgoing> {
  const { scheme } = senderOf(provider);
  const request = fixture(provider, options);
  return scheme === undefined
    ? request
    : signed(request, { scheme }, Buffer.from(options.secret), Date.now());
}

/** The bytes of a body with changes made; without any, of a body of one's own, they stay as they are. */
export function changedBody(body: Buffer | JsonObject | string, changes: readonly Change[]): Buffer {
  if (!Buffer.isBuffer(body) && typeof body !== "string")
    return Buffer.from(JSON.stringify(withChanges(body, changes)));
  if (changes.length === 0) return Buffer.from(body);
  let json: ReturnType<typeof parseJson>;
  try {
    json = parseJson(body.toString());
  } catch {
    throw misused("--set", "the body is no JSON");
  }
  return Buffer.from(JSON.stringify(withChanges(json, changes)));
}

/** Of many events those with the same word are told, else the first ones. */
function noExample({ name, events }: Sender, event: string): string {
  // GitLab's headers say "Push Hook".
  const asked = event
    .toLowerCase()
    .replace(/ hook$/, "")
    .replaceAll(" ", "_");
  const words = (text: string) => text.toLowerCase().split(/[.:/]/);
  const same = events.filter((one) => words(one).some((word) => words(asked).includes(word)));
  const short = events.filter((one) => !one.includes("."));
  const meant = aside(same.length === 1 ? same[0] : nearest(asked, events));
  const [told = events] = [same, short].filter((some) => some.length > 0);
  const more = told.length > MOST_EVENTS ? `, and ${told.length - MOST_EVENTS} more` : "";
  const known = told.slice(0, MOST_EVENTS).join(", ");
  return `no example of "${event.slice(0, 80)}"; there are ${known}${more} from ${name}${meant}`;
}

const aside = (near: string | undefined): string => (near === undefined ? "" : ` (did you mean ${near}?)`);

/** The most events that are listed for one sender; GitHub has about seventy. */
const MOST_EVENTS = 80;
