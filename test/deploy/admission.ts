/**
 * What an API server does with an object of a custom kind, as far as its definition says it: unknown fields are found
 * (kubectl asks for that), the structural schema holds, and so do the rules in CEL.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isCelError, run } from "@bufbuild/cel";
import { Ajv, type ErrorObject } from "ajv";
import { parse } from "yaml";
import { isJsonObject, type JsonObject, type JsonValue } from "../../src/core/json.ts";
import { ROOT } from "../helpers/process.ts";

export interface Rule {
  readonly rule: string;
  readonly message: string;
}

/** Only what the definitions of deploy/crds use. */
export interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly maxItems?: number;
  readonly "x-kubernetes-preserve-unknown-fields"?: true;
  readonly "x-kubernetes-list-type"?: "map";
  readonly "x-kubernetes-validations"?: readonly Rule[];
}

export interface Definition {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly scope: "Namespaced" | "Cluster";
    readonly names: Readonly<Record<"kind" | "plural", string>> & { readonly shortNames: readonly string[] };
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly storage: boolean;
      readonly subresources?: { readonly status?: object };
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

/** The definitions of deploy/crds, in the order of its kustomization. */
export function definitions(): readonly Definition[] {
  const folder = join(ROOT, "deploy/crds");
  const read = (name: string): unknown => parse(readFileSync(join(folder, name), "utf8"));
  const { resources } = read("kustomization.yaml") as { readonly resources: readonly string[] };
  return resources.map((name) => read(name) as Definition);
}

/** Objects in, what is wrong with them out: `/spec/triggers/0 must have …`. Kinds without a definition are fine. */
export function createAdmission(all: readonly Definition[]): (object: JsonObject) => readonly string[] {
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  ajv.addKeyword({ keyword: "x-kubernetes-list-map-keys", validate: onePerKey, errors: false });
  ajv.addKeyword({ keyword: "x-kubernetes-validations", validate: rulesHold, errors: true });
  const validators = new Map(
    all.flatMap(({ spec: { group, names, versions } }) =>
      versions.map(({ name, schema }) => {
        const key = `${group}/${name} ${names.kind}`;
        return [key, ajv.compile(closed(schema.openAPIV3Schema, true))] as const;
      }),
    ),
  );
  return (object) => {
    const validate = validators.get(`${object.apiVersion} ${object.kind}`);
    if (validate === undefined || validate(object)) return [];
    return (validate.errors ?? []).map((error) => {
      const unknown: unknown = error.params?.["additionalProperty"];
      return `${error.instancePath} ${error.message}${unknown === undefined ? "" : `: ${unknown}`}`;
    });
  };
}

/** The schema as JSON Schema says it: what a structural schema does not name is unknown, but for metadata. */
function closed(schema: Schema, root = false): object {
  const { properties, items, additionalProperties } = schema;
  const open = schema["x-kubernetes-preserve-unknown-fields"] === true || additionalProperties !== undefined;
  return {
    ...schema,
    ...(items && { items: closed(items) }),
    ...(additionalProperties && { additionalProperties: closed(additionalProperties) }),
    ...(properties && {
      ...(!open && { additionalProperties: false }),
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, inner]) => [
          name,
          root && name === "metadata" ? inner : closed(inner),
        ]),
      ),
    }),
  };
}

function onePerKey([key = ""]: readonly string[], list: JsonValue): boolean {
  const names = (Array.isArray(list) ? list : []).map((item) => (isJsonObject(item) ? item[key] : undefined));
  return new Set(names).size === names.length;
}

const rulesHold: ((rules: readonly Rule[], self: JsonObject) => boolean) & {
  errors?: Partial<ErrorObject>[];
} = (rules, self) => {
  const broken = rules.filter(({ rule }) => {
    const result = run(rule, { self });
    if (isCelError(result)) throw new Error(`${rule}: ${result.message}`);
    return result !== true;
  });
  rulesHold.errors = broken.map(({ message }) => ({ keyword: "x-kubernetes-validations", message }));
  return broken.length === 0;
};
