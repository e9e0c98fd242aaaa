/** The catalog from a cluster: each kind followed, what changed told at once, what is known kept while the server is away. */

import type { SluiceError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import { CLUSTER_SCOPED } from "../../core/tekton.ts";
import type { Api, Change, Reflector, ReflectorLimits } from "../../kubernetes/index.ts";
import { createReflector } from "../../kubernetes/index.ts";
import { SERVED } from "../admit.ts";
import type { LocatedDeclarations } from "../declarations.ts";
import type { Entry } from "./entry.ts";
import { entryOf, unreadableEntry } from "./entry.ts";
import { createNotice } from "./notice.ts";
import type { Kind } from "./objects.ts";
import { createClusterObjects } from "./objects.ts";
import type { Served } from "./served.ts";
import { createTroubles } from "./troubles.ts";

export interface ClusterCatalogOptions {
  readonly api: Api;
  readonly served: Served;
  /** Those that are looked into; all of them where none is named. */
  readonly namespaces: readonly string[];
  /** Called when everything was read, and then whenever something became another. */
  readonly onChange: () => void;
  /** A kind, somewhere, cannot be followed now; told once for each reason. */
  readonly onTrouble?: (what: string, error: SluiceError) => void;
  readonly onMended?: (what: string) => void;
  readonly limits?: Partial<ReflectorLimits>;
}

export interface ClusterCatalog {
  readonly declarations: LocatedDeclarations;
  /** Resolves when everything that can be seen was read; waits as long as that needs. */
  readonly synced: Promise<void>;
  isSynced(): boolean;
  /** Why what is known may be old, or is not known at all. */
  away(): readonly SluiceError[];
  /** Of the objects that cannot be used. */
  faults(): readonly SluiceError[];
  count(): number;
  close(): void;
}

const KINDS = Object.keys(SERVED) as readonly Kind[];

/**
 * Kinds that a gateway does without where they are not installed, or where it has rights in some namespaces only;
 * triggers that name an object of them say so.
 */
const OPTIONAL: ReadonlySet<Kind> = new Set(["ClusterTriggerBinding", "ClusterInterceptor", "Interceptor"]);

interface Followed {
  readonly kind: Kind;
  readonly namespace: string | undefined;
  readonly reflector: Reflector;
}

/** Follows all kinds, each in its newest version. */
export function createClusterCatalog(options: ClusterCatalogOptions): ClusterCatalog {
  const { api, served, namespaces, onChange, onTrouble, onMended, limits = {} } = options;
  const refusals = new Map<Followed, SluiceError>();
  const troubles = createTroubles<Followed>(onTrouble, onMended);
  const first = Promise.withResolvers<void>();
  let synced = false;
  const notice = createNotice(() => {
    if (synced) onChange();
  });

  const objects = createClusterObjects((kind, namespace) => {
    const place = [...refusals.keys()].find(
      (one) => one.kind === kind && (one.namespace === undefined || one.namespace === namespace),
    );
    return place === undefined ? undefined : refusals.get(place);
  });

  function follow(kind: Kind, namespace: string | undefined): Followed {
    const reflector = createReflector<Entry>({
      api,
      path: () => served.path(kind, namespace),
      read: (object: JsonObject) => entryOf(kind, object),
      onChanges(changes) {
        const changed = changes.filter((change) => objects.take(arrivalOf(kind, change)));
        if (changed.length > 0) notice.give();
      },
      onAway(error) {
        if (error.retry === "slow" && !reflector.isSynced()) refusals.set(followed, error);
        const inside = namespace === undefined ? "" : ` in ${namespace}`;
        troubles.begin(followed, error.retry === "slow" ? `catalog: ${kind}${inside}` : "catalog", error);
        settle();
        notice.give();
      },
      onBack() {
        refusals.delete(followed);
        troubles.end(followed);
        notice.give();
      },
      limits,
    });
    const followed = { kind, namespace, reflector };
    void reflector.synced.then(() => {
      refusals.delete(followed);
      settle();
    });
    return followed;
  }

  const everywhere = namespaces.length === 0 ? [undefined] : namespaces;
  const all = KINDS.flatMap((kind) =>
    (CLUSTER_SCOPED.has(kind) ? [undefined] : everywhere).map((namespace) => follow(kind, namespace)),
  );

  /** Rights inside of namespaces were chosen, and not every cluster has every kind: told once, but no fault for ever. */
  function isMeant(who: Followed, { code }: SluiceError): boolean {
    if (!OPTIONAL.has(who.kind) || !refusals.has(who)) return false;
    return code === "SLUICE_WATCH_ABSENT" || (namespaces.length > 0 && CLUSTER_SCOPED.has(who.kind));
  }

  function settle(): void {
    const open = all.some(
      (one) => !one.reflector.isSynced() && !(OPTIONAL.has(one.kind) && refusals.has(one)),
    );
    if (synced || open) return;
    synced = true;
    notice.drop();
    onChange();
    first.resolve();
  }

  return {
    declarations: objects.declarations,
    synced: first.promise,
    isSynced: () => synced,
    away: () => troubles.all((who, error) => !isMeant(who, error)),
    faults: objects.faults,
    count: objects.count,
    close() {
      notice.close();
      for (const { reflector } of all) reflector.close();
    },
  };
}

function arrivalOf(kind: Kind, change: Change<Entry>) {
  const { namespace, name } = change;
  const place = { kind, namespace, name };
  if (change.type === "gone") return { ...place, entry: undefined };
  const entry = change.type === "changed" ? change.item : unreadableEntry(kind, place, change.reason);
  return { ...place, entry };
}
