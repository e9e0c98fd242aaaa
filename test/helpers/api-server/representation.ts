/** How an answer is shown to who asks: whole, or its metadata alone. */

/** Makes of an object, a list or an error what `Accept` asks for. */
export function represented(accept: string | undefined, body: object): object {
  if (accept?.startsWith(`${AS}PartialObjectMetadata;`)) return one(body);
  if (accept?.startsWith(`${AS}PartialObjectMetadataList;`)) return many(body);
  return body;
}

const AS = "application/json;as=";
const apiVersion = "meta.k8s.io/v1";

function one(object: object): object {
  if (isStatus(object) || !("metadata" in object)) return object;
  return { kind: "PartialObjectMetadata", apiVersion, metadata: object.metadata };
}

function many(list: object): object {
  if (!("items" in list) || !("metadata" in list) || !Array.isArray(list.items)) return list;
  return {
    kind: "PartialObjectMetadataList",
    apiVersion,
    metadata: list.metadata,
    items: list.items.map(one),
  };
}

const isStatus = (object: object): boolean => "kind" in object && object.kind === "Status";
