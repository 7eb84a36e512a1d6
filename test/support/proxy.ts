/** A TCP proxy in front of one server, real bytes over real sockets, whose directions can be cut, and which can lie far away. */

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface Proxy {
  /** `nats://127.0.0.1:PORT` */
  readonly url: string;
  /** From now on nothing that the server says reaches its clients; what they say still reaches the server. */
  mute(): void;
  /** Ends all connections and lets new ones through, in both directions. */
  reset(): void;
  close(): Promise<void>;
}

/** Listens on a port of its own and forwards to `port` of this machine; what either side says arrives after `delayMs`. */
export async function startProxy(port: number, delayMs = 0): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let isMute = false;
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()); // what a cut connection is expected to report
    socket.on('close', () => sockets.delete(socket));
    return socket;
  };
  const listener = createServer((client) => {
    const server = keep(connect(port, '127.0.0.1'));
    // Timers of one length end in their order.
    const later = (to: Socket, bytes: Buffer): void =>
      void setTimeout(() => to.destroyed || to.write(bytes), delayMs);
    keep(client).on('data', (bytes) => later(server, bytes));
    server.on('data', (bytes) => {
      if (!isMute) later(client, bytes);
    });
    server.on('close', () => client.destroy());
    client.on('close', () => server.destroy());
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  const own = typeof address === 'object' && address !== null ? address.port : 0;
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `nats://127.0.0.1:${own}`,
    mute: () => {
      isMute = true;
    },
    reset: () => {
      isMute = false;
      cut();
    },
    close: async () => {
      cut();
      await new Promise((done) => listener.close(done));
    },
  };
}
