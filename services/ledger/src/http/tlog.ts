/** GET /tlog/...: the log as c2sp.org/tlog-tiles, read-only. Any static server can serve a copy of it. */
import { parseTilePath } from '@apledger/evidence';
import type { LogLedger } from '@apledger/ledger';
import { entryBundle } from '@apledger/sealer';
import type { FastifyInstance } from 'fastify';
import { sendProblem } from './problem.ts';

const YEAR_S = 31_536_000;
const ENTRIES = 'tile/entries/';

/** Checkpoints may be replaced at any time; tiles never change. */
export function serveTiles(server: FastifyInstance, { log, tlog, access, isControlled }: LogLedger): void {
  server.get<{ readonly Params: { readonly '*': string } }>('/tlog/*', async ({ params, caller }, reply) => {
    const path = params['*'];
    const bundle = path.startsWith(ENTRIES) ? parseTilePath(path.slice(ENTRIES.length)) : undefined;
    // Bundles hold the facts of all hosts; the rest is hashes.
    if (isControlled && bundle !== undefined) await access.permit(caller, 'report', null, 'tlog');
    const found =
      tlog === undefined
        ? undefined
        : bundle === undefined
          ? await tlog.readServed(path)
          : await entryBundle(log, tlog, bundle);
    if (found === undefined)
      return sendProblem(
        reply,
        404,
        'no-such-resource',
        `There is no ${path.slice(0, 200)} in this log, or not yet.`,
      );
    const isTile = path.startsWith('tile/');
    return reply
      .header('content-type', isTile ? 'application/octet-stream' : 'text/plain; charset=utf-8')
      .header('cache-control', isTile ? `public, max-age=${YEAR_S}, immutable` : 'no-cache')
      .send(found);
  });
}
