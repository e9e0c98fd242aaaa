/** Which of several Postgres servers is the one to write to: all are asked all the time, and a deposed one is left at once. */

import pg from "pg";
import { within } from "../../core/deadline.ts";
import { fault, reasonOf } from "../../core/errors.ts";
import type { PostgresAddress, PostgresPlace, SessionAttrs } from "./address.ts";

/** What a server says of itself. */
export interface ServerRole {
  readonly standby: boolean;
  /** Of new transactions: also true where default_transaction_read_only is set. */
  readonly readOnly: boolean;
}

export interface PostgresHosts {
  /** True when there is more than one to choose from. */
  readonly several: boolean;
  /** The server in use. */
  current(): PostgresPlace;
  /** Asks all servers, and goes over to a better one. @returns whether another is in use than when it was called. */
  search(): Promise<boolean>;
  /** Asks until one suits. @throws SluiceError SLUICE_STORE_AWAY that says what each of them is. */
  find(): Promise<void>;
  /** Why a server must not be used, in words; undefined where it may. */
  unfit(role: ServerRole): string | undefined;
  close(): void;
}

/** Milliseconds from one look at all servers to the next. */
const LOOK_MS = 1_000;
/** Milliseconds that a server has to say what it is: one that hangs is not used. */
const ASK_MS = 1_500;

/**
 * Watches the servers of an address; one server alone is not watched.
 *
 * @param options of connections, without the address.
 * @param leave ends all connections to the server that was in use until now.
 */
export function createHosts(
  { places, attrs }: PostgresAddress,
  options: pg.ClientConfig,
  leave: () => void,
): PostgresHosts {
  const several = places.length > 1;
  const unfit = (role: ServerRole): string | undefined => unfitFor(attrs, role);
  const watched = places.map((place) => ({
    place,
    ...createLook({ ...options, connectionString: place.url }),
  }));
  let [current] = places;
  let said = "";
  let searching: Promise<void> | undefined;

  async function look(): Promise<void> {
    const answers = await Promise.all(watched.map(async ({ place, ask }) => ({ place, ...(await ask()) })));
    const words = answers.map(
      ({ place, role, reason }) => `${place.name}: ${reason ?? (role && unfit(role)) ?? "ok"}`,
    );
    said = words.join("; ");
    const fit = answers.filter(({ role }) => role !== undefined && unfit(role) === undefined);
    // After a promotion the old primary may go on believing in itself: the newest line of history is the true one.
    const newest = Math.max(...fit.map(({ role }) => (attrs === "any" ? 0 : (role?.timeline ?? 0))));
    const best = fit.filter(({ role }) => attrs === "any" || role?.timeline === newest);
    const found = best.find(({ place }) => place === current) ?? best[0];
    if (found === undefined || found.place === current) return;
    current = found.place;
    leave();
  }

  const once = (): Promise<void> => {
    searching ??= look().finally(() => {
      searching = undefined;
    });
    return searching;
  };
  const timer = several ? setInterval(() => void once(), LOOK_MS) : undefined;
  timer?.unref();

  return {
    several,
    unfit,
    current: () => current,
    async search() {
      const before = current;
      await once();
      return current !== before;
    },
    async find() {
      if (!several) return;
      await once();
      const role = watched.find(({ place }) => place === current)?.latest();
      if (role === undefined || unfit(role) !== undefined)
        throw fault("SLUICE_STORE_AWAY", { reason: `none of its servers takes writes: ${said}` });
    },
    close() {
      clearInterval(timer);
      for (const { end } of watched) end();
    },
  };
}

function unfitFor(attrs: SessionAttrs, { standby, readOnly }: ServerRole): string | undefined {
  if (attrs === "any") return undefined;
  if (standby) return "a standby";
  return readOnly && attrs === "read-write" ? "read-only" : undefined;
}

type Role = ServerRole & { readonly timeline: number };

interface Answer {
  readonly role?: Role;
  /** Why there is none. */
  readonly reason?: string;
}

interface Look {
  /** Never rejects, and answers within {@link ASK_MS}. */
  ask(): Promise<Answer>;
  latest(): Role | undefined;
  end(): void;
}

/** Asks one server over a connection of its own, which is made again when it breaks. */
function createLook(options: pg.ClientConfig): Look {
  let client: pg.Client | undefined;
  let latest: Role | undefined;
  let ended = false;
  const drop = (): void => {
    client?.connection.stream.destroy();
    client = undefined;
  };

  async function role(): Promise<Role | undefined> {
    if (client === undefined) {
      const made = new pg.Client(options);
      client = made;
      made.on("error", () => {
        if (client === made) drop();
      });
      await made.connect();
    }
    return (await client.query<Role>(ROLE)).rows[0];
  }

  return {
    async ask() {
      if (ended) return { reason: "it is asked no more" };
      try {
        latest = await within(role(), ASK_MS, () => {
          throw new Error(`no answer within ${ASK_MS} ms`);
        });
        return latest === undefined ? {} : { role: latest };
      } catch (error) {
        latest = undefined;
        drop();
        return { reason: reasonOf(error) };
      }
    },
    latest: () => latest,
    end() {
      ended = true;
      drop();
    },
  };
}

const ROLE = `
SELECT pg_is_in_recovery() AS standby,
       current_setting('transaction_read_only') = 'on' AS "readOnly",
       CASE WHEN pg_is_in_recovery() THEN 0
            ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END AS timeline`;
