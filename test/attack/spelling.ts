/** A signature as it may be spelled, and what the attacks on them share: secrets, bodies, and how to spell oddly. */

import { createHmac } from "node:crypto";

export const SECRET = "Zq8-vT3xWm5_rK1pLs9y";
export const OTHER = "pL0-cR6bNd2_hJ4kXw7m";
export const KEY = Buffer.from("kH3mQ9sVt2bXc8zLp5wR1nJ7");
export const SIGNING = `whsec_${KEY.toString("base64")}`;
export const BODY = '{"ref":"refs/heads/main"}';
export const FORM = "command=%2Fbuild&text=main";

export type Headers = readonly (readonly [name: string, value: string])[];

export interface Spelling {
  readonly what: string;
  readonly headers: Headers;
  readonly status: 202 | 401;
}

export const hex = (algorithm: string, key: string | Buffer, text: string) =>
  createHmac(algorithm, key).update(text).digest("hex");
export const flipped = (text: string) => `${text.slice(0, -1)}${text.endsWith("0") ? "1" : "0"}`;
export const fullwidth = (text: string) =>
  text.replace(/[0-9]/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)));
/** As bytes of UTF-8 go over the wire, where headers are Latin-1. */
export const utf8 = (text: string) => Buffer.from(text).toString("latin1");

export const right = (what: string, headers: Headers): Spelling => ({ what, headers, status: 202 });
export const wrong = (what: string, headers: Headers): Spelling => ({ what, headers, status: 401 });
