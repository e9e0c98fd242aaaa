/** The certificate that a client showed on a TLS connection, where an authority of --tls-client-ca signed it. */

import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { ClientCertificate } from "../core/delivery.ts";

const known = new WeakMap<TLSSocket, ClientCertificate | undefined>();

/** @returns undefined on plain connections, without a certificate, and for one that nobody trusted signed. */
export function clientOf(socket: Socket): ClientCertificate | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  if (!known.has(socket)) known.set(socket, read(socket));
  return known.get(socket);
}

function read(socket: TLSSocket): ClientCertificate | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  const { subject, subjectAltName = "" } = certificate;
  return { subject: subject.split("\n").reverse().join(", "), names: namesOf(subjectAltName) };
}

/** Node quotes names that hold a comma or a quote, so that none can pass for two. */
function namesOf(text: string): readonly string[] {
  return text.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g)?.map((name) => name.trim()) ?? [];
}
