/** Looks at one run by its name: what became of one that a watch does not show any more. */

import { fault } from "../../core/errors.ts";
import { isJsonObject, parseJson } from "../../core/json.ts";
import type { RunName } from "../../core/progress.ts";
import type { Api } from "../../kubernetes/index.ts";
import { readStatus, versionPath } from "../../kubernetes/index.ts";
import type { SeenRun } from "./read.ts";
import { FOLLOWED, readStatusOf } from "./read.ts";

/** `unknown`: we are not allowed to look, or do not know the kind. */
export type Look =
  | { readonly outcome: "there"; readonly seen: Pick<SeenRun, "progress"> }
  | { readonly outcome: "gone" | "unknown" };

/** Names that can stand in a path: what the ledger has was created once, so the API server takes it. */
const NAME = /^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/;

/** @throws SluiceError when the server does not answer, or has no time. */
export async function lookAt(api: Api, { kind, namespace, name }: RunName): Promise<Look> {
  const followed = FOLLOWED.find((one) => one.kind === kind);
  if (followed === undefined || !NAME.test(namespace) || !NAME.test(name)) return { outcome: "unknown" };
  const path = `${versionPath(followed.apiVersion)}/namespaces/${namespace}/${followed.plural}/${name}`;
  const response = await api.send({ method: "GET", path });
  if (response.status === 404) return { outcome: "gone" };
  if (response.status === 403) return { outcome: "unknown" };
  if (response.status !== 200) {
    const reason = readStatus(response).message;
    throw fault("SLUICE_CREATE_BUSY", { status: String(response.status), reason });
  }
  const object = parseJson(response.body);
  if (!isJsonObject(object)) return { outcome: "unknown" };
  return { outcome: "there", seen: readStatusOf(object) };
}
