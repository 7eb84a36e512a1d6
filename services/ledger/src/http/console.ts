/** The console's built files, or a page that says how to build them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { sendProblem } from './problem.ts';

/** Bundlers put a hash of the content into these names: such a file never changes. */
const HASHED = /[.-][A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;
/** A name from which no path can be made. */
const PLAIN = /^\w[\w.-]*$/;
const YEAR_S = 31_536_000;

const NOT_BUILT = `<!doctype html>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>apledger</title>
<h1>apledger</h1>
<p>The service runs; its console is not built here. In the clone, type <code>npm run console</code> and start again.</p>
<p>The API is described by <a href="/openapi.json">openapi.json</a>; try <a href="/api/v1/hosts">the hosts</a>.</p>
`;

/** Serves `directory` at /; what is no file there is a view of the console, which its own router finds. */
export async function serveConsole(server: FastifyInstance, directory: string): Promise<void> {
  const isBuilt = existsSync(join(directory, 'index.html'));
  if (isBuilt) {
    await server.register(fastifyStatic, {
      root: directory,
      index: ['index.html'],
      wildcard: false, // a route for each file that there is: no path is looked up, so none can climb
      dotfiles: 'ignore',
      cacheControl: false,
      setHeaders: (reply, path) => {
        const isForever = path.startsWith(join(directory, 'assets')) && HASHED.test(path);
        void reply.header('cache-control', isForever ? `public, max-age=${YEAR_S}, immutable` : 'no-cache');
      },
    });
    // Files of a console that was built anew since: they have other names.
    server.get<{ Params: { name: string } }>('/assets/:name', async ({ params: { name } }, reply) =>
      PLAIN.test(name) && HASHED.test(name) ? reply.sendFile(`assets/${name}`) : reply.callNotFound(),
    );
  } else
    server.get('/', async (_, reply) =>
      reply
        .header('content-type', 'text/html; charset=utf-8')
        .header('cache-control', 'no-cache')
        .send(NOT_BUILT),
    );
  server.setNotFoundHandler(async (request, reply) => {
    const { method, url } = request;
    const wantsPage =
      (method === 'GET' || method === 'HEAD') && request.headers.accept?.includes('text/html') === true;
    if (isBuilt && wantsPage && !url.startsWith('/api/')) return reply.sendFile('index.html');
    return sendProblem(reply, 404, 'no-such-resource', `There is no ${method} ${url.slice(0, 200)} here.`);
  });
}
