/** The catalog: what operators declare in files, validated as Tekton does it, and what a listener fires of it. */

export type { Admission } from "./admit.ts";
export { admit, isTriggersObject, SERVED, TEKTON_GROUP } from "./admit.ts";
export type { LocatedDeclarations } from "./declarations.ts";
export { countTriggers, createDeclarations, inlineTriggers } from "./declarations.ts";
export { elsewhere } from "./elsewhere.ts";
export type { FaultReport, Identity } from "./faults.ts";
export { faultReport, formatFault, objectInvalid } from "./faults.ts";
export { MAX_FILE_BYTES } from "./files.ts";
export type { Path } from "./findings.ts";
export { formatPath, quoted } from "./findings.ts";
export { ignoredMetadata } from "./ignored.ts";
export { PAYLOAD_VALIDATION } from "./kinds/listener.ts";
export type { Secret } from "./kinds/secret.ts";
export { readSecret } from "./kinds/secret.ts";
export { compileLabelSelector } from "./labels.ts";
export type { CatalogState, Loaded, LoadOptions } from "./load.ts";
export { loadCatalog } from "./load.ts";
export type { Bindings, BoundParam, Held, Resolvable, Template } from "./resolve.ts";
export { bindingsOf, templateOf } from "./resolve.ts";
export { fileSecrets } from "./secrets.ts";
export type { SelectedGroup, SelectedTrigger, Selection, SelectionOptions } from "./select.ts";
export { triggersOf } from "./select.ts";
export type { Acceptance, FileCatalog, FileCatalogOptions, InForce } from "./watch.ts";
export { createFileCatalog } from "./watch.ts";
export type { SourceFile } from "./yaml.ts";
