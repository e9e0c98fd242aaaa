/** Proofs by a value that both sides know: in a header, as bearer or password, as a token in the URL. */

import { createHmac } from "node:crypto";
import type { RequestHead } from "../../core/delivery.ts";
import { header } from "../../core/headers.ts";
import { lastSegment } from "../../core/url.ts";
import { equalSecrets, isSecret } from "../hmac.ts";
import type { Claim, Scheme } from "../scheme.ts";

const SENDER = "the sender";

/** @param parameters the header's name. */
export function sharedHeader([name = ""]: readonly string[]): Scheme {
  return valueScheme(`header ${name}`, ({ headers }) => header(headers, name));
}

/**
 * What `header.canonical(name).compareSecret(…)` compares, as the expression does it: by the text.
 *
 * @param parameters the header's name.
 */
export function celHeader([name = ""]: readonly string[]): Scheme {
  return {
    provider: SENDER,
    places: [`header ${name}`],
    claims({ headers }) {
      const value = header(headers, name);
      return value
        ? [{ kind: "token", holds: (secret) => equalSecrets(Buffer.from(value), secret) }]
        : undefined;
    },
  };
}

/** `Authorization: Bearer <secret>`, RFC 6750. */
export const bearer: Scheme = valueScheme("header Authorization", (head) => credentials(head, "bearer"));

/** `Authorization: Basic`, RFC 7617. The secret is `user:password`. */
export const basic: Scheme = {
  provider: SENDER,
  places: ["header Authorization"],
  claims(head) {
    const given = credentials(head, "basic");
    if (given === undefined) return undefined;
    const bytes = Buffer.from(given, "base64");
    return bytes.length === 0 ? [] : [{ kind: "token", holds: (secret) => equalSecrets(bytes, secret) }];
  },
};

/**
 * A token that nobody can guess, in the last segment of the path or in the query. It is made of the secret and the place,
 * so one that leaks from a log opens one listener and does not tell the secret.
 *
 * @param parameters what it is made for (`namespace/listener`), and the query parameter; the path without one.
 */
export function pathToken([place = "", parameter]: readonly string[]): Scheme {
  return {
    provider: SENDER,
    places: [parameter === undefined ? "the token at the end of the path" : `query parameter ${parameter}`],
    claims({ url }): readonly Claim[] | undefined {
      const token = parameter === undefined ? lastSegment(url) : queryValue(url, parameter);
      if (!token) return undefined;
      const given = Buffer.from(token);
      return [
        {
          kind: "token",
          holds: (secret) => equalSecrets(given, Buffer.from(pathTokenOf(secret, place))),
        },
      ];
    },
  };
}

/** The token of a place under a secret: 64 hexadecimal digits. */
export function pathTokenOf(secret: Buffer, place: string): string {
  return createHmac("sha256", secret).update(place).digest("hex");
}

function valueScheme(place: string, read: (head: RequestHead) => string | undefined): Scheme {
  return {
    provider: SENDER,
    places: [place],
    claims(head) {
      const value = read(head);
      return value ? [{ kind: "token", holds: (secret) => isSecret(value, secret) }] : undefined;
    },
  };
}

/** What stands behind the name of an authentication scheme, which is written in any case (RFC 9110 §11.1). */
export function credentials({ headers }: Pick<RequestHead, "headers">, name: string): string | undefined {
  const [, scheme = "", value] = /^([A-Za-z]+) +(\S+)$/.exec(header(headers, "Authorization") ?? "") ?? [];
  return scheme.toLowerCase() === name ? value : undefined;
}

function queryValue(url: string, name: string): string | undefined {
  const start = url.indexOf("?");
  return start === -1 ? undefined : (new URLSearchParams(url.slice(start + 1)).get(name) ?? undefined);
}
