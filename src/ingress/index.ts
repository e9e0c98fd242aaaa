/** The webhook port: reads bodies under limits and routes them to listeners. */

export { refuseEncoding } from "./body.ts";
export { routeTo } from "./route.ts";
export { createIngress, type Ingress } from "./server.ts";
export { refuseBatch } from "./special.ts";
