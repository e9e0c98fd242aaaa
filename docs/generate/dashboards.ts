/** The dashboards of deploy/monitoring: what was promised, what is wrong now, and why. */

import { type Dashboard, grafanaText, type Panel, type Query } from "./grafana.ts";

type Rest = Partial<Pick<Panel, "bad">>;

const number = (title: string, unit: string, expr: string, description: string, rest: Rest = {}): Panel => ({
  ...{ title, unit, description, form: "number", queries: [[expr, ""]], ...rest },
});
const lines = (title: string, unit: string, description: string, ...queries: readonly Query[]): Panel => ({
  ...{ title, unit, description, form: "lines", queries },
});
const stacked = (title: string, unit: string, description: string, ...queries: readonly Query[]): Panel => ({
  ...{ title, unit, description, form: "stacked", queries },
});

const FAILED = `(sum(increase(sluice_decisions_total{result="failed"}[30d])) or vector(0))`;
const DONE = `sum(increase(sluice_job_attempts_total{outcome="done"}[30d]))`;
const BAD = `(sum(increase(sluice_jobs_dead_total[30d])) + ${FAILED})`;
const ENDED = `((${DONE} + ${BAD}) > 0)`;
const rate = (metric: string, by: string): string => `sum by (${by}) (rate(${metric}[$__rate_interval]))`;
const quantile = (q: number, metric: string, by = "le"): string =>
  `histogram_quantile(${q}, sum by (${by}) (rate(${metric}_bucket[$__rate_interval])))`;
const halfAndMost = (metric: string): readonly Query[] => [
  [quantile(0.5, metric), "half"],
  [quantile(0.99, metric), "99 of 100"],
];

const EXECUTIVE: Dashboard = {
  uid: "sluice-executive",
  title: "Sluice: what was promised",
  description: "The three promises of docs/slo.md, and how much is done.",
  from: "now-30d",
  rows: [
    [
      number(
        "Triggers deliver",
        "percentunit",
        `${DONE} / ${ENDED} or vector(1)`,
        "Of what fired in 30 days, the part whose objects were created. Promised: 99.9 %. 1 as well where nothing fired.",
        { bad: { below: 0.999 } },
      ),
      number(
        "Budget left",
        "percentunit",
        `1 - (${BAD} / ${ENDED} or vector(0)) / (1 - 0.999)`,
        "1: none of the 30 days' budget is spent. Below 0: the promise is broken.",
        { bad: { below: 0 } },
      ),
      number(
        "Senders are answered",
        "percentunit",
        `sum(increase(sluice_ack_seconds_bucket{le="0.25"}[30d])) / sum(increase(sluice_ack_seconds_count[30d]))`,
        "Acknowledged within 250 ms, in 30 days. Promised: 99 %.",
        { bad: { below: 0.99 } },
      ),
      number(
        "Nothing waits",
        "percentunit",
        "avg_over_time((max(sluice_queue_due_seconds) < bool 300)[30d:15m]) or (max(sluice_queue_due_seconds) < bool 300)",
        "Time in which no job was overdue for more than 5 minutes. Promised: 99.9 %.",
        { bad: { below: 0.999 } },
      ),
    ],
    [
      number(
        "Deliveries in a day",
        "short",
        "sum(increase(sluice_ack_seconds_count[1d]))",
        "Webhooks that were taken.",
      ),
      number(
        "Objects in a day",
        "short",
        `sum(increase(sluice_runs_created_total{outcome="created"}[1d]))`,
        "PipelineRuns and others that were created.",
      ),
      number(
        "Runs that succeed",
        "percentunit",
        `sum(increase(sluice_runs_finished_total{phase="succeeded"}[1d])) / sum(increase(sluice_runs_finished_total[1d]))`,
        "What became of the runs of a day. A matter of the pipelines, not of this gateway. Empty where no gateway follows runs (it holds the Lease), and where none ended.",
      ),
      number(
        "Dead letters",
        "short",
        "max(sluice_dead_deliveries)",
        "They wait for a person: `sluice dead`.",
        { bad: { from: 1 } },
      ),
    ],
    [
      stacked(
        "Deliveries by what came of them",
        "short",
        "Known when the sender was answered; pending ones come to an end later. Empty where no listener says who may send to it, until somebody does.",
        ["sum by (outcome) (increase(sluice_deliveries_accepted_total[1h]))", "{{outcome}}"],
      ),
      lines(
        "From webhook to run",
        "s",
        "Half of the runs, and 99 of 100, are there after this time.",
        ...halfAndMost("sluice_delivery_to_run_seconds"),
      ),
    ],
  ],
};

const ON_CALL: Dashboard = {
  uid: "sluice-on-call",
  title: "Sluice: what is wrong now",
  description: "Each number is red when an alert of deploy/monitoring/rules.yaml is near.",
  from: "now-3h",
  rows: [
    [
      number("Gateways", "short", "count(sluice_build_info)", "How many are scraped.", { bad: { below: 1 } }),
      number("Store", "short", "min(sluice_store_up)", "0: a gateway cannot reach it, its senders get 503.", {
        bad: { below: 1 },
      }),
      number(
        "Target",
        "short",
        "min(sluice_target_up)",
        "0: a cluster does not answer; jobs wait and no attempt is spent.",
        { bad: { below: 1 } },
      ),
      number(
        "Longest overdue job",
        "s",
        "max(sluice_queue_due_seconds)",
        "0: none is due; what waits for its next try as planned is not. Above 5 minutes somebody is woken: `sluice queue`.",
        { bad: { from: 300 } },
      ),
      number(
        "Paused",
        "short",
        "max(sluice_queue_paused)",
        "1: a person holds the queue; `sluice queue` says who.",
        { bad: { from: 1 } },
      ),
      number("Dead letters", "short", "max(sluice_dead_deliveries)", "`sluice dead` groups them by cause.", {
        bad: { from: 1 },
      }),
    ],
    [
      lines(
        "Deliveries held",
        "short",
        "Deliveries that wait for a store that is away for a moment (--store-hold), by gateway; beyond the hold their senders get 503.",
        ["max by (instance) (sluice_store_waiting)", "{{instance}}"],
      ),
      lines("Checks that fail", "short", "Of /readyz, which says why. Empty: all are well.", [
        "min by (check) (sluice_check_ok) == 0",
        "{{check}}",
      ]),
      lines(
        "Queue",
        "short",
        "Jobs that wait, are in hand, or are to be tried again. Each gateway shows the same queue.",
        ["max by (state) (sluice_queue_jobs)", "{{state}}"],
      ),
    ],
    [
      stacked("Attempts", "ops", "`retry` is normal while a target is away; `dead` needs a person.", [
        rate("sluice_job_attempts_total", "outcome"),
        "{{outcome}}",
      ]),
      lines("Why attempts fail", "ops", "docs/errors.md says what to do for each code.", [
        rate(`sluice_job_attempts_total{code!=""}`, "code"),
        "{{code}}",
      ]),
    ],
    [
      lines(
        "Senders wait",
        "s",
        "From the request's last byte to durable storage. Git hosts give up after 10 s.",
        ...halfAndMost("sluice_ack_seconds"),
      ),
      lines(
        "Requests refused",
        "reqps",
        "By code; SLUICE_UNVERIFIED: compare the webhook's secret with the Secret.",
        [rate("sluice_deliveries_refused_total", "code"), "{{code}}"],
      ),
    ],
    [
      stacked(
        "Requests",
        "reqps",
        "By listener. None at all for long: ask the Git host whether it has disabled the webhook.",
        [rate("sluice_deliveries_received_total", "namespace, listener"), "{{namespace}}/{{listener}}"],
      ),
      lines("Faults of what is declared", "short", "`sluice check`, or the log, names them.", [
        "max(sluice_catalog_faults)",
        "faults",
      ]),
    ],
  ],
};

const DEBUG: Dashboard = {
  uid: "sluice-debug",
  title: "Sluice: why",
  description: "By trigger, by station, by process.",
  from: "now-6h",
  rows: [
    [
      stacked("Decisions", "ops", "filtered: it did not match; `sluice deliveries show` explains each.", [
        rate("sluice_decisions_total", "result"),
        "{{result}}",
      ]),
      lines("Matches by trigger", "ops", "The ten that fire most.", [
        `topk(10, ${rate(`sluice_decisions_total{result="matched"}`, "namespace, listener, trigger")})`,
        "{{namespace}}/{{listener}} {{trigger}}",
      ]),
      lines(
        "Failures by trigger",
        "ops",
        "Bindings or templates that cannot be worked out: `sluice deliveries list --outcome dead`.",
        [
          `topk(10, ${rate(`sluice_decisions_total{result="failed"}`, "namespace, listener, trigger")})`,
          "{{namespace}}/{{listener}} {{trigger}}",
        ],
      ),
    ],
    [
      lines(
        "One attempt to create",
        "s",
        "The API server's answer; Tekton's admission webhooks are part of it.",
        ...halfAndMost("sluice_create_seconds"),
      ),
      lines(
        "Runs wait for their start",
        "s",
        "From creation to start: the pipeline controller's and the scheduler's time. Empty where no gateway follows runs.",
        ...halfAndMost("sluice_run_wait_seconds"),
      ),
      lines(
        "Runs in progress",
        "short",
        "The ten triggers with most of them. Empty: none is in progress, or no gateway follows runs.",
        [
          "topk(10, max by (namespace, listener, trigger) (sluice_runs_in_progress))",
          "{{namespace}}/{{listener}} {{trigger}}",
        ],
      ),
    ],
    [
      lines("How runs end", "ops", "Counted by the gateway that holds the Lease. Empty where none does.", [
        rate("sluice_runs_finished_total", "phase"),
        "{{phase}}",
      ]),
      lines(
        "How long runs take",
        "s",
        "By trigger: 95 of 100 end within this time. Empty where no gateway follows runs.",
        [
          quantile(0.95, "sluice_run_seconds", "le, namespace, listener, trigger"),
          "{{namespace}}/{{listener}} {{trigger}}",
        ],
      ),
      lines("Leader", "short", "Exactly one gateway should have 1.", ["sum(sluice_leader)", "leaders"]),
    ],
    [
      lines(
        "Duplicates and replays",
        "ops",
        "Deliveries that had come before, of which nothing ran twice; stored ones that were decided again.",
        ["sum(rate(sluice_deliveries_duplicate_total[$__rate_interval]))", "duplicates"],
        ["sum(rate(sluice_deliveries_replayed_total[$__rate_interval]))", "replays"],
      ),
      lines("Defects", "ops", "Errors that nobody expected; the log has each. Empty: there were none.", [
        rate("sluice_defects_total", "where"),
        "{{where}}",
      ]),
      lines(
        "CloudEvents lost",
        "ops",
        "No subscriber got them. Empty: none, or no listener has a cloudEventURI.",
        [rate("sluice_cloud_events_failed_total", "namespace, listener"), "{{namespace}}/{{listener}}"],
      ),
      lines(
        "Forgotten",
        "ops",
        "What retention removed.",
        ["sum(rate(sluice_pruned_deliveries_total[$__rate_interval]))", "deliveries"],
        ["sum(rate(sluice_pruned_payloads_total[$__rate_interval]))", "bodies"],
      ),
    ],
    [
      lines("Memory", "bytes", "Resident, by gateway.", [
        "process_resident_memory_bytes * on (instance) group_left () sluice_build_info",
        "{{instance}}",
      ]),
      lines("Processor", "percentunit", "Of one core, by gateway.", [
        "rate(process_cpu_seconds_total[$__rate_interval]) * on (instance) group_left () sluice_build_info",
        "{{instance}}",
      ]),
      lines(
        "Event loop",
        "s",
        "Delay that 99 of 100 turns stay under. Much more than the rest: something blocks.",
        ["nodejs_eventloop_lag_p99_seconds * on (instance) group_left () sluice_build_info", "{{instance}}"],
      ),
    ],
  ],
};

/** File name below deploy/monitoring/dashboards to its text. */
export function dashboards(): ReadonlyMap<string, string> {
  return new Map(
    [EXECUTIVE, ON_CALL, DEBUG].map((one) => [`${one.uid.replace("sluice-", "")}.json`, grafanaText(one)]),
  );
}
