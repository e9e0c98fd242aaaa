/** How deliveries are worked on, and what is said of it. */

import { setting } from "../declaration.ts";
import * as as from "../values.ts";

export const WORK = {
  role: setting({
    value: "<role>",
    default: "all",
    type: as.choice("all", "ingress", "worker"),
    expected: "all, ingress or worker",
    description: "ingress takes deliveries, worker creates objects, all does both.",
  }),
  concurrency: setting({
    value: "<jobs>",
    default: "32",
    type: as.whole(1, 1_024),
    expected: "a whole number from 1 to 1024",
    description: "Jobs that a worker has in hand at once.",
  }),
  unverified: setting({
    value: "<policy>",
    default: "refuse",
    type: as.choice("refuse", "allow"),
    expected: "refuse or allow",
    description: "Triggers that demand no proof and do not say sluice.dev/verification: none.",
  }),
  duplicates: setting({
    value: "<policy>",
    default: "once",
    type: as.choice("once", "tekton"),
    expected: "once or tekton",
    description: "A trigger that a listener selects twice runs once; tekton: it runs twice.",
  }),
  unknownParams: setting({
    value: "<policy>",
    default: "warn",
    type: as.choice("warn", "refuse"),
    expected: "warn or refuse",
    description:
      "A parameter that a built-in interceptor does not know has no effect, as in Tekton; refuse: its trigger fails.",
  }),
  brokenResource: setting({
    value: "<policy>",
    default: "before",
    type: as.choice("before", "none"),
    expected: "before or none",
    description:
      "Of a template with a resource that gives no usable object, those before it are created, as in Tekton; none: none is.",
  }),
  decideWithin: setting({
    value: "<time>",
    default: "5s",
    type: as.duration(0, 60_000),
    time: true,
    expected: "a time such as 5s or 800ms, at most 1m",
    description:
      "Time a request waits for remote interceptors before a worker decides; 0 leaves all to workers.",
  }),
  decideBudget: setting({
    value: "<time>",
    default: "1s",
    type: as.duration(10, 60_000),
    time: true,
    expected: "a time such as 1s or 300ms, from 10ms to 1m",
    description:
      "Work that the triggers of one delivery may cost together, as time of one core, counted in steps; without a proof of the sender a tenth. Each byte of the body adds 500 ns, up to 1 MB. What goes beyond fails with SLUICE_COST_EXCEEDED.",
  }),
  logLevel: setting({
    value: "<level>",
    default: "info",
    type: as.choice("debug", "info", "warn", "error"),
    expected: "debug, info, warn or error",
    description: "The least level that is logged; debug adds a line per decision.",
  }),
  logFormat: setting({
    value: "<format>",
    default: "auto",
    type: as.choice("auto", "json", "pretty"),
    expected: "auto, json or pretty",
    description: "auto is pretty on a terminal, else JSON.",
  }),
  shutdownGrace: setting({
    value: "<time>",
    default: "25s",
    type: as.duration(0, 600_000),
    time: true,
    expected: "a time such as 25s, 500ms or 2m, at most 10m",
    description:
      "Time to finish what is in hand after SIGTERM and --lame-duck; what has not finished by then is cut off, or left to other gateways.",
  }),
  lameDuck: setting({
    value: "<time>",
    default: "5s",
    type: as.duration(0, 600_000),
    time: true,
    expected: "a time such as 5s, 500ms or 2m, at most 10m",
    description:
      "Time after SIGTERM, before --shutdown-grace, for which deliveries are still taken while /readyz says 503 and answers close their connections; 0s for none. After SIGINT there is none.",
  }),
} as const;
