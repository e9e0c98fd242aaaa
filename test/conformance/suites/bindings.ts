/** bindings.json: an event and binding params give the values of params. */

import { SluiceError } from "../../../src/core/errors.ts";
import type { HeaderMap } from "../../../src/core/headers.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import type { ParamSpec, TemplateParam } from "../../../src/core/tekton.ts";
import { compileBindings } from "../../../src/decide/bind/index.ts";
import { eventWith } from "../../decide/bind/events.ts";
import { suite } from "../vectors.ts";

interface Input {
  readonly body: string;
  readonly headers?: HeaderMap;
  readonly extensions?: JsonObject;
  readonly eventID?: string;
  readonly bindingParams: readonly ParamSpec[];
  readonly templateParams?: readonly TemplateParam[];
}

interface Output {
  readonly params?: Readonly<Record<string, string>>;
  readonly error?: string;
}

export const bindings = suite<Input, Output>("bindings.json", ({ input, output }) => ({
  got: bind(input),
  want: output.error === undefined ? output.params : "error",
}));

function bind({ bindingParams, templateParams = [], body, headers = {}, extensions = {}, eventID }: Input) {
  try {
    const plan = compileBindings(
      bindingParams.map((param) => ({ ...param, from: "vector" })),
      templateParams,
    );
    return Object.fromEntries(plan(eventWith({ id: eventID ?? "", text: body, headers, extensions })));
  } catch (error) {
    if (error instanceof SluiceError) return "error";
    throw error;
  }
}
