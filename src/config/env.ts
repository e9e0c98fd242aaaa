/** The environment: the only file that reads process.env. */

/** Variable name to value, as it was when it was read. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A frozen copy of the environment. Everything that depends on a variable gets this copy as an argument. */
export function environment(): Environment {
  return Object.freeze({ ...process.env });
}

/**
 * Whether to write colours: NO_COLOR (any value, see no-color.org) beats FORCE_COLOR, which beats what the output is.
 *
 * @param terminal true when the output goes to a terminal.
 */
export function wantsColor(env: Environment, terminal: boolean): boolean {
  if ((env["NO_COLOR"] ?? "") !== "") return false;
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return terminal && env["TERM"] !== "dumb";
}

/**
 * True for variables that Kubernetes itself sets in every pod beside a Service called `sluice` or `sluice-…`
 * (`SLUICE_SERVICE_HOST`, `SLUICE_PORT_8080_TCP_ADDR`, …): they carry our prefix and are no settings of ours.
 *
 * @see https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
export function isServiceLink(name: string): boolean {
  return serviceLink.test(name);
}

const serviceLink =
  /_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;
