/** CEL as Tekton has it: parser, checker, evaluator and explanations. */

export { type Activation, activate } from "./activation.ts";
export { children, type Node } from "./ast.ts";
export { cureOf } from "./cure.ts";
export { explain } from "./explain.ts";
export { type OverlayKey, overlayKey } from "./overlay-key.ts";
export { parseExpression } from "./parse.ts";
export { type CelProgram, compileCel, type SecretView } from "./program.ts";
export {
  comparedHeaders,
  type HeaderComparison,
  provesSecret,
  readsSensitiveHeader,
  withSecrets,
} from "./secrets.ts";
export { CelSyntaxError } from "./source.ts";
export { overlayJson } from "./to-json.ts";
export { CelFailure, kindOf, type Value } from "./values.ts";
export { createWork, type Work } from "./work.ts";
