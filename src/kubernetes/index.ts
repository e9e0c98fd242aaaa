/** All that speaks to a Kubernetes API server. */

export { type Api, type ApiLimits, type ApiResponse, createApi, DEFAULT_LIMITS } from "./api.ts";
export { type ClusterSource, isClusterKnown, loadCluster } from "./cluster.ts";
export { createDiscovery, type Discovery, type Resource, versionPath } from "./discovery.ts";
export { createEvents, type Events } from "./events.ts";
export { type Grant, grantCommand } from "./grant.ts";
export { createLease } from "./lease.ts";
export { listAll } from "./list.ts";
export { ownNamespace } from "./own-namespace.ts";
export { type Change, createReflector, type Reflector, type ReflectorLimits } from "./reflector.ts";
export { noAnswer, notServed, refusal } from "./refusal.ts";
export {
  accountUser,
  createReviews,
  isAccountName,
  mayWe,
  type Permission,
  type Reviews,
  seeingTriggers,
} from "./reviews.ts";
export { createSession, type Session } from "./session.ts";
export { readStatus, retryAfter, type Status, userIn } from "./status.ts";
export { readWarnings } from "./warnings.ts";
export { createWork, type Worked } from "./work.ts";
export { isEnding, mergePatch, refusedWrite } from "./write.ts";
