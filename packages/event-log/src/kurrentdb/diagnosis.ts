/** Why no connection came about, when it is about TLS: gRPC says only that there is none. */

import { connect } from 'node:tls';
import { LogError } from '../errors.ts';
import { type Address, type Endpoint, targetOf } from './address.ts';

const PATIENCE_MS = 2_000;
/** Codes of OpenSSL and Node for certificates that do not hold. */
const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME|HOSTNAME/;

/** What is wrong with TLS at the first host that can be reached; undefined when nothing is, or none can. */
export async function diagnosed(address: Address): Promise<LogError | undefined> {
  for (const host of address.hosts) {
    const found = await handshake(host, address);
    if (found === undefined) continue;
    const { reason, remedy } = address.tls ? (explained(found) ?? {}) : plain(found);
    if (reason === undefined || remedy === undefined) return undefined;
    return new LogError('unreachable', address.place, `${targetOf(host)} ${reason}`, { remedy });
  }
  return undefined;
}

interface Sentence {
  readonly reason?: string;
  readonly remedy?: string;
}

/** `done`, or the code of what went wrong after the connection was there; undefined when there was none. */
function handshake({ host, port }: Endpoint, address: Address): Promise<string | undefined> {
  return new Promise((resolve) => {
    const { authority, certificate, key, tls, verifies } = address;
    let isConnected = false;
    const socket = connect({
      host: host.replace(/^\[|\]$/g, ''),
      port,
      ALPNProtocols: ['h2'],
      rejectUnauthorized: tls && verifies,
      ...(/^[\d.]+$|^\[/.test(host) ? {} : { servername: host }),
      ...(authority === undefined ? {} : { ca: authority }),
      ...(certificate === undefined || key === undefined ? {} : { cert: certificate, key }),
    });
    const end = (found: string | undefined): void => {
      socket.destroy();
      resolve(found);
    };
    socket.setTimeout(PATIENCE_MS, () => end(undefined));
    socket.once('connect', () => {
      isConnected = true;
    });
    socket.once('secureConnect', () => end('done'));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end(isConnected ? (error.code ?? 'EPROTO') : undefined),
    );
    socket.once('close', () => end(undefined));
  });
}

function explained(code: string): Sentence | undefined {
  if (code === 'done') return undefined;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return {
      reason: 'shows a certificate for another name',
      remedy: 'connect by a name that its certificate holds',
    };
  if (UNTRUSTED.test(code))
    return {
      reason: `shows a certificate that is not trusted (${code})`,
      remedy: 'name the certificate of its authority with tlsCAFile=FILE in the connection string',
    };
  return {
    reason: `does not speak TLS (${code})`,
    remedy: 'let the server use TLS, or say tls=false where nobody can listen',
  };
}

function plain(code: string): Sentence {
  if (code !== 'done') return {};
  return { reason: 'speaks TLS, but the connection string says tls=false', remedy: 'take tls=false away' };
}
