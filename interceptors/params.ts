/** Parameters of interceptors, read as Tekton reads them: names without regard to case, null as absent, types strictly. */

import { fault } from "../src/core/errors.ts";
import type { InterceptorTools, SecretKey, UnknownParam } from "../src/core/interceptor.ts";
import { GRPC } from "../src/core/interceptor.ts";
import type { JsonObject, JsonValue } from "../src/core/json.ts";
import { isJsonObject, setOwn } from "../src/core/json.ts";

/** Where a value stands, for error messages. */
interface Place {
  readonly interceptor: string;
  readonly path: string;
}

/** Turns a value that is not null into what it stands for. @throws SluiceError SLUICE_INTERCEPTOR_PARAMS. */
type Reader<T> = (value: JsonValue, place: Place) => T;

type Shape = Readonly<Record<string, Reader<unknown>>>;

/** What a shape's readers give; every parameter may be absent. */
export type Read<S extends Shape> = { readonly [K in keyof S]?: ReturnType<S[K]> };

type ObjectReader<S extends Shape> = Reader<Read<S>> & { readonly shape: S };

export const text: Reader<string> = (value, place) =>
  typeof value === "string" ? value : wrongType(value, "a text", place);

export const flag: Reader<boolean> = (value, place) =>
  typeof value === "boolean" ? value : wrongType(value, "true or false", place);

/** A whole number that is not negative. */
export const count: Reader<number> = (value, place) =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0
    ? value
    : wrongType(value, "a whole number", place);

export const texts: Reader<readonly string[]> = (value, place) =>
  Array.isArray(value)
    ? value.map((item, index) => text(item ?? "", { ...place, path: `${place.path}[${index}]` }))
    : wrongType(value, "a list of texts", place);

export const anyObject: Reader<JsonObject> = (value, place) =>
  isJsonObject(value) ? value : wrongType(value, "an object", place);

/** An object of named parameters. Of several spellings of one name the bytewise last counts, as in Tekton. */
export function object<const S extends Shape>(shape: S): ObjectReader<S> {
  const names = Object.keys(shape);
  const read: Reader<Read<S>> = (value, place) => {
    if (!isJsonObject(value)) return wrongType(value, "an object", place);
    const result: Record<string, unknown> = {};
    for (const key of Object.keys(value).sort()) {
      const name = names.find((known) => folded(known) === folded(key));
      const given = value[key];
      if (name === undefined || given === undefined || given === null) continue;
      const path = place.path === "" ? name : `${place.path}.${name}`;
      setOwn(result, name, shape[name]?.(given, { ...place, path }));
    }
    return result as Read<S>;
  };
  return Object.assign(read, { shape });
}

/** Go finds fields by simple folding, in which the long s is an s; toLowerCase leaves that one alone. */
function folded(name: string): string {
  return name.replaceAll("ſ", "s").toLowerCase();
}

/** `{secretName, secretKey}`. The Secret lives in the trigger's namespace, whatever else is written. */
export const secretRef = object({ secretName: text, secretKey: text });

/** Reads an interceptor's parameters. @throws SluiceError SLUICE_INTERCEPTOR_PARAMS, naming the field. */
export function readParams<S extends Shape>(
  interceptor: string,
  shape: ObjectReader<S>,
  params: JsonObject,
): Read<S> {
  return shape(params, { interceptor, path: "" });
}

/** The parameters that an interceptor knows, nested ones included. */
export type ParamShape = ObjectReader<Shape>;

/** Names that the shape does not know, with their paths. */
export function unknownParams(shape: ParamShape, params: JsonObject): string[] {
  return strangeParams(shape, params).map(({ field }) => field);
}

/** The same, with what is known in the place of each. */
export function strangeParams(shape: ParamShape, params: JsonObject, path = ""): UnknownParam[] {
  const names = Object.keys(shape.shape);
  return Object.entries(params).flatMap(([key, value]) => {
    const name = names.find((known) => folded(known) === folded(key));
    if (name === undefined) return [{ field: path + key, known: names }];
    const reader = shape.shape[name];
    return isJsonObject(value) && isObjectReader(reader)
      ? strangeParams(reader, value, `${path}${key}.`)
      : [];
  });
}

/** The Secret that a parameter names. @throws SluiceError SLUICE_INTERCEPTOR_PARAMS when name or key are empty. */
export function secretOf(
  interceptor: string,
  field: string,
  ref: Read<typeof secretRef.shape>,
  tools: Pick<InterceptorTools, "namespace">,
): SecretKey {
  const { secretName: name = "", secretKey: key = "" } = ref;
  const empty = key === "" ? "secretKey" : name === "" ? "secretName" : undefined;
  if (empty === undefined) return { namespace: tools.namespace, name, key };
  throw fault("SLUICE_INTERCEPTOR_PARAMS", {
    name: interceptor,
    reason: `${field}.${empty} is empty`,
    field: `${field}.${empty}`,
    grpc: String(GRPC.FAILED_PRECONDITION),
  });
}

function isObjectReader(reader: unknown): reader is ParamShape {
  return typeof reader === "function" && "shape" in reader;
}

function wrongType(value: JsonValue, wanted: string, { interceptor, path }: Place): never {
  const got = Array.isArray(value) ? "a list" : isJsonObject(value) ? "an object" : JSON.stringify(value);
  const reason = `${path} must be ${wanted}, got ${got}`;
  throw fault("SLUICE_INTERCEPTOR_PARAMS", { name: interceptor, reason, field: path });
}
