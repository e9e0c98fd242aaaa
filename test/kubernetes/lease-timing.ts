/** What the tests of leases share with the processes that they start. */

export const NAME = { namespace: "sluice", name: "leader" } as const;

/** Milliseconds. `quick` ends soon, as tests of ends want it (a Lease counts whole seconds); `calm` outlasts a busy machine. */
export const TIMINGS = {
  quick: { duration: 1_000, deadline: 600, retry: 30 },
  calm: { duration: 20_000, deadline: 15_000, retry: 30 },
} as const;
