/** The steps of a start and a stop that main.ts composes. */

export { adminAccess } from "./admin-access.ts";
export { boundTo, listenOn } from "./listen.ts";
export { preflight, tryPort, UNWRITABLE } from "./preflight.ts";
export { createWorkers, shutDown } from "./shutdown.ts";
