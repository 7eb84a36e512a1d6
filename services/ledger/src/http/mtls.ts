/**
 * A second listener for programs that show a certificate, and for nobody else. It is apart from the one of browsers because there a
 * connection that was resumed without a certificate could pass for one with: here TLS refuses anyone who shows none, and nothing is resumed.
 */
import { constants } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { markVerified } from './certificate.ts';
import { secureOptions, type TlsFiles } from './tls.ts';
import { REQUEST_MS, refuseExpectation, refuseRaw, wireOptions } from './wire.ts';

export interface MtlsOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsFiles;
  /** PEM of the certificates that clients' ones have to be signed by. */
  readonly ca: string;
}

export interface MtlsListener {
  readonly port: number;
  renew(tls: TlsFiles): void;
  close(): Promise<void>;
}

/** Listens for the same routes. Throws what listening throws. */
export async function listenForCertificates(
  server: FastifyInstance,
  { host, port, tls, ca }: MtlsOptions,
): Promise<MtlsListener> {
  const options = (files: TlsFiles) => ({
    ...secureOptions(files),
    ca,
    secureOptions: constants.SSL_OP_NO_TICKET,
  });
  const listener: Server = createServer(
    { ...wireOptions(REQUEST_MS), ...options(tls), requestCert: true, rejectUnauthorized: true },
    server.routing,
  );
  listener.on('secureConnection', markVerified);
  listener.on('checkExpectation', refuseExpectation);
  listener.on('clientError', (error: Error, socket: Socket) => refuseRaw(error, socket, REQUEST_MS));
  listener.listen(port, host);
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    renew: (files) => listener.setSecureContext(options(files)),
    close: async () => {
      listener.close();
      listener.closeAllConnections();
      if (listener.listening) await once(listener, 'close');
    },
  };
}
