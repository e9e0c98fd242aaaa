/** The OpenAPI 3.1 document, from the routes themselves. */

import { ERRORS, type ErrorCode } from "../core/error-table.ts";
import type { JsonObject } from "../core/json.ts";
import { TROUBLES } from "../core/trouble.ts";
import { bodySchema } from "./fields.ts";
import type { Route } from "./route.ts";
import { ref, SCHEMAS } from "./schemas.ts";

/** What any call may be answered with. */
const ALWAYS: readonly ErrorCode[] = [
  "SLUICE_REQUEST_INVALID",
  "SLUICE_ADMIN_FOREIGN",
  ...TROUBLES,
  "SLUICE_INTERNAL",
];
const GUARDED: readonly ErrorCode[] = ["SLUICE_ADMIN_TOKEN", "SLUICE_ADMIN_PERMISSION"];

export function openApi(routes: readonly Route[], version: string): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Sluice",
      version,
      description:
        "The admin API of a gateway. Errors have a code, a message and a cure. `x-permission` is what a token must allow.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    paths,
    components: {
      schemas: SCHEMAS,
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
  };
}

function operationOf(route: Route): JsonObject {
  const { operation, summary, permission, query, body, answer, faults = [] } = route;
  const guarded = permission !== "none";
  const sent: readonly ErrorCode[] = body === undefined ? [] : ["SLUICE_BODY_TOO_LARGE"];
  const codes = [...ALWAYS, ...(guarded ? GUARDED : []), ...sent, ...faults];
  const parameters = [
    ...(route.path.includes("{id}")
      ? [{ name: "id", in: "path", required: true, schema: { type: "string" } }]
      : []),
    ...Object.entries(query).map(([name, { schema, description }]) => ({
      ...{ name, in: "query", required: false, schema, description },
    })),
  ];
  return {
    operationId: operation,
    summary,
    "x-permission": permission,
    security: guarded ? [{ token: [] }] : [],
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: { required: false, content: json(bodySchema(body)) } }),
    responses: {
      [answer.status]: { description: "All is well.", content: json(answer.schema) },
      ...faultAnswers(codes),
    },
  };
}

/** Errors by status, with the codes that share it. */
function faultAnswers(codes: readonly ErrorCode[]): JsonObject {
  const byStatus = Map.groupBy(codes, (code) => ERRORS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, same]) => [
      status,
      { description: same.join(", "), content: json(ref("Fault")) },
    ]),
  );
}

const json = (schema: JsonObject): JsonObject => ({ "application/json": { schema } });
