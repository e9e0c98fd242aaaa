/** The built-in interceptors, listed by hand: this list is what `ref.name` can name without a ClusterInterceptor. */

import type { Interceptor } from "../src/core/interceptor.ts";
import { bitbucket } from "./bitbucket.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";
import { slack } from "./slack.ts";

export const BUILT_IN: readonly Interceptor[] = [bitbucket, github, gitlab, slack];
