/** Plain requests to an API server by a kubeconfig: status, headers and body as they came, with nothing of ours between. */

import { once } from "node:events";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { RequestOptions } from "node:https";
import { Agent, request } from "node:https";
import { createInterface } from "node:readline";
import { KubeConfig } from "@kubernetes/client-node";

export interface Sent {
  /** JSON text, or what becomes it. */
  readonly body?: object | string;
  readonly accept?: string;
  /** Default `application/json`. */
  readonly contentType?: string;
  /** Impersonate-User. */
  readonly as?: string;
  /** Another bearer token; null: none. */
  readonly token?: string | null;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Parsed where it is JSON, else the text. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into any answer, and fail where it is another.
  readonly body: any;
}

export interface ApiClient extends Disposable {
  send(method: string, path: string, sent?: Sent): Promise<Answered>;
  /** The events of a watch; `path` carries the query. */
  watch(path: string, sent?: Sent): AsyncGenerator<Answered["body"]>;
  /** A kubeconfig for the same server with another bearer token. */
  kubeconfigWith(token: string): string;
}

/** @param kubeconfig path of a file. */
export async function openApiClient(kubeconfig: string): Promise<ApiClient> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const { ca, cert, key } = options;
  const agents = {
    own: new Agent({ keepAlive: true, ca, cert, key }),
    // A certificate would prove who we are whatever the token says.
    other: new Agent({ keepAlive: true, ca }),
  };
  const { hostname, port } = new URL(config.getCurrentCluster()?.server ?? "");

  async function open(method: string, path: string, sent: Sent): Promise<IncomingMessage> {
    const { body, accept = "application/json", contentType = "application/json", as, token } = sent;
    const headers: Record<string, string> = { ...(options.headers as Record<string, string>), accept };
    if (token !== undefined) delete headers["Authorization"];
    if (typeof token === "string") headers["Authorization"] = `Bearer ${token}`;
    if (as !== undefined) headers["impersonate-user"] = as;
    const text = typeof body === "object" ? JSON.stringify(body) : body;
    if (text !== undefined) {
      headers["content-type"] = contentType;
      // Said aloud: node:http sends the body of a DELETE without a length, and nobody reads it then.
      headers["content-length"] = String(Buffer.byteLength(text));
    }
    const agent = token === undefined ? agents.own : agents.other;
    const outgoing = request({ agent, hostname, port, method, path, headers });
    outgoing.end(text);
    const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
    return incoming;
  }

  return {
    async send(method, path, sent = {}) {
      const incoming = await open(method, path, sent);
      const text = Buffer.concat(await incoming.toArray()).toString();
      const json = incoming.headers["content-type"]?.startsWith("application/json") === true;
      return {
        status: incoming.statusCode ?? 0,
        headers: incoming.headers,
        body: json ? JSON.parse(text) : text,
      };
    },
    async *watch(path, sent = {}) {
      const incoming = await open("GET", path, sent);
      try {
        for await (const line of createInterface(incoming)) yield JSON.parse(line);
      } finally {
        incoming.destroy();
      }
    },
    kubeconfigWith(token) {
      const another = new KubeConfig();
      const cluster = config.getCurrentCluster();
      if (cluster === null) throw new Error(`${kubeconfig} names no cluster`);
      another.loadFromClusterAndUser(cluster, { name: "another", token });
      return another.exportConfig();
    },
    [Symbol.dispose]() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}
