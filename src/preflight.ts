/** Preflight: what a wrong setting would break later is tried before anything is opened, so that a start fails at once. */

import { once } from "node:events";
import { createServer } from "node:net";
import type { Settings } from "./config/schema.ts";
import type { Target } from "./core/job.ts";
import { unbound } from "./ports.ts";

type Address = Settings["listen"];

/**
 * Binds both ports and lets go of them again, and writes to the folder that objects go to.
 *
 * @param target undefined where this gateway creates nothing.
 * @throws SluiceError SLUICE_CONFIG_INVALID for a port that cannot be had, SLUICE_CREATE_DIRECTORY for a folder.
 */
export async function preflight(
  { role, listen, admin }: Pick<Settings, "role" | "listen" | "admin">,
  target: Target | undefined,
): Promise<void> {
  await tryPort("admin", admin);
  if (role !== "worker") await tryPort("listen", listen);
  // A cluster that is away at the start comes back; a folder that cannot be written does not.
  if (target?.name.startsWith("directory ")) await target.ready();
}

async function tryPort(key: "listen" | "admin", address: Address): Promise<void> {
  const server = createServer();
  try {
    server.listen({ host: address.host, port: address.port });
    await once(server, "listening");
    server.close();
    await once(server, "close");
  } catch (error) {
    throw unbound(key, address, error);
  }
}
