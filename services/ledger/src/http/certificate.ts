/** The certificate that a client has shown, on the listener that asks for one and takes only those that the CA has signed. */
import type { X509Certificate } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';

/** Sockets of that listener. On no other one is a certificate looked at. */
const verified = new WeakSet<object>();

/** Says that TLS has verified the client of this socket. */
export const markVerified = (socket: TLSSocket): void => {
  if (socket.authorized && !socket.isSessionReused()) verified.add(socket);
};

/** The client's certificate, where the handshake has verified it. */
export function certificateOf({ raw: { socket } }: FastifyRequest): X509Certificate | undefined {
  return socket instanceof TLSSocket && verified.has(socket) ? socket.getPeerX509Certificate() : undefined;
}
