/** The API without a port: for whoever has the store open himself. */

import { OWNER } from "./access.ts";
import { addRoutes, apiRoutes } from "./api.ts";
import { jsonServer } from "./server.ts";
import type { ApiServices } from "./services.ts";

export interface InProcessAnswer {
  readonly status: number;
  readonly text: string;
}

/** Makes the function that asks: the same routes, checks and answers as over the admin port, every right granted. */
export function apiInProcess(services: ApiServices, version: string) {
  const app = jsonServer(services.tell);
  addRoutes(app, apiRoutes(services, version), () => OWNER);
  return async (method: "GET" | "POST" | "DELETE", path: string, body?: object): Promise<InProcessAnswer> => {
    const answer = await app.inject({ method, url: path, ...(body !== undefined && { payload: body }) });
    return { status: answer.statusCode, text: answer.payload };
  };
}
