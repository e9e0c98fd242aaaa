/** A dashboard as Grafana reads it (schema 39): panels from a table, in rows of equal height. */

/** A line or number of a panel: PromQL, and what it is called. */
export type Query = readonly [expr: string, legend: string];

export interface Panel {
  readonly title: string;
  /** What it means and what to do when it looks bad. */
  readonly description: string;
  /** Grafana's names: `percentunit`, `s`, `short`, `reqps`, `bytes`, `none`. */
  readonly unit: string;
  /** `number` shows the latest value alone. */
  readonly form: "number" | "lines" | "stacked";
  readonly queries: readonly Query[];
  /** Of a number: from this value on it is red; with `below` up to it. */
  readonly bad?: { readonly from: number } | { readonly below: number };
}

export interface Dashboard {
  /** Stands in links; never to be changed. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** How far back it looks: `now-6h`. */
  readonly from: string;
  readonly rows: readonly (readonly Panel[])[];
}

const WIDTH = 24;
const HEIGHT = { number: 4, lines: 8, stacked: 8 } as const;

/** The dashboard's JSON text. */
export function grafanaText({ uid, title, description, from, rows }: Dashboard): string {
  let y = 0;
  let id = 0;
  const panels = rows.flatMap((row) => {
    const w = Math.floor(WIDTH / row.length);
    const h = Math.max(...row.map(({ form }) => HEIGHT[form]));
    const placed = row.map((panel, index) => panelJson(panel, ++id, { x: index * w, y, w, h }));
    y += h;
    return placed;
  });
  const dashboard = {
    ...{ uid, title, description, tags: ["sluice"], schemaVersion: 39, version: 1, editable: true },
    ...{ timezone: "browser", refresh: "1m", time: { from, to: "now" }, graphTooltip: 1 },
    templating: {
      list: [
        {
          ...{ name: "datasource", label: "Prometheus", type: "datasource", query: "prometheus" },
          ...{ current: {}, hide: 0 },
        },
      ],
    },
    panels,
  };
  return `${JSON.stringify(dashboard, undefined, 2)}\n`;
}

const DATASOURCE = { type: "prometheus", uid: "$datasource" };

function panelJson(
  { title, description, unit, form, queries, bad }: Panel,
  id: number,
  gridPos: object,
): object {
  const targets = queries.map(([expr, legendFormat], index) => ({
    ...{ refId: String.fromCharCode(65 + index), datasource: DATASOURCE, expr, legendFormat },
    ...(form === "number" && { instant: true }),
  }));
  const custom = form === "stacked" ? { stacking: { mode: "normal" }, fillOpacity: 30 } : { fillOpacity: 5 };
  const lines = { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi" } };
  const defaults = {
    unit,
    ...(form !== "number" && { custom }),
    ...(bad && { thresholds: thresholds(bad) }),
  };
  return {
    ...{ id, title, description, gridPos, datasource: DATASOURCE, targets },
    type: form === "number" ? "stat" : "timeseries",
    fieldConfig: { defaults, overrides: [] },
    options: form === "number" ? { reduceOptions: { calcs: ["lastNotNull"] }, colorMode: "value" } : lines,
  };
}

function thresholds(bad: NonNullable<Panel["bad"]>): object {
  const steps =
    "from" in bad
      ? [
          { color: "green", value: null },
          { color: "red", value: bad.from },
        ]
      : [
          { color: "red", value: null },
          { color: "green", value: bad.below },
        ];
  return { mode: "absolute", steps };
}
