/** The station render: TriggerTemplates and params become Kubernetes objects. */

export { variablesIn } from "./leaf.ts";
export type { Substitute, TemplateSource } from "./substitute.ts";
export { compileSubstitution, OLD_ESCAPE_ANNOTATION } from "./substitute.ts";
export type { RenderOptions } from "./template.ts";
export { compileTemplate } from "./template.ts";
