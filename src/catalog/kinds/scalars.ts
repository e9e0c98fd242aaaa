/** Shapes of scalars that Kubernetes gives a meaning of their own: quantities, ports, bytes, addresses. */

import { parseGoUrl } from "../../core/go-url.ts";
import type { Shape } from "../shape.ts";
import { scalar } from "../shape.ts";

// Kubernetes takes a sign, a dot or a unit alone for nought.
const QUANTITY = /^(?!$)[+-]?\d*\.?\d*(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;
const TIME = /^\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:\d{2})$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** resource.Quantity: `500m`, `1Gi`, 2. */
export const quantity: Shape<string | number> = scalar(
  "a quantity such as 500m or 1Gi",
  (value) => typeof value === "number" || (typeof value === "string" && QUANTITY.test(value.trim())),
);

/** intstr.IntOrString: a port by number or name. */
export const portNumberOrName: Shape<string | number> = scalar(
  "a port number or name",
  (value) => Number.isInteger(value) || typeof value === "string",
);

/** metav1.Time: RFC 3339. */
export const time: Shape<string> = scalar(
  "a time such as 2024-02-29T12:34:56Z",
  (value) => typeof value === "string" && TIME.test(value) && isDay(value),
);

/** Date.parse takes the 30th of February for the 1st of March. */
function isDay(value: string): boolean {
  const day = value.slice(0, 10);
  const at = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(day) && !Number.isNaN(Date.parse(value));
}

/** A Go `[]byte`: standard base64 with padding; line ends inside are allowed. */
export const base64: Shape<string> = scalar(
  "base64",
  (value) => typeof value === "string" && isBase64(value),
);

/** Whether Go's base64.StdEncoding takes the text. */
export function isBase64(value: string): boolean {
  return BASE64.test(/[\r\n]/.test(value) ? value.replace(/[\r\n]+/g, "") : value);
}

/** knative's apis.URL: whatever Go's url.Parse takes. */
export const url: Shape<string> = scalar(
  "a URL",
  (value) => typeof value === "string" && typeof parseGoUrl(value) !== "string",
);
