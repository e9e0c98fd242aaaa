/** A listener's own Service, `el-<name>`: the name under which in-cluster senders and Ingresses know it from Tekton. */

import type { ObjectName } from "../../core/delivery.ts";
import type { JsonObject } from "../../core/json.ts";
import { isJsonObject, parseJson } from "../../core/json.ts";
import { SERVICE_LABEL } from "../../core/labels.ts";
import type { Api } from "../../kubernetes/index.ts";
import { isEnding, mergePatch, readStatus, refusedWrite } from "../../kubernetes/index.ts";
import type { Places } from "./address.ts";
import { hostOf, PORT, serviceName } from "./address.ts";
import type { SeenListener } from "./listener.ts";

export interface ServiceState {
  readonly exists: boolean;
  readonly message: string;
}

/**
 * Makes a listener's Service, or makes it right again. It leads to the gateways' Service by name (ExternalName), and
 * belongs to the listener: with it, the cluster removes it. A Service of that name that is not ours stays as it is.
 *
 * @param gateway the Service in front of the gateways.
 * @throws SluiceError when the server refuses or does not answer.
 */
export async function ensureService(
  api: Api,
  listener: SeenListener,
  gateway: ObjectName,
  places: Pick<Places, "domain">,
): Promise<ServiceState> {
  const collection = `/api/v1/namespaces/${listener.namespace}/services`;
  const name = serviceName(listener.name);
  const path = `${collection}/${name}`;
  const wanted = serviceOf(listener, gateway, places);
  const found = await api.send({ method: "GET", path });
  if (found.status === 404) {
    const made = await api.send({ method: "POST", path: collection, body: JSON.stringify(wanted) });
    if (isEnding(made)) return { exists: false, message: "its namespace is being deleted" };
    // A listener's name may be too long for a Service's.
    if (made.status === 422) return { exists: false, message: readStatus(made).message };
    // Of those with 409 somebody was faster: whose it is shows the next time.
    if (made.status !== 201) throw refusedWrite(made, `create Service ${listener.namespace}/${name}`);
    return exists(name);
  }
  if (found.status !== 200) throw refusedWrite(found, `get Service ${listener.namespace}/${name}`);
  const there = parseJson(found.body);
  if (!isJsonObject(there) || !isOurs(there, listener.name)) {
    return { exists: false, message: `a Service ${name} that Sluice did not make is in the way` };
  }
  if (isSame(there, wanted)) return exists(name);
  const body = { metadata: withVersion(wanted, there), spec: wanted.spec };
  const changed = await api.send(mergePatch(path, body));
  if (changed.status !== 200) throw refusedWrite(changed, `patch Service ${listener.namespace}/${name}`);
  return exists(name);
}

function exists(name: string): ServiceState {
  return { exists: true, message: `Service ${name} leads to the gateways` };
}

interface Service {
  readonly metadata: JsonObject;
  readonly spec: JsonObject;
}

function serviceOf(
  listener: SeenListener,
  gateway: ObjectName,
  places: Pick<Places, "domain">,
): Service & JsonObject {
  const { apiVersion, namespace, name, uid } = listener;
  const owner = { apiVersion, kind: "EventListener", name, uid, controller: true, blockOwnerDeletion: false };
  const labels = { "app.kubernetes.io/managed-by": "sluice", [SERVICE_LABEL]: labelValue(name) };
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: serviceName(name), namespace, labels, ownerReferences: [owner] },
    // DNS asks for no port; Ingresses that Tekton's users wrote name this one.
    spec: {
      type: "ExternalName",
      externalName: hostOf(gateway, places),
      ports: [{ name: "http-listener", port: PORT, protocol: "TCP" }],
    },
  };
}

/** A label has 63 characters, a listener's name may have more; what is cut still tells that it is ours. */
function labelValue(name: string): string {
  return name.slice(0, 63).replace(/[-.]+$/, "");
}

function isOurs({ metadata }: JsonObject, listener: string): boolean {
  const labels = isJsonObject(metadata) ? metadata.labels : undefined;
  return isJsonObject(labels) && labels[SERVICE_LABEL] === labelValue(listener);
}

function isSame({ metadata, spec }: JsonObject, wanted: Service): boolean {
  if (!isJsonObject(metadata) || !isJsonObject(spec)) return false;
  const owners = JSON.stringify(uidsOf(metadata)) === JSON.stringify(uidsOf(wanted.metadata));
  return owners && spec.type === wanted.spec.type && spec.externalName === wanted.spec.externalName;
}

function uidsOf({ ownerReferences }: JsonObject): readonly unknown[] {
  return Array.isArray(ownerReferences)
    ? ownerReferences.map((owner) => (isJsonObject(owner) ? owner.uid : undefined))
    : [];
}

function withVersion({ metadata }: Service, there: JsonObject): JsonObject {
  const version = isJsonObject(there.metadata) ? there.metadata.resourceVersion : undefined;
  return version === undefined ? metadata : { ...metadata, resourceVersion: version };
}
