/** What is wrong with objects that were read: told with its place, and kept as objects that cannot be used. */

import { isDeepStrictEqual } from "node:util";
import type { SluiceError } from "../core/errors.ts";
import { fault } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { isJsonObject } from "../core/json.ts";
import { CLUSTER_SCOPED, type TektonObject } from "../core/tekton.ts";
import { isKind } from "./admit.ts";
import { keyOf } from "./declarations.ts";
import { formatIdentity, type Identity, identityOf, objectInvalid } from "./faults.ts";
import { createFindings } from "./findings.ts";
import { checkSubdomain, readMetadata } from "./kinds/metadata.ts";
import type { Secret } from "./kinds/secret.ts";
import type { Flawed, ReadObjects, Sourced } from "./objects.ts";
import { salvage } from "./salvage.ts";
import type { BrokenFile } from "./sort.ts";
import { passedOver, toolAt, unrendered } from "./sources.ts";
import { reasonOfFindings, unusableEntry } from "./unusable.ts";
import type { Locate, Source } from "./yaml.ts";

export type Placed = Sourced<TektonObject>;
type PlacedSecret = Sourced<Secret>;

export interface Judged {
  /** Those that can be used, and listeners and Triggers that cannot, with their fault. */
  readonly objects: readonly Placed[];
  readonly secrets: readonly PlacedSecret[];
  /** Faults of objects that cannot be used, by {@link keyOf}. */
  readonly unusable: ReadonlyMap<string, SluiceError>;
  /** Why Secrets cannot be used, by `namespace/name`. */
  readonly unusableSecrets: ReadonlyMap<string, string>;
  readonly faults: readonly SluiceError[];
  readonly warnings: readonly SluiceError[];
  /** Of listeners that have no name which could be asked for: any path may be theirs. */
  readonly nameless: readonly SluiceError[];
}

interface Where {
  readonly defaultNamespace: string;
  readonly locate: Locate;
}

/** @param broken files of which at least one document cannot be parsed. */
export function judge(read: ReadObjects, broken: readonly BrokenFile[], where: Where): Judged {
  const { locate, defaultNamespace } = where;
  const single = onlyOnce([...read.objects, ...read.secrets], locate);
  const told = faultsOf(read.flawed, locate);
  const spoilt = createSpoilt(single.usable, defaultNamespace);
  for (const { object, source, reason } of single.ambiguous) spoilt.add(asWritten(object), source, reason);
  for (const { written, source, findings } of read.flawed)
    if (isJsonObject(written)) spoilt.add(written, source, reasonOfFindings(findings));
  for (const { file, fault: cause } of broken) {
    const reason = `its file is no valid YAML (line ${cause.at?.line ?? 1}: ${cause.values["reason"]})`;
    for (const object of salvage(file).objects) spoilt.add(object, { file, document: 0, path: [] }, reason);
  }
  const usable = [...single.usable.values()];
  return {
    objects: [...usable.filter(isTekton), ...spoilt.placeholders],
    secrets: usable.filter((one): one is PlacedSecret => !isTekton(one)),
    unusable: spoilt.unusable,
    unusableSecrets: spoilt.secrets,
    faults: [...told, ...single.faults],
    nameless: namelessListeners(read.flawed, locate),
    warnings: [...single.warnings, ...straysOf(read.strays, locate)],
  };
}

function namelessListeners(flawed: readonly Flawed[], locate: Locate): readonly SluiceError[] {
  return flawed.flatMap(({ identity, source }): readonly SluiceError[] => {
    if (identity.kind !== "EventListener") return [];
    const findings = createFindings();
    checkSubdomain(identity, findings);
    const [first] = findings.found;
    if (first === undefined) return [];
    return [objectInvalid(identity, first.path, first.reason, locate(source, first.path))];
  });
}

/** Gathers what cannot be used; what stands among the usable ones is not spoilt by another file. */
function createSpoilt(usable: ReadonlyMap<string, unknown>, defaultNamespace: string) {
  const unusable = new Map<string, SluiceError>();
  const secrets = new Map<string, string>();
  const placeholders: Placed[] = [];
  return {
    ...{ unusable, secrets, placeholders },
    add(written: JsonObject, source: Source, reason: string): void {
      const { kind, name } = identityOf(written, defaultNamespace);
      const findings = createFindings();
      checkSubdomain({ name }, findings);
      if (findings.found.length > 0 || !(isKind(kind) || kind === "Secret")) return;
      const metadata = readMetadata(
        written,
        CLUSTER_SCOPED.has(kind) ? "" : defaultNamespace,
        createFindings(),
      );
      const key = keyOf(kind, metadata);
      if (usable.has(key) || unusable.has(key)) return;
      if (!isKind(kind)) {
        secrets.set(`${metadata.namespace}/${metadata.name}`, reason);
        return;
      }
      const entry = unusableEntry(kind, metadata, reason);
      if (entry.fault !== undefined) unusable.set(key, entry.fault);
      if (entry.object !== undefined) placeholders.push({ object: entry.object, source });
    },
  };
}

interface Once {
  readonly usable: ReadonlyMap<string, Placed | PlacedSecret>;
  /** Declared more than once, each time otherwise: nobody can tell which one is meant. */
  readonly ambiguous: readonly {
    readonly object: TektonObject | Secret;
    readonly source: Source;
    readonly reason: string;
  }[];
  readonly faults: readonly SluiceError[];
  readonly warnings: readonly SluiceError[];
}

function onlyOnce(all: readonly (Placed | PlacedSecret)[], locate: Locate): Once {
  const usable = new Map<string, Placed | PlacedSecret>();
  const ambiguous: Once["ambiguous"][number][] = [];
  const faults: SluiceError[] = [];
  const warnings: SluiceError[] = [];
  const groups = Map.groupBy(all, ({ object }) => keyOf(ownIdentity(object).kind, ownIdentity(object)));
  for (const [key, [first, ...others]] of groups) {
    if (first === undefined) continue;
    const same = others.every(({ object }) => isDeepStrictEqual(object, first.object));
    if (same) usable.set(key, first);
    if (others.length === 0) continue;
    const identity = ownIdentity(first.object);
    const { file, line } = locate(first.source, []);
    const values = { ...identity, other: `${file}:${line}`, object: formatIdentity(identity) };
    for (const { source } of others)
      (same ? warnings : faults).push(fault("SLUICE_OBJECT_DUPLICATE", values, { at: locate(source, []) }));
    if (!same) ambiguous.push({ ...first, reason: "it is declared more than once, each time otherwise" });
  }
  return { usable, ambiguous, faults, warnings };
}

/** One fault for each finding; of a file that is the source of another, one for all of them. */
function faultsOf(flawed: readonly Flawed[], locate: Locate): readonly SluiceError[] {
  const unrenderedFiles = new Set<string>();
  for (const { written, source, findings } of flawed)
    if (findings.some(({ path }) => toolAt(written, path) !== undefined))
      unrenderedFiles.add(source.file.path);
  const told = new Set<string>();
  return flawed.flatMap(({ written, source, identity, findings }): readonly SluiceError[] => {
    const { path: file } = source.file;
    if (!unrenderedFiles.has(file))
      return findings.map(({ path, reason }) => objectInvalid(identity, path, reason, locate(source, path)));
    const sign = findings.find(({ path }) => toolAt(written, path) !== undefined);
    const tool = sign && toolAt(written, sign.path);
    if (sign === undefined || tool === undefined || told.has(file)) return [];
    told.add(file);
    return [unrendered(source.file, tool, locate(source, sign.path).line)];
  });
}

/** One warning for each file with documents that are no objects. */
function straysOf(strays: readonly Source[], locate: Locate): readonly SluiceError[] {
  const files = Map.groupBy(strays, ({ file }) => file.path);
  return [...files].map(([path, [first, ...others]]) => {
    const count = others.length === 0 ? "1 document has" : `${others.length + 1} documents have`;
    const line = first === undefined ? 1 : locate(first, []).line;
    const cure =
      "Nothing to do if it is a patch, values, or somebody else's file; else write apiVersion and kind.";
    return passedOver(path, `${count} neither apiVersion nor kind`, cure, line);
  });
}

function isTekton(one: Placed | PlacedSecret): one is Placed {
  return "kind" in one.object;
}

function ownIdentity(object: TektonObject | Secret): Identity {
  if (!("kind" in object)) return { kind: "Secret", namespace: object.namespace, name: object.name };
  return { kind: object.kind, namespace: object.metadata.namespace, name: object.metadata.name };
}

/** An object that was read, as far as a placeholder needs it. */
function asWritten(object: TektonObject | Secret): JsonObject {
  if (!("kind" in object))
    return { kind: "Secret", metadata: { namespace: object.namespace, name: object.name } };
  const { name, namespace, labels, annotations } = object.metadata;
  const scope = namespace === "" ? {} : { namespace };
  return {
    kind: object.kind,
    metadata: { name, ...scope, labels: { ...labels }, annotations: { ...annotations } },
  };
}
