/** `type: hmac`: a MAC in a header, of a text that is made of headers and the body. */

import { canonicalName } from "../../src/core/headers.ts";
import type { ProofDemand, SecretKey } from "../../src/core/interceptor.ts";
import type { Algorithm } from "../../src/verify/index.ts";
import { hmacParameters, splitTemplate, templateHeaders } from "../../src/verify/index.ts";
import { type Given, wrong } from "./given.ts";

const ALGORITHMS: readonly Algorithm[] = ["sha256", "sha512", "sha1"];
/** Seconds, as Slack and Standard Webhooks have them. */
const TOLERANCE = 300;
const MAX_TOLERANCE = 86_400;

/** @throws SluiceError SLUICE_INTERCEPTOR_PARAMS. */
export function hmacDemand(given: Given, secret: SecretKey): ProofDemand {
  const { header = "", prefix = "", encoding = "hex", template = "{body}", timestampHeader = "" } = given;
  if (header === "") throw wrong("header", "header is missing");
  if (encoding !== "hex" && encoding !== "base64") throw wrong("encoding", "encoding must be hex or base64");
  const algorithm = ALGORITHMS.find((known) => known === (given.algorithm ?? "sha256"));
  if (algorithm === undefined) throw wrong("algorithm", `algorithm must be one of ${ALGORITHMS.join(", ")}`);
  if (splitTemplate(template) === undefined) {
    const reason = "template must hold {body} once, and text between any two variables";
    throw wrong("template", reason);
  }
  if (template.includes("{timestamp}") !== (timestampHeader !== "")) {
    const reason =
      "timestampHeader and {timestamp} in template need each other: an unsigned time proves nothing";
    throw wrong("timestampHeader", reason);
  }
  const { tolerance = TOLERANCE, idHeader = "" } = given;
  if (tolerance < 1 || tolerance > MAX_TOLERANCE) {
    throw wrong("tolerance", `tolerance must be a whole number of seconds, at most ${MAX_TOLERANCE}`);
  }
  const signed = templateHeaders(template).map(canonicalName);
  const id = idHeader === "" ? "" : canonicalName(idHeader);
  if (id !== "" && !signed.includes(id)) {
    throw wrong("idHeader", `template must hold {${idHeader}}: an unsigned id can be anybody's`);
  }
  const name = canonicalName(header);
  const options = { header: name, prefix, encoding, algorithm, template, timestampHeader } as const;
  const parameters = hmacParameters({ ...options, tolerance, idHeader: id });
  return { scheme: "hmac", secret, parameters, hides: [name] };
}
