/** Script injection: text that a stranger writes into an event must not reach a place where it is run. */

import { sourcesOf } from "../../decide/bind/index.ts";
import type { BoundParam, Template } from "../index.ts";
import { formatPath } from "../index.ts";
import type { Finding } from "./finding.ts";
import type { Sink } from "./taint.ts";
import { sinksOf } from "./taint.ts";
import type { Use } from "./use.ts";

/** The only part of an event that is ours and not the sender's. */
const TRUSTED = "context";

/** Params that carry text of the event into code. One finding for each place, param and expression. */
export function checkScripts(uses: readonly Use[]): readonly Finding[] {
  const sinks = new Map<Template["spec"], readonly Sink[]>();
  const flows = uses.flatMap((use) => (use.template === undefined ? [] : flowsOf(use, use.template, sinks)));
  // Free text can hold any command; the others are limited by what a host takes as a name or a number.
  const byRisk = flows.toSorted((a, b) => Number(isFreeText(b.source)) - Number(isFreeText(a.source)));
  return [...Map.groupBy(byRisk, ({ key }) => key).values()].map((same): Finding => {
    const [{ use, template, sink, source }] = same as [Flow, ...Flow[]];
    const more = same.length === 1 ? "" : ` and ${same.length - 1} more`;
    const place = formatPath(sink.path);
    const values = {
      ...{ trigger: `${use.name}${more}`, param: sink.param, source, place },
      via: sink.via === undefined ? "" : ` as $(params.${sink.via})`,
      variable: sink.via === undefined ? `$(tt.params.${sink.param})` : `$(params.${sink.via})`,
    };
    const path = [...template.path, ...sink.path];
    return { code: "SLUICE_SCRIPT_INJECTION", values, owner: template.owner, path };
  });
}

/** Titles, messages, branches and other text that people write, at the end of a path. */
const FREE_TEXT =
  /(?:^|[._])(?:title|message|description|body|comment|text|subject|note|summary|ref|branch|tag|tag_name|label|displayName)\)(?:\s|$)/i;

function isFreeText(source: string): boolean {
  return FREE_TEXT.test(source);
}

interface Flow {
  readonly key: string;
  readonly use: Use;
  readonly template: Template;
  readonly sink: Sink;
  /** The expressions that read the event, and whose they are. */
  readonly source: string;
}

function flowsOf(
  use: Use,
  template: Template,
  memory: Map<Template["spec"], readonly Sink[]>,
): readonly Flow[] {
  const { owner, path, spec } = template;
  let sinks = memory.get(spec);
  if (sinks === undefined) {
    sinks = spec.resourcetemplates.flatMap((resource, index) =>
      sinksOf(resource).map((sink) => ({ ...sink, path: ["resourcetemplates", index, ...sink.path] })),
    );
    memory.set(spec, sinks);
  }
  return sinks.flatMap((sink) =>
    use.params
      .filter(({ name }) => name === sink.param)
      .flatMap((param): readonly Flow[] => {
        const source = foreignSource(param);
        if (source === undefined) return [];
        const { kind, metadata } = owner;
        const place = [kind, metadata.namespace, metadata.name, ...path, ...sink.path];
        return [{ key: JSON.stringify([place, sink.param, sink.via, source]), use, template, sink, source }];
      }),
  );
}

/** What of the event a param reads, with the place that says so; undefined when nothing of it is the sender's. */
export function foreignSource({ value, from }: BoundParam): string | undefined {
  const foreign = sourcesOf(value).filter(({ root }) => root !== TRUSTED);
  if (foreign.length === 0) return undefined;
  return `${foreign.map(({ expression }) => expression).join(" ")} (${from})`;
}
