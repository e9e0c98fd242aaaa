/** Slash commands behind a listener that takes nothing but JSON: each of them is answered 400. */

import type { EventListener } from "../../core/tekton.ts";
import { PAYLOAD_VALIDATION } from "../index.ts";
import { isBuiltIn } from "./chain.ts";
import type { Chained } from "./extensions.ts";
import type { Finding } from "./finding.ts";

/** One finding for each listener: forms are no JSON. */
export function checkForms(
  chained: readonly (Chained & { readonly listener: EventListener })[],
): readonly Finding[] {
  return [...Map.groupBy(chained, ({ listener }) => listener)].flatMap(
    ([owner, fired]): readonly Finding[] => {
      const { annotations, namespace, name } = owner.metadata;
      if (annotations[PAYLOAD_VALIDATION] === "false") return [];
      const found = fired.find(({ group, use }) =>
        [...group.interceptors, ...use.trigger.spec.interceptors].some((spec) => isBuiltIn(spec, "slack")),
      );
      if (found === undefined) return [];
      const values = { trigger: found.use.name, listener: `${namespace}/${name}` };
      return [{ code: "SLUICE_FORM_UNREAD", values, owner, path: ["metadata", "annotations"] }];
    },
  );
}
