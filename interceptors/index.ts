/** The built-in interceptors, listed by hand: this list is what `ref.name` can name without a ClusterInterceptor. */

import type { Interceptor } from "../src/core/interceptor.ts";
import type { JsonObject } from "../src/core/json.ts";
import { bitbucket } from "./bitbucket.ts";
import { cel } from "./cel.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";
import type { ParamShape } from "./params.ts";
import { unknownParams } from "./params.ts";
import { proof } from "./proof.ts";
import { slack } from "./slack.ts";

/** A built-in may tell which parameters it knows. */
interface BuiltIn extends Interceptor {
  readonly shape?: ParamShape;
}

export const BUILT_IN: readonly BuiltIn[] = [bitbucket, cel, github, gitlab, proof, slack];

/**
 * Parameters that a built-in does not know, by path: `secretRef.key`. The gateway ignores them as Tekton does; they are
 * usually misspelt, so `sluice check` warns of them.
 */
export function misspeltParams(interceptor: string, params: JsonObject): readonly string[] {
  const shape = BUILT_IN.find(({ name }) => name === interceptor)?.shape;
  return shape === undefined ? [] : unknownParams(shape, params);
}
