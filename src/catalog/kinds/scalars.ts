/** Shapes of scalars that Kubernetes gives a meaning of their own: quantities, ports, bytes, addresses. */

import type { Shape } from "../shape.ts";
import { scalar } from "../shape.ts";

const QUANTITY = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;
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

/** A Go `[]byte`: standard base64 with padding; line ends inside are allowed. */
export const base64: Shape<string> = scalar(
  "base64",
  (value) => typeof value === "string" && isBase64(value),
);

/** Whether Go's base64.StdEncoding takes the text. */
export function isBase64(value: string): boolean {
  return BASE64.test(/[\r\n]/.test(value) ? value.replace(/[\r\n]+/g, "") : value);
}

/** knative's apis.URL: whatever Go's url.Parse takes, which is nearly everything. */
export const url: Shape<string> = scalar("a URL", (value) => typeof value === "string" && isGoUrl(value));

function isGoUrl(value: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: url.Parse refuses exactly these
  if (/[\u0000-\u001f\u007f]/.test(value) || /%(?![0-9a-fA-F]{2})/.test(value)) return false;
  const colon = value.indexOf(":");
  if (colon === -1 || !/^[/?#]/.test(value.slice(colon + 1, colon + 2))) return !value.startsWith(":");
  const authority = /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/([^/?#]*)/.exec(value)?.[1];
  return authority === undefined || /^(?:[^@]*@)?(?:\[[^\]]*\]|[^:[\]\s]*)(?::\d*)?$/.test(authority);
}
