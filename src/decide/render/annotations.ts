/** Annotations of a TriggerTemplate that say how values are put into it. */

/** Names the params that keep their type, separated by commas (docs/adr/0039-typed-params.md). */
export const TYPED_ANNOTATION = "sluice.dev/typed-params";
