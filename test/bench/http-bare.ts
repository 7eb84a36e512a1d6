/**
 * What HTTP costs without a ledger: a bare fastify route that sends an object, one that takes one, and server-sent events as one writes
 * them by hand. `node http-bare.ts FILE` with the JSON to send; says its port on stdout.
 */
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { fastify } from 'fastify';

const answer: unknown = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const clients = new Set<ServerResponse>();
const server = fastify();

server.get('/object', async () => answer);
server.post('/object', async ({ body }) => ({ body }));
server.get('/stream', (_, reply) => {
  reply.hijack();
  reply.raw.writeHead(200, { 'content-type': 'text/event-stream' });
  reply.raw.write('event: caught-up\ndata: {}\n\n');
  clients.add(reply.raw);
  reply.raw.on('close', () => clients.delete(reply.raw));
});
/** So many facts to every client, each written as it is. */
server.post('/publish', async ({ body }) => {
  const { from, to, data } = body as { from: number; to: number; data: string };
  for (let id = from; id <= to; id++) {
    const frame = `id: ${id}\nevent: fact\ndata: ${data}\n\n`;
    for (const client of clients) client.write(frame);
  }
  return {};
});

await server.listen({ host: '127.0.0.1', port: 0 });
const address = server.server.address();
console.log(`at http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`);
