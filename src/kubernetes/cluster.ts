/** Which cluster, and as whom: kubeconfig files or the pod's own account, loaded by the official client. */

import { accessSync, readFileSync } from "node:fs";
import { delimiter, dirname, resolve } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import { parse } from "yaml";
import { fault, reasonOf } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { isJsonObject, ownValue } from "../core/json.ts";
import { officialClient } from "./client.ts";

export interface ClusterSource {
  /** A path, or several as KUBECONFIG lists them. Without it: the account of the pod that we run in. */
  readonly kubeconfig?: string | undefined;
  /** A kubeconfig as text, and where it came from; goes before the path. */
  readonly given?: { readonly text: string; readonly from: string };
  /** A context of the kubeconfig; its current one otherwise. */
  readonly context?: string | undefined;
}

/** Where Kubernetes puts a pod's own token. */
const POD_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/** True when a kubeconfig is named or this process runs in a pod with an account. */
export function isClusterKnown({ kubeconfig }: ClusterSource): boolean {
  return kubeconfig !== undefined || exists(POD_TOKEN);
}

/**
 * Loads the configuration of the client.
 *
 * @throws SluiceError SLUICE_CONFIG_INVALID when there is none, or it does not name a cluster and a user.
 */
export function loadCluster({ kubeconfig, given, context }: ClusterSource): KubeConfig {
  const config = given ? fromText(given) : kubeconfig === undefined ? fromPod() : fromFiles(kubeconfig);
  if (context !== undefined) config.setCurrentContext(context);
  const cluster = config.getCurrentCluster();
  if (cluster === null || !URL.canParse(cluster.server)) {
    const known = config.getContexts().map(({ name }) => name);
    throw invalid(
      `context ${config.getCurrentContext()} leads to no cluster; contexts: ${known.join(", ") || "none"}`,
    );
  }
  if (cluster.server.startsWith("http:") && cluster.skipTLSVerify !== true) {
    // The official client refuses it too, but only at the first request.
    throw invalid(`${cluster.server} is not https; set insecure-skip-tls-verify: true if that is meant`);
  }
  return config;
}

function fromPod(): KubeConfig {
  if (!exists(POD_TOKEN)) throw invalid(`no path is given, and there is no ${POD_TOKEN}`);
  const config = new (officialClient().KubeConfig)();
  config.loadFromCluster();
  return config;
}

/**
 * Whoever may write the text (a Secret, in a cluster) must not thereby run programs or read files in this process, as
 * kubeconfigs of persons do.
 */
function fromText({ text, from }: { readonly text: string; readonly from: string }): KubeConfig {
  const config = new (officialClient().KubeConfig)();
  let document: unknown;
  try {
    document = parse(text, { maxAliasCount: 100 });
  } catch (error) {
    throw invalid(`${from}: ${reasonOf(error)}`);
  }
  for (const [list, entry, fields] of REACHING_OUT) {
    const found = entriesOf(document, list)
      .map((item) => ownValue(item, entry))
      .flatMap((item) => fields.filter((field) => isJsonObject(item) && Object.hasOwn(item, field)));
    if (found.length > 0) {
      throw invalid(`${from}: ${found[0]} reaches outside of it; write certificates and tokens into it`);
    }
  }
  try {
    // The client has a YAML parser of its own, which reads merge keys too: it is given what was looked at.
    config.loadFromString(JSON.stringify(document));
  } catch (error) {
    throw invalid(`${from}: ${reasonOf(error)}`);
  }
  return config;
}

/** Fields that name programs to run or files to read. */
const REACHING_OUT = [
  ["users", "user", ["exec", "auth-provider", "tokenFile", "token-file", "client-certificate", "client-key"]],
  ["clusters", "cluster", ["certificate-authority"]],
] as const;

function entriesOf(document: unknown, list: string): readonly JsonObject[] {
  const entries = isJsonObject(document) ? ownValue(document, list) : undefined;
  return Array.isArray(entries) ? entries.filter(isJsonObject) : [];
}

/** Merges files as kubectl does: the first to name a thing wins, missing files are passed over unless all are. */
function fromFiles(list: string): KubeConfig {
  const files = list.split(delimiter).filter((path) => path !== "" && exists(path));
  if (files.length === 0) throw invalid(`${list} does not exist`);
  const merged = new (officialClient().KubeConfig)();
  for (const file of files) {
    const config = fromFile(file);
    merged.currentContext ??= config.currentContext;
    for (const cluster of config.clusters) if (isNew(merged.clusters, cluster)) merged.addCluster(cluster);
    for (const user of config.users) if (isNew(merged.users, user)) merged.addUser(user);
    for (const entry of config.contexts) if (isNew(merged.contexts, entry)) merged.addContext(entry);
  }
  return merged;
}

function fromFile(path: string): KubeConfig {
  const config = new (officialClient().KubeConfig)();
  try {
    const text = readFileSync(path, "utf8");
    config.loadFromString(text);
    config.makePathsAbsolute(dirname(resolve(path)));
    followTokenFiles(config, parse(text), dirname(resolve(path)));
  } catch (error) {
    throw invalid(`${path}: ${reasonOf(error)}`);
  }
  return config;
}

/**
 * client-node 2.0 knows kubectl's `tokenFile` only under another name and reads that once. As an auth provider the
 * file is read again every minute, which tokens that rotate need.
 */
function followTokenFiles(config: KubeConfig, document: unknown, folder: string): void {
  const users = isJsonObject(document) && Array.isArray(document.users) ? document.users : [];
  for (const entry of users as unknown[]) {
    if (!isJsonObject(entry) || !isJsonObject(entry.user) || typeof entry.user.tokenFile !== "string")
      continue;
    const tokenFile = resolve(folder, entry.user.tokenFile);
    const { name } = entry;
    config.users = config.users.map((user) =>
      user.name === name ? { name, authProvider: { name: "tokenFile", config: { tokenFile } } } : user,
    );
  }
}

function isNew(known: readonly { readonly name: string }[], { name }: { readonly name: string }): boolean {
  return !known.some((other) => other.name === name);
}

function exists(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

function invalid(reason: string): Error {
  return fault("SLUICE_CONFIG_INVALID", { key: "kubeconfig", reason });
}
