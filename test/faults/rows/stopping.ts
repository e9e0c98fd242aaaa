/** Rows in which gateways are told to stop: one after the other behind a proxy, and beside peers that never end. */

import { once } from "node:events";
import { connect } from "node:net";
import type { GatewayProcess } from "../../helpers/gateway.ts";
import { eventually } from "../../helpers/gateway.ts";
import { hang } from "../../helpers/hanging.ts";
import type { Behind, ReverseProxy } from "../../helpers/proxies.ts";
import { startHaproxy, startNginx } from "../../helpers/proxies.ts";
import type { Stage } from "../stage.ts";
import type { Course, Row } from "./row.ts";

/** Milliseconds, as in {@link FLAGS}. */
const GRACE_MS = 5_000;
const LAME_DUCK_MS = 2_000;
const FLAGS = ["--shutdown-grace", "5s", "--lame-duck", "2s"] as const;
const NO_LAME_DUCK = ["--shutdown-grace", "5s", "--lame-duck", "0s"] as const;
/** Other tests run beside the short form, and take the processor from a process that ends. Milliseconds. */
const BUSY_MS = 2_000;
/** Deliveries a second, and more of them than any row needs: it ends the burst itself. */
const RATE = 80;
const ENOUGH = 100_000;

/** Every gateway is replaced in turn, and no sender may notice. */
const rollingBehind = (startProxy: (gateways: readonly Behind[]) => Promise<ReverseProxy>) =>
  async function rolling(stage: Stage): Promise<Course> {
    const gateways = [await stage.startGateway(), await stage.startGateway()];
    await using proxy = await startProxy(gateways.map(behind));
    const state = { over: false };
    const url = () => `${proxy.url}/default/faults`;
    const burst = stage.burst(ENOUGH, { url, rate: RATE, stopped: () => state.over });
    await burst.reached(202, RATE);
    const stops: Stop[] = [];
    for (let round = 0; round < (stage.size.form === "long" ? 5 : 1); round++) {
      for (const [index, gateway] of gateways.entries()) {
        stops.push(await stopped(gateway));
        gateways[index] = await stage.startGateway(gateway.ports);
        await isAsked(gateways[index]);
      }
    }
    state.over = true;
    const sent = await burst.done;
    const odd = Object.entries(sent.statuses).filter(([status]) => status !== "202");
    const said = proxy
      .log()
      .split("\n")
      .filter((line) => line !== "" && !line.includes("Connection refused"));
    const faults = odd.map(
      ([status, times]) => `${times} answers were ${status}, expected 202: ${said.slice(-3).join("; ")}`,
    );
    return { sent: [sent], ...judged(stage, stops, LAME_DUCK_MS + GRACE_MS, faults) };
  };

/** All that may hold a port open, at both ports: silence, half a head, half a body, a body that comes slowly. */
async function besideHangingPeers(stage: Stage): Promise<Course> {
  const { deliveries } = stage.size;
  const gateway = await stage.startGateway();
  await stage.api.fault({ method: "POST", path: "/pipelineruns", times: 0, action: HANG });
  const burst = stage.burst(deliveries);
  const head = "POST /default/faults HTTP/1.1\r\nHost: hooks\r\n";
  const sockets = await Promise.all(
    [gateway.url, gateway.admin].flatMap((url) => ["", head].map((text) => open(url, text))),
  );
  const proof = `X-GitHub-Event: pull_request\r\nX-Hub-Signature-256: sha256=${"0".repeat(64)}`;
  const body = {
    url: gateway.url,
    path: "/default/faults",
    count: 4,
    announced: 1_000_000,
    sent: 100,
    from: [],
  };
  await using bodies = await hang({ ...body, headers: `Content-Type: application/json\r\n${proof}\r\n` });
  const trickle = setInterval(bodies.trickle, 100);
  try {
    await burst.reached(202, Math.floor(deliveries / 3));
    const stop = await stopped(gateway);
    await bodies.ended;
    const unsaid = bodies.statuses().filter((status) => status === 503).length < body.count;
    const faults = unsaid ? [`bodies were answered ${bodies.statuses().join()}, expected 503 each`] : [];
    await stage.api.clearFaults();
    await stage.startGateway(gateway.ports);
    return { sent: [await burst.done], ...judged(stage, [stop], GRACE_MS, faults) };
  } finally {
    clearInterval(trickle);
    for (const socket of sockets) socket.destroy();
  }
}

const HANG = { type: "hang", when: "before" } as const;

/** A store that hangs in the moment of the signal. */
async function besideFrozenStore(stage: Stage): Promise<Course> {
  const { deliveries } = stage.size;
  const gateway = await stage.startGateway();
  const burst = stage.burst(deliveries);
  await burst.reached(202, Math.floor(deliveries / 3));
  stage.redis.freeze();
  const stop = await stopped(gateway);
  stage.redis.thaw();
  await stage.startGateway(gateway.ports);
  return { sent: [await burst.done], ...judged(stage, [stop], GRACE_MS) };
}

interface Stop {
  readonly tookMs: number;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

async function stopped(gateway: GatewayProcess): Promise<Stop> {
  const from = performance.now();
  await gateway.stop();
  return { tookMs: Math.round(performance.now() - from), ...(await gateway.ended) };
}

function judged({ size }: Stage, stops: readonly Stop[], inMs: number, faults: readonly string[] = []) {
  const limitMs = inMs + (size.form === "long" ? 0 : BUSY_MS);
  const wrong = stops.flatMap(({ tookMs, code, signal }) => [
    ...(code === 0 ? [] : [`SIGTERM ended it with code ${code}, signal ${signal}`]),
    ...(tookMs <= limitMs ? [] : [`SIGTERM took ${tookMs} ms, expected at most ${limitMs}`]),
  ]);
  const measured = { stopMs: Math.max(...stops.map(({ tookMs }) => tookMs)), stops: stops.length };
  return { measured, faults: [...faults, ...wrong] };
}

/** Resolves when the proxy sends it deliveries again. */
async function isAsked({ admin }: GatewayProcess): Promise<void> {
  const metrics = async () => (await fetch(`${admin}/metrics`)).text();
  await eventually(metrics, (text) => /^sluice_deliveries_received_total\{.*\} [1-9]/m.test(text));
}

const behind = ({ url, admin }: GatewayProcess): Behind => ({
  listen: new URL(url).host,
  admin: new URL(admin).host,
});

async function open(url: string, text: string) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {}).resume();
  await once(socket, "connect");
  socket.write(text);
  return socket;
}

export const STOPPING_ROWS = [
  {
    number: 20,
    name: "rolling SIGTERM behind nginx",
    store: "redis",
    flags: FLAGS,
    run: rollingBehind(startNginx),
  },
  {
    number: 21,
    name: "rolling SIGTERM behind HAProxy",
    store: "redis",
    flags: FLAGS,
    run: rollingBehind(startHaproxy),
  },
  {
    number: 22,
    name: "SIGTERM beside peers that never end",
    store: "redis",
    flags: NO_LAME_DUCK,
    run: besideHangingPeers,
  },
  {
    number: 23,
    name: "SIGTERM while Redis is frozen",
    store: "redis",
    flags: NO_LAME_DUCK,
    run: besideFrozenStore,
  },
] as const satisfies readonly Row[];
