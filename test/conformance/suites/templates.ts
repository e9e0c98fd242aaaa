/** templates.json: params give resources (mode render), events give created resources (mode pipeline). */

import { SluiceError } from "../../../src/core/errors.ts";
import type { HeaderMap } from "../../../src/core/headers.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import type { ParamSpec, TriggerTemplateSpec } from "../../../src/core/tekton.ts";
import { compileBindings } from "../../../src/decide/bind/index.ts";
import type { TemplateSource } from "../../../src/decide/render/index.ts";
import { compileSubstitution, compileTemplate } from "../../../src/decide/render/index.ts";
import { eventWith } from "../../decide/bind/events.ts";
import { suite, type VectorFile } from "../vectors.ts";

interface Template {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: TriggerTemplateSpec;
}

interface RenderInput {
  readonly mode: "render";
  readonly template: Template;
  readonly params: readonly ParamSpec[];
  readonly uid: string;
}

interface PipelineInput {
  readonly mode: "pipeline";
  readonly template: Template;
  readonly uid: string;
  readonly body: string;
  readonly headers: HeaderMap;
  readonly extensions: JsonObject;
  readonly eventID: string;
  readonly bindingParams: readonly ParamSpec[];
  readonly triggerName: string;
  readonly eventListenerName: string;
  readonly namespace: string;
}

interface Output {
  readonly resources?: readonly { readonly json?: JsonObject }[];
  readonly created?: readonly JsonObject[];
  readonly error?: string;
}

/** What stands for a resource that is none, and at the end of a run that failed. */
const ERROR = "error";

export const templates = suite<RenderInput | PipelineInput, Output>("templates.json", ({
  input,
  output,
}, file) => {
  const source = { annotations: input.template.metadata?.annotations ?? {}, spec: input.template.spec };
  if (input.mode === "render") {
    return { got: render(input, source), want: output.resources?.map(({ json }) => json ?? ERROR) };
  }
  const failed = output.error === undefined ? [] : [ERROR];
  return { got: pipeline(input, source, file), want: [...(output.created ?? []), ...failed] };
});

function render({ params, uid }: RenderInput, source: TemplateSource): unknown {
  const values = new Map(params.map(({ name, value }) => [name, value]));
  return compileSubstitution(source).map((substitute) => orError(() => substitute(values, () => uid)));
}

/** The objects in order, up to the first that cannot be created. */
function pipeline(input: PipelineInput, source: TemplateSource, { apiResources = [] }: VectorFile): unknown {
  const { namespace, triggerName, eventListenerName, eventID, body, headers, extensions, uid } = input;
  const objects = orError(() => {
    const bind = compileBindings(
      input.bindingParams.map((param) => ({ ...param, from: "vector" })),
      source.spec.params,
    );
    const render = compileTemplate(source, { names: "tekton", uid: () => uid });
    const trigger = { namespace, name: triggerName };
    const listener = { namespace, name: eventListenerName };
    const params = bind(eventWith({ id: eventID, text: body, headers, extensions }));
    return render(params, { delivery: eventID, listener, trigger });
  });
  if (objects === ERROR) return [ERROR];
  const made: unknown[] = [];
  for (const object of objects) {
    const { apiVersion, kind } = object;
    const known = apiResources.find(
      (resource) => resource.apiVersion === apiVersion && resource.kind === kind,
    );
    if (known === undefined) return [...made, ERROR];
    const inside = object.metadata?.namespace || namespace;
    made.push({ namespace: inside, resource: `${apiVersion}/${known.resource}`, object });
  }
  return made;
}

function orError<T>(work: () => T): T | typeof ERROR {
  try {
    return work();
  } catch (error) {
    if (error instanceof SluiceError) return ERROR;
    throw error;
  }
}
