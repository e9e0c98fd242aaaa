/** The built-in interceptors, listed by hand: this list is what `ref.name` can name without a ClusterInterceptor. */

import type { Interceptor } from "../src/core/interceptor.ts";
import { bitbucket } from "./bitbucket.ts";
import { cel } from "./cel.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";
import type { ParamShape } from "./params.ts";
import { strangeParams } from "./params.ts";
import { proof } from "./proof.ts";
import { slack } from "./slack.ts";

/** A built-in may tell which parameters it knows. */
interface BuiltIn extends Interceptor {
  readonly shape?: ParamShape;
  /** It refuses parameters that it does not know. */
  readonly strict?: true;
}

/** The gateway ignores parameters that they do not know, as Tekton does; they are usually misspelt, so it warns of them. */
export const BUILT_IN: readonly BuiltIn[] = [bitbucket, cel, github, gitlab, proof, slack].map(
  (one: BuiltIn): BuiltIn => {
    const { shape, strict } = one;
    return shape === undefined || strict
      ? one
      : { ...one, unknown: (params) => strangeParams(shape, params) };
  },
);
