/** `node bench/cost.ts [name]`: nanoseconds behind one step of the cost budget, for expressions and paths that cost much. */

import { type Event, payload } from "../src/core/delivery.ts";
import { printJson } from "../src/core/json.ts";
import { compileBindings } from "../src/decide/bind/index.ts";
import { activate } from "../src/decide/cel/activation.ts";
import { compileCel } from "../src/decide/cel/program.ts";
import { toJson } from "../src/decide/cel/to-json.ts";
import { createWork } from "../src/decide/cel/work.ts";
import { CEL_CASES, PATH_CASES } from "./cost-cases.ts";

const [only = ""] = process.argv.slice(2);
const LIMIT = Number(process.env["LIMIT"] ?? 300_000);
const view = { namespace: "default", secrets: { peek: () => null, read: async () => null } };
const eventOf = (body: unknown): Event => ({
  ...{ id: "x", trigger: { namespace: "d", name: "t" }, url: "/", extensions: {} },
  headers: { "X-A": ["1"] },
  payload: payload(JSON.stringify(body)),
});

function counted() {
  let steps = 0;
  return {
    charge(more: number) {
      steps += more;
      if (steps > LIMIT) throw new Error("limit");
    },
    steps: () => steps,
  };
}

interface Row {
  readonly name: string;
  readonly steps: number;
  readonly ms: number;
  readonly nsPerStep: number;
  readonly end: string;
}
const rows: Row[] = [];

function measure(name: string, run: () => { steps: number; end: string }): void {
  if (!name.includes(only)) return;
  let best = Number.POSITIVE_INFINITY;
  let last = { steps: 0, end: "" };
  const until = performance.now() + 60;
  let rounds = 0;
  do {
    const from = process.cpuUsage();
    last = run();
    const { user, system } = process.cpuUsage(from);
    best = Math.min(best, (user + system) / 1_000);
    rounds++;
  } while ((performance.now() < until || rounds < 4) && rounds < 200);
  const row = {
    name,
    steps: Math.round(last.steps),
    ms: Math.round(best * 1000) / 1000,
    nsPerStep: Math.round((best * 1e6) / Math.max(1, last.steps)),
    end: last.end,
  };
  rows.push(row);
  console.log(
    row.name.padEnd(30),
    String(row.steps).padStart(9),
    row.ms.toFixed(1).padStart(9),
    String(row.nsPerStep).padStart(7),
    row.end,
  );
}

for (const [name, expression, body] of CEL_CASES) {
  let program: ReturnType<typeof compileCel>;
  try {
    program = compileCel(expression);
  } catch (error) {
    console.log(name, (error as Error).message);
    continue;
  }
  const activation = activate(eventOf(body));
  measure(`cel ${name}`, () => {
    const cost = counted();
    const work = createWork(cost);
    let end = "ok";
    try {
      const value = program.evaluate(activation, view, work);
      if (typeof value === "object") printJson(toJson(value, work));
    } catch (error) {
      end = String((error as { reason?: string; message?: string }).reason ?? (error as Error).message).slice(
        0,
        60,
      );
    }
    return { steps: cost.steps(), end };
  });
}
for (const [name, path, body] of PATH_CASES) {
  const bind = compileBindings([{ name: "x", value: path, from: "b" }], []);
  const event = eventOf(body);
  event.payload.json();
  measure(`path ${name}`, () => {
    let end = "ok";
    const cost = counted();
    try {
      bind(event, cost);
    } catch (error) {
      end = (error as Error).message.slice(0, 60);
    }
    return { steps: cost.steps(), end };
  });
}
