/** What Kubernetes takes as a name, a label and an annotation key (k8s.io/apimachinery/pkg/util/validation). */

const SUBDOMAIN = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?)?$/;

/** Characters of the longest label value. */
export const MAX_LABEL = 63;
/** Characters of the longest DNS subdomain. */
export const MAX_SUBDOMAIN = 253;

/** RFC 1123 subdomain (validation.IsDNS1123Subdomain): the name of nearly every kind. */
export function isSubdomain(name: string): boolean {
  return name.length <= MAX_SUBDOMAIN && SUBDOMAIN.test(name);
}

/** Whether a text can stand in a label (validation.IsValidLabelValue). */
export function isLabelValue(value: string): boolean {
  return value.length <= MAX_LABEL && LABEL_VALUE.test(value);
}

/** Whether a text can be the key of a label: `name` or `prefix/name` (validation.IsQualifiedName). */
export function isLabelKey(key: string): boolean {
  const parts = key.split("/");
  const name = parts.at(-1) ?? "";
  const prefix = parts.length === 2 ? (parts[0] ?? "") : "x";
  return parts.length <= 2 && name !== "" && isLabelValue(name) && isSubdomain(prefix);
}

/** Whether a text can be the key of an annotation: as a label's, without regard to case (ValidateAnnotations). */
export function isAnnotationKey(key: string): boolean {
  return isLabelKey(key.toLowerCase());
}
