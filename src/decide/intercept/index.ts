/** Interceptors outside this process, and the registry of those inside. */

export { createHttpClient } from "./http.ts";
export type { PolicyOptions } from "./policy.ts";
export { createRegistry, type Registry } from "./registry.ts";
export { compileRemote } from "./remote.ts";
export { compileWebhook } from "./webhook.ts";
