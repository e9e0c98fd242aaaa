/** The doctor's questions about rights: each need of the gateway, asked of the API server's own authorizer. */

import type { Api, Permission } from "../../kubernetes/index.ts";
import { grantCommand, mayWe } from "../../kubernetes/index.ts";
import type { Finding } from "./finding.ts";
import { found } from "./finding.ts";
import type { Need } from "./needs.ts";

/** Questions at a time, and namespaces of one need that are shown. */
const AT_ONCE = 16;
const SHOWN = 10;
const AREA = "rights";

/** Asks for each need; what is allowed is one line, what is not has the command that grants it. */
export async function lookAtRights(
  api: Api,
  user: string,
  needs: readonly Need[],
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const need of needs) {
    try {
      findings.push(...(await answers(api, user, need)));
    } catch (error) {
      findings.push(found(AREA, error));
    }
  }
  return findings;
}

async function answers(api: Api, user: string, need: Need): Promise<readonly Finding[]> {
  const { what, missing, rights } = need;
  const refused: Permission[] = [];
  for (let i = 0; i < rights.length; i += AT_ONCE) {
    const some = rights.slice(i, i + AT_ONCE);
    const allowed = await Promise.all(some.map((right) => mayWe(api, right)));
    refused.push(...some.filter((_right, at) => !allowed[at]));
  }
  if (refused.length === 0) return [{ area: AREA, state: "ok", what: `may ${what}` }];
  // A rule that names objects is one of its own: nothing can be created under a name.
  const places = [
    ...Map.groupBy(refused, ({ namespace = "", name }) => `${namespace}/${name !== undefined}`),
  ];
  const shown = places.slice(0, SHOWN).map(([, lacking]): Finding => {
    const namespace = lacking[0]?.namespace;
    const where = namespace === undefined ? "in the whole cluster" : `in namespace ${namespace}`;
    const verbs = distinct(lacking.map(({ verb }) => verb));
    const resources = distinct(lacking.map(resourceOf));
    const resourceNames = distinct(lacking.flatMap(({ name }) => name ?? []));
    // A role of this need may be there already, with less in it.
    const role = [need.role, ...verbs, resources[0]?.replace(/[./].*$/, "")].join("-");
    const grant = { verb: verbs.join(","), resource: resources.join(","), resourceNames, role, user };
    const named = resourceNames.length === 0 ? "" : ` (${resourceNames.join(", ")})`;
    return {
      area: AREA,
      state: missing,
      what: `may not ${what} ${where}: it lacks ${verbs.join(", ")} on ${resources.join(", ")}${named}`,
      fix: `${grantCommand(namespace === undefined ? grant : { ...grant, namespace })}${need.instead === undefined ? "" : `; or ${need.instead}`}`,
    };
  });
  if (places.length > SHOWN) {
    shown.push({ area: AREA, state: "note", what: `and in ${places.length - SHOWN} more places` });
  }
  return shown;
}

/** As kubectl takes it. */
function resourceOf({ group, resource }: Permission): string {
  const [plural = "", subresource] = resource.split("/");
  return `${plural}${group === "" ? "" : `.${group}`}${subresource === undefined ? "" : `/${subresource}`}`;
}

const distinct = (texts: readonly string[]): readonly string[] => [...new Set(texts)];
