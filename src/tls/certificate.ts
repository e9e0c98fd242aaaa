/** The certificate of a port: read again while it is in use, and the last good one kept when files are broken. */

import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import type { Check } from "../core/check.ts";
import type { SluiceError } from "../core/errors.ts";
import { fault, reasonOf } from "../core/errors.ts";
import type { Tell } from "../core/fact.ts";

/** Paths of PEM files, or the PEM texts themselves. */
export interface CertificateSource {
  readonly cert: string;
  readonly key: string;
  /** The authorities whose client certificates prove somebody. */
  readonly clientCa?: string;
}

/** PEM texts that belong together. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string;
  /** Milliseconds since the epoch at which the certificate expires. */
  readonly until: number;
  /** For people: `CN=hooks.example.org`. */
  readonly subject: string;
}

export interface Certificate {
  /** What is in force now. */
  pair(): Pair;
  /** Calls `use` with each further pair that comes into force. */
  onChange(use: (pair: Pair) => void): void;
  /** Degraded while the files are broken or the certificate has expired. */
  readonly check: Check;
  close(): void;
}

export interface CertificateOptions {
  /** Of the check; default `certificate`. */
  readonly name?: string;
  readonly tell: Tell;
  /** Milliseconds between two looks at the files; default 2 s. Secrets that a kubelet swaps give no event worth having. */
  readonly everyMs?: number;
  readonly clock?: () => number;
}

/** The settings that name a port's certificate, and what its check is called. */
export interface PortCertificate<C extends string, K extends string> {
  readonly cert: C;
  readonly key: K;
  readonly name: string;
}

export const WEBHOOK_CERTIFICATE = { cert: "tlsCert", key: "tlsKey", name: "certificate" } as const;
export const ADMIN_CERTIFICATE = {
  cert: "adminTlsCert",
  key: "adminTlsKey",
  name: "admin certificate",
} as const;

/** Larger files hold something else. */
const MAX_PEM = 1_048_576;

/**
 * The certificate that the settings name for a port.
 *
 * @returns undefined where they name none: the port speaks plain HTTP.
 * @throws SluiceError SLUICE_CONFIG_INVALID when half of it is missing, SLUICE_CONFIG_TLS when it cannot be used.
 */
export async function certificateOf<C extends string, K extends string>(
  settings: { readonly [S in C | K]?: string } & { readonly tlsClientCa?: string },
  port: PortCertificate<C, K>,
  options: Omit<CertificateOptions, "name">,
): Promise<Certificate | undefined> {
  const cert: string | undefined = settings[port.cert];
  const secret: string | undefined = settings[port.key];
  const clientCa: string | undefined =
    port.cert === WEBHOOK_CERTIFICATE.cert ? settings.tlsClientCa : undefined;
  if (cert === undefined && secret === undefined) {
    if (clientCa === undefined) return undefined;
    const reason = "needs --tls-cert and --tls-key: clients show certificates on TLS connections only";
    throw fault("SLUICE_CONFIG_INVALID", { key: "tlsClientCa", reason });
  }
  if (cert !== undefined && secret !== undefined) {
    const source = { cert, key: secret, ...(clientCa !== undefined && { clientCa }) };
    return openCertificate(source, { ...options, name: port.name });
  }
  const [key, other] = cert === undefined ? [port.cert, "a key"] : [port.key, "a certificate"];
  throw fault("SLUICE_CONFIG_INVALID", { key, reason: `is missing beside ${other}; TLS takes both` });
}

/** @throws SluiceError SLUICE_CONFIG_TLS when there is no usable pair at the start. */
export async function openCertificate(
  source: CertificateSource,
  { tell, name = "certificate", everyMs = 2_000, clock = Date.now }: CertificateOptions,
): Promise<Certificate> {
  const users: ((pair: Pair) => void)[] = [];
  let seen = await read(source);
  let current = pairOf(source, seen);
  let broken: SluiceError | undefined;
  let ended = false;

  async function look(): Promise<void> {
    const found = await read(source).catch((error: unknown) => unusable(source, error));
    if (ended) return;
    if ("code" in found) return tellOnce(found);
    if (isSame(found, current)) return mended();
    // A pair is two files: what is still being written is looked at again before anybody is told.
    const settled = isSame(found, seen);
    seen = found;
    try {
      current = pairOf(source, found);
    } catch (error) {
      if (settled) tellOnce(error as SluiceError);
      return;
    }
    mended();
    for (const use of users) use(current);
    tell({ type: "certificate.loaded", subject: current.subject, until: current.until });
  }

  function tellOnce(error: SluiceError): void {
    if (broken?.message !== error.message) tell({ type: "certificate.broken", error });
    broken = error;
  }

  function mended(): void {
    broken = undefined;
  }

  const next = (): NodeJS.Timeout => setTimeout(() => look().finally(again), everyMs).unref();
  const again = (): void => {
    if (!ended) timer = next();
  };
  let timer = next();

  return {
    pair: () => current,
    onChange: (use) => users.push(use),
    check: {
      name,
      check() {
        const until = new Date(current.until).toISOString();
        if (broken !== undefined) {
          const message = `${broken.message}; the last good one, valid until ${until}, stays in use`;
          return { state: "degraded", message, fix: broken.fix };
        }
        if (clock() < current.until) return { state: "ok", message: `valid until ${until}` };
        const fix = "Put a new certificate and key into the files; they are read again at once.";
        return { state: "degraded", message: `expired at ${until}: senders refuse it`, fix };
      },
    },
    close() {
      ended = true;
      clearTimeout(timer);
    },
  };
}

type Texts = Pick<Pair, "cert" | "key" | "clientCa">;

function isSame(a: Texts, b: Texts): boolean {
  return a.cert === b.cert && a.key === b.key && a.clientCa === b.clientCa;
}

async function read(source: CertificateSource): Promise<Texts> {
  try {
    const [cert, key] = await Promise.all([pem(source.cert), pem(source.key)]);
    return source.clientCa === undefined
      ? { cert, key }
      : { cert, key, clientCa: await pem(source.clientCa) };
  } catch (error) {
    throw unusable(source, error);
  }
}

/** In a pod that Tekton's YAML describes, TLS_CERT holds not a path but what a Secret's key says. */
async function pem(place: string): Promise<string> {
  if (place.startsWith("-----BEGIN")) return place;
  const text = await readFile(place, "utf8");
  if (text.length > MAX_PEM) throw new Error(`${place} is larger than ${MAX_PEM} bytes`);
  return text;
}

/** @throws SluiceError SLUICE_CONFIG_TLS. */
function pairOf(source: CertificateSource, { cert, key, clientCa }: Texts): Pair {
  try {
    const leaf = new X509Certificate(cert);
    if (!leaf.checkPrivateKey(createPrivateKey(key))) throw new Error("the key is another certificate's");
    // What OpenSSL demands beyond that: sizes, a chain that it can read.
    createSecureContext({ cert, key, ...(clientCa !== undefined && { ca: authoritiesOf(clientCa) }) });
    const subject = leaf.subject.replaceAll("\n", ", ");
    return {
      cert,
      key,
      ...(clientCa !== undefined && { clientCa }),
      until: leaf.validToDate.getTime(),
      subject,
    };
  } catch (error) {
    throw unusable(source, error);
  }
}

/** OpenSSL passes over what is no certificate; without any, nobody would be proved and nobody told. */
function authoritiesOf(pem: string): string {
  if (pem.includes("-----BEGIN CERTIFICATE-----")) return pem;
  throw new Error("the file of --tls-client-ca holds no certificate");
}

function unusable({ cert, key }: CertificateSource, error: unknown): SluiceError {
  if (error instanceof Error && "values" in error) return error as SluiceError;
  const shown = (place: string) => (place.startsWith("-----BEGIN") ? "the one given as text" : place);
  const values = { cert: shown(cert), key: shown(key), reason: reasonOf(error) };
  return fault("SLUICE_CONFIG_TLS", values, { cause: error });
}
