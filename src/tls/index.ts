/** Certificates of the ports, reloaded while in use. */

export { ADMIN_CERTIFICATE, type Certificate, certificateOf, WEBHOOK_CERTIFICATE } from "./certificate.ts";
export { secureServer } from "./secure-server.ts";
