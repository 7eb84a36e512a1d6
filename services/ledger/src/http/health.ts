/** Is the process alive, and should it be sent requests? Both are answered at once, from what is known. */
import { asProblem, type Watch } from '@apledger/ledger';
import type { FastifyInstance } from 'fastify';
import type { RelayStanding } from '../nats/relay-standing.ts';
import type { Drain } from './drain.ts';
import { sendProblem } from './problem.ts';

/**
 * /healthz: this process answers. /readyz: its log can be read and written, and it is not about to stop. /readyz?for=reads: it
 * can answer questions, from memory at least. What the relay does is said, and keeps nobody from sending requests.
 */
export function health(
  server: FastifyInstance,
  watch: Watch,
  draining: Drain,
  relay: Pick<RelayStanding, 'state' | 'reason'>,
): void {
  server.get('/healthz', async () => ({ status: 'ok' }));
  server.get('/readyz', async (request, reply) => {
    if (draining.isDraining) return sendProblem(reply, 503, 'draining', 'The service is stopping.');
    const { health: log, current } = watch;
    const { for: purpose } = request.query as { readonly for?: unknown };
    const outage = log.reading ?? log.writing;
    const state = {
      reads: log.reading === undefined ? 'current' : log.isAway ? 'memory' : 'none',
      commands: outage === undefined,
      position: current.position,
      currentTo: current.time.toISOString(),
      relay: relay.state,
      ...(relay.reason !== undefined && { relayReason: relay.reason }),
    };
    if (outage === undefined || (purpose === 'reads' && state.reads !== 'none'))
      return { status: 'ready', ...state };
    const { code, message } = asProblem(outage.error);
    return sendProblem(reply, 503, code, message, { ...state, since: outage.since.toISOString() });
  });
}
