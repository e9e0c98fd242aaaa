/** What one gateway of many does in its cluster: follows runs, announces listeners. */

export { createInProgress } from "./follow/in-progress.ts";
export { openLead } from "./leader.ts";
