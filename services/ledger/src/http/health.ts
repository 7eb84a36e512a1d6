/** Is the process alive, and should it be sent requests? */
import { asProblem, type LogLedger } from '@apledger/ledger';
import type { FastifyInstance } from 'fastify';
import type { Drain } from './drain.ts';
import { sendApplicationProblem, sendProblem } from './problem.ts';

/** /healthz: this process answers. /readyz: it also reaches its log, and is not about to stop. */
export function health(server: FastifyInstance, ledger: LogLedger, draining: Drain): void {
  server.get('/healthz', async () => ({ status: 'ok' }));
  server.get('/readyz', async (_, reply) => {
    if (draining.isDraining) return sendProblem(reply, 503, 'draining', 'The service is stopping.');
    try {
      return { status: 'ready', position: await ledger.log.lastPosition() };
    } catch (error) {
      const problem = asProblem(error);
      return problem.status === 503
        ? sendApplicationProblem(reply, problem)
        : sendProblem(reply, 503, problem.code, problem.message);
    }
  });
}
