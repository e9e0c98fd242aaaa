/** Compiles a TriggerTemplate: params go in, objects that are ready to be created come out. */

import { asFault } from "../../core/errors.ts";
import { derivedUid } from "../../core/identity.ts";
import type { KubernetesObject } from "../../core/job.ts";
import type { RenderContext, RenderPlan } from "../../core/plan.ts";
import { identityOf, withIdentity, withLabels } from "./object.ts";
import type { TemplateSource } from "./substitute.ts";
import { compileSubstitution } from "./substitute.ts";

export interface RenderOptions {
  /**
   * `derived` (the default): names and namespaces are final, so that repeating a delivery repeats them. `tekton`:
   * metadata stays as Tekton sends it, generateName included, and the API server makes the name.
   */
  readonly names?: "derived" | "tekton";
  /**
   * What becomes of the resources before one that gives no usable object: they are made (`before`, the default, as
   * Tekton does it), or nothing is (`none`).
   */
  readonly brokenResource?: "before" | "none";
  /** What `$(uid)` becomes; by default a function of delivery and trigger, one for all resources of both. */
  readonly uid?: (context: RenderContext) => string;
}

/**
 * Compiles a template.
 *
 * All resources of a template are rendered before any is created.
 *
 * @param template its annotations and spec; it must not change afterwards.
 * @returns the plan; it throws SLUICE_TEMPLATE_BROKEN. Its objects share parts and must not be changed.
 * @throws SluiceError SLUICE_TEMPLATE_BROKEN when a template nests too deeply.
 */
export function compileTemplate(template: TemplateSource, options: RenderOptions = {}): RenderPlan {
  const resources = compileSubstitution(template);
  const keepNames = options.names === "tekton";
  const whole = options.brokenResource === "none";
  const uidOf = options.uid ?? ((context) => derivedUid(context.delivery, identityOf(context)));
  return (params, context, cost, onBroken) => {
    let known: string | undefined;
    const uid = (): string => {
      known ??= uidOf(context);
      return known;
    };
    const objects: KubernetesObject[] = [];
    for (const [index, substitute] of resources.entries()) {
      try {
        const object = withLabels(substitute(params, uid, cost), context, index);
        objects.push(keepNames ? (object as KubernetesObject) : withIdentity(object, context, index));
      } catch (thrown) {
        const error = asFault(thrown);
        if (whole || onBroken === undefined || index === 0 || error.code !== "SLUICE_TEMPLATE_BROKEN")
          throw error;
        onBroken(error);
        break;
      }
    }
    return objects;
  };
}
