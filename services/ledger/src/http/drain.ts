/** The end of a server: what has come is answered, what comes is sent elsewhere, and idle connections hold up nobody. */
import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sendProblem } from './problem.ts';

const HEALTH: ReadonlySet<string | undefined> = new Set(['/healthz', '/readyz']);

/** Those who watch over the service are answered also while it stops, and however often they ask. */
export const asksForHealth = ({ routeOptions }: FastifyRequest): boolean => HEALTH.has(routeOptions.url);

export interface Drain {
  readonly isDraining: boolean;
}

/** From the beginning of `close` on, no request is taken; `close` goes on when all that came are answered. */
export function drain(server: FastifyInstance): Drain {
  let isDraining = false;
  let underWay = 0;
  const answered = Promise.withResolvers<void>();
  server.server.on('request', (_, response: ServerResponse) => {
    underWay += 1;
    response.once('close', () => {
      underWay -= 1;
      if (isDraining && underWay === 0) answered.resolve();
    });
  });
  server.addHook('onRequest', async (request, reply) => {
    if (isDraining && !asksForHealth(request))
      return sendProblem(
        reply,
        503,
        'draining',
        'The service is stopping; ask another instance, or soon again.',
      );
    return undefined;
  });
  // Who is answered now shall not keep the connection for a next request.
  server.addHook('onSend', async (_, reply) => {
    if (isDraining) void reply.header('connection', 'close');
  });
  server.addHook('preClose', async () => {
    isDraining = true;
    if (underWay > 0) await answered.promise;
  });
  return {
    get isDraining() {
      return isDraining;
    },
  };
}
