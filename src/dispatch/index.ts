/** The way out: a job becomes objects, a later try, or a dead letter. */

export { createDispatch } from "./dispatch.ts";
export { createPlaces } from "./targets.ts";
