import { readFileSync } from "node:fs";
import https from "node:https";
import http2 from "node:http2";
import { KubeConfig, KubernetesObjectApi } from "@kubernetes/client-node";
import { Pool, request as urequest } from "undici";
const [mode = "https", n = "2000", kcPath = ""] = process.argv.slice(2);
const N = Number(n);
const kc = new KubeConfig(); kc.loadFromFile(kcPath);
const server = kc.getCurrentCluster()!.server; const u = new URL(server);
const ca = Buffer.from(kc.getCurrentCluster()!.caData!, "base64");
const token = kc.getCurrentUser()!.token;
const obj = (i: string) => ({ apiVersion: "tekton.dev/v1", kind: "PipelineRun", metadata: { name: `r-${i}`, namespace: "ci", labels: { "triggers.tekton.dev/triggers-eventid": "x" } }, spec: { pipelineRef: { name: "p" }, params: Array.from({ length: 8 }, (_, k) => ({ name: `p${k}`, value: "some value that has a length" })), workspaces: [{ name: "w", emptyDir: {} }] } });
const accept = process.env.FULL ? "application/json" : "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
const path = "/apis/tekton.dev/v1/namespaces/ci/pipelineruns";
let create: (o: object) => Promise<void>;
if (mode === "client") { const api = KubernetesObjectApi.makeApiClient(kc); create = async (o) => { await api.create(o as never); }; }
else if (mode === "https") {
  const agent = new https.Agent({ keepAlive: true, ca, maxFreeSockets: 64 }); if (process.env.NAME) agent.getName = () => "k";
  create = (o) => new Promise((res, rej) => {
    const body = JSON.stringify(o);
    const r = https.request({ host: u.hostname, port: u.port, agent, method: "POST", path, headers: process.env.ARR ? ["host", u.host, "authorization", `Bearer ${token}`, "accept", accept, "content-type", "application/json", "content-length", String(Buffer.byteLength(body))] as never : { authorization: `Bearer ${token}`, accept, "content-type": "application/json", "content-length": Buffer.byteLength(body) } }, (m) => { if (m.statusCode !== 201) rej(new Error(String(m.statusCode))); m.resume(); m.on("end", () => res()); });
    r.on("error", rej); r.end(body);
  });
} else if (mode === "undici") {
  const pool = new Pool(server, { connections: 32, connect: { ca } });
  create = async (o) => { const r = await pool.request({ method: "POST", path, headers: { authorization: `Bearer ${token}`, accept, "content-type": "application/json" }, body: JSON.stringify(o) }); if (r.statusCode !== 201) throw new Error(String(r.statusCode)); await r.body.dump(); };
} else if (mode === "h2") {
  const s = http2.connect(server, { ca });
  create = (o) => new Promise((res, rej) => { const r = s.request({ ":method": "POST", ":path": path, authorization: `Bearer ${token}`, accept, "content-type": "application/json" }); r.on("response", (h) => { if (h[":status"] !== 201) rej(new Error(String(h[":status"]))); }); r.resume(); r.on("end", () => res()); r.on("error", rej); r.end(JSON.stringify(o)); });
} else throw new Error();
async function run(tag: string, count: number) { let i = 0; await Promise.all(Array.from({ length: 32 }, async () => { while (i < count) { const k = i++; await create(obj(`${tag}-${k}`)); } })); }
await run(`${mode}-w${Date.now()}`, 300);
const c0 = process.cpuUsage(); const t0 = performance.now();
await run(`${mode}-m${Date.now()}`, N);
const c = process.cpuUsage(c0); const ms = performance.now() - t0;
console.log(mode, "us cpu/create", Math.round((c.user + c.system) / N), "wall/s", Math.round(N / ms * 1000));
process.exit(0);
