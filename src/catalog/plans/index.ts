/** Plans: compiles what is declared, and keeps the newest good version in force. */

export { mayBeElsewhere } from "./compile/unknown.ts";
export { compilePlans, createInForce, plansOf } from "./in-force.ts";
