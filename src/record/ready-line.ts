/** What a gateway says once it is ready: the URLs that webhooks go to, or that there are none. */

import { foreign } from "./foreign.ts";

/** Listeners whose URLs are spelled out. */
const URLS = 3;

/**
 * @param listen base URL of the webhook port.
 * @param listeners `namespace/name` of each.
 */
export function readyFor(listen: string, listeners: readonly string[]): string {
  if (listeners.length === 0)
    return `listening on ${listen}, but no EventListener is declared: every webhook is answered with 404; --config names files, --from-cluster serves a cluster's`;
  const urls = listeners.slice(0, URLS).map((name) => foreign(`${listen}/${name}`));
  const more = listeners.length > URLS ? ` and ${listeners.length - URLS} more` : "";
  return `ready for webhooks on ${urls.join(", ")}${more}`;
}
