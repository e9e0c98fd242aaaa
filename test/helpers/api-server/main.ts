/** The test API server as a process: `node main.ts --kubeconfig <path> [--port n] [--namespace ns]… [--exit-with-stdin]`. */

import { parseArgs } from "node:util";
import { startApiServer } from "../api-server.ts";

const { values } = parseArgs({
  options: {
    kubeconfig: { type: "string", default: "kubeconfig.yaml" },
    port: { type: "string", default: "0" },
    namespace: { type: "string", multiple: true, default: [] },
    /** Ends when stdin does, so that a parent that dies takes it along. */
    "exit-with-stdin": { type: "boolean", default: false },
  },
});

const server = await startApiServer({ port: Number(values.port), namespaces: values.namespace });
const kubeconfig = server.writeKubeconfig(values.kubeconfig);
const line = { port: server.port, url: server.url, kubeconfig, token: server.token };
process.stdout.write(`${JSON.stringify(line)}\n`);

const stop = (): void => void server.stop().then(() => process.exit(0));
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
if (values["exit-with-stdin"]) process.stdin.on("end", stop).resume();
