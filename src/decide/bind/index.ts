/** The station bind: `$(…)` expressions of TriggerBindings become the params of a template. */

export type { BindingFault, BoundParam } from "./bindings.ts";
export { checkBindings, compileBindings } from "./bindings.ts";
export { cutValue } from "./expressions.ts";
export type { Source } from "./sources.ts";
export { sourcesOf } from "./sources.ts";
