/** The made-up organisation that all examples are about: one repository, two people, a push to main, a topic branch. */

/** Text of 40 hexadecimal digits, as Git names commits. */
export const SHA = {
  before: "4b1f0c6d2e9a87351c0fdb6a4e2879d0c5b3f1a6",
  between: "9d3e5a7c1b8f2046e7ad90c3b5f6128e4d7a0c9b",
  after: "c7a2e91b5d4f6083a1be27d9f0c845e36b1d7f28",
  topicBefore: "2f6b8d0e4c7a9135b3d1e5f7092a4c6e8b0d2f49",
  topic: "e08d5b3f7a1c9624d6f8b0e2c4a691735d7f9b1e",
  merged: "71c9e3a5d7fb0286420f8e6c1a3b5d79f0e2c4b6",
  tree: "5a7c9e1b3d5f70829460b8d0f2e4c6a81937b5d3",
} as const;

export const NO_COMMIT = "0".repeat(40);

export const BRANCH = "main";
export const TOPIC = "feature/checkout";
export const TAG = "v1.4.0";
export const HOST = "git.example.com";

export const ORG = { name: "Example Shop", path: "example-shop" } as const;
export const REPOSITORY = {
  name: "storefront",
  full: `${ORG.path}/storefront`,
  about: "What customers see",
} as const;

export const ADA = { id: 11, login: "ada", name: "Ada Example", email: "ada@example.com" } as const;
export const LIN = { id: 12, login: "lin", name: "Lin Example", email: "lin@example.com" } as const;

/** Moments of one morning, ISO 8601 in UTC. */
export const WHEN = {
  created: "2026-03-02T08:15:00Z",
  committed: "2026-03-02T08:40:10Z",
  pushed: "2026-03-02T08:41:05Z",
  later: "2026-03-02T09:05:30Z",
} as const;

export const MESSAGE = {
  first: "Round prices to cents\n",
  second: "Show the total before paying\n",
} as const;

export const PULL = {
  id: 7_301,
  number: 42,
  title: "Show the total before paying",
  text: "Customers asked for it.",
} as const;
