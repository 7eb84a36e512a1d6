/** Who sends a request, found out before anything of it is read; and signing in and out. */

import { Problem } from '@apledger/api';
import { actorOf, authOf, type Caller, jsonOf, type LogLedger, notSignedIn } from '@apledger/ledger';
import fastifyCookie from '@fastify/cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isCaller } from '../access/authenticator.ts';
import type { Edge } from '../access/edge.ts';
import type { Failure } from '../access/failures.ts';
import type { Departure, Provider } from '../access/provider.ts';
import { certificateOf } from './certificate.ts';
import { API } from './openapi.ts';
import { sendApplicationProblem } from './problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined where access is not controlled, and before anybody is known. */
    caller: Caller | undefined;
  }
}

/** The prefix makes browsers refuse these cookies unless they come over TLS (or loopback), from this host, for all of it. */
const SESSION_COOKIE = '__Host-apledger';
const DEPARTURE_COOKIE = '__Host-apledger-departure';
const COOKIE = { path: '/', secure: true, httpOnly: true } as const;
/** Until who went to the provider has to be back. */
const DEPARTURE_S = 600;
const MAX_ID_TOKEN = 16 * 1024;

/** Without --access: one answer, so that a client can tell. */
export function withoutAccess(server: FastifyInstance): void {
  server.decorateRequest('caller', undefined);
  server.get('/auth/config', async () => ({ isControlled: false }));
}

export interface SignInOptions {
  readonly ledger: LogLedger;
  readonly edge: Edge;
  /** `https://host:port` as the browser wrote it, where the configuration names no origin. */
  readonly originOf: (request: FastifyRequest) => string;
}

/** Lets nobody pass to the API and the metrics whom it does not know. */
export async function withAccess(server: FastifyInstance, options: SignInOptions): Promise<void> {
  const { edge, ledger } = options;
  await server.register(fastifyCookie);
  server.decorateRequest('caller', undefined);
  server.addHook('onRequest', async (request, reply) => {
    if (!isGuarded(request.routeOptions.url)) return undefined;
    const found = await callerOf(request, edge);
    if (isCaller(found)) {
      request.caller = found;
      return undefined;
    }
    edge.failures.count(request.ip, found);
    return sendApplicationProblem(
      reply.header('www-authenticate', 'Bearer realm="apledger"'),
      unknownCaller(found),
    );
  });
  server.addHook('onClose', async () => edge.failures.close());
  routes(server, options);
  server.post('/auth/logout', async (request, reply) => {
    const { caller } = request;
    const { credential: session, method } = caller ?? {};
    if (caller !== undefined && session !== undefined && method === 'oidc')
      await ledger.access.append([{ type: 'SessionEnded', data: { session } }], {
        actor: actorOf(caller),
        auth: authOf(caller),
      });
    return reply.clearCookie(SESSION_COOKIE, COOKIE).code(204).send();
  });
}

/** By the route that was found, which no spelling of the address changes. The page itself holds no data: it shows how to sign in. */
const isGuarded = (route: string | undefined): boolean =>
  route === '/metrics' ||
  route === '/tlog/*' ||
  route === '/auth/logout' ||
  route?.startsWith(`${API}/`) === true;

const WHY: Readonly<Record<Failure, string>> = {
  none: 'sign in on the page, with apledger login, or show a token (Authorization: Bearer apl_…)',
  malformed: 'what was shown is no token of this ledger',
  unknown: 'this token or session is not known here',
  expired: 'this token, session or certificate has expired; sign in again',
  revoked: 'this token or session was revoked; sign in again',
  'cross-site': 'a session of a browser counts for requests of its own page only',
  replayed: 'this request was made before',
  'id-token': 'the provider does not vouch for this',
};

const unknownCaller = (failure: Failure): Problem =>
  failure === 'cross-site'
    ? new Problem(403, 'foreign-origin', `${WHY[failure]}.`)
    : notSignedIn(WHY[failure]);

async function callerOf(request: FastifyRequest, { authenticator }: Edge): Promise<Caller | Failure> {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const secret = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    return secret === undefined ? 'malformed' : authenticator.ofSecret(secret);
  }
  const certificate = certificateOf(request);
  if (certificate !== undefined) return authenticator.ofCertificate(certificate);
  const secret = request.cookies[SESSION_COOKIE];
  if (secret === undefined) return 'none';
  if (!isOwnPage(request)) return 'cross-site';
  return authenticator.ofSecret(secret, 'session');
}

/**
 * Browsers say where a request comes from, in Origin (checked by the guard) or in Sec-Fetch-Site; a request with the cookie that says
 * neither is none of the page.
 */
function isOwnPage({ headers, method }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || (site === 'none' && method === 'GET');
  return headers.origin !== undefined;
}

function routes(server: FastifyInstance, { edge, originOf }: SignInOptions): void {
  const { provider, configuration } = edge;
  const redirectUri = (request: FastifyRequest): string =>
    `${configuration.origin ?? originOf(request)}/auth/callback`;
  server.get('/auth/config', async () => ({
    isControlled: true,
    ...(configuration.oidc !== undefined && {
      issuer: configuration.oidc.issuer,
      clientId: configuration.oidc.clientId,
      scopes: configuration.oidc.scopes,
    }),
  }));
  server.get('/auth/login', async (request, reply) => {
    const { url, ...departure } = await providerOf(provider).departure(redirectUri(request));
    const kept = { ...departure, to: pathIn((request.query as { readonly to?: unknown }).to) };
    const value = Buffer.from(JSON.stringify(kept)).toString('base64url');
    return reply
      .setCookie(DEPARTURE_COOKIE, value, { ...COOKIE, sameSite: 'lax', maxAge: DEPARTURE_S })
      .header('cache-control', 'no-store')
      .redirect(url, 303);
  });
  server.get('/auth/callback', async (request, reply) => {
    const departure = departureOf(request.cookies[DEPARTURE_COOKIE]);
    void reply.clearCookie(DEPARTURE_COOKIE, COOKIE).header('cache-control', 'no-store');
    const url = new URL(`${redirectUri(request)}${request.url.slice(request.url.indexOf('?'))}`);
    const opened = await counted(edge, request, () => providerOf(provider).arrival(url, departure));
    return signedIn(reply, opened.secret, opened.until).redirect(departure.to, 303);
  });
  server.post('/auth/session', async (request) => {
    const { idToken } = (jsonOf(Buffer.isBuffer(request.body) ? request.body : new Uint8Array()) ?? {}) as {
      readonly idToken?: unknown;
    };
    if (typeof idToken !== 'string' || idToken.length > MAX_ID_TOKEN)
      throw new Problem(400, 'invalid-request', 'Send {"idToken": "…"} as the provider issued it.');
    return counted(edge, request, () => providerOf(provider).exchange(idToken));
  });
}

const signedIn = (reply: FastifyReply, secret: string, until: string): FastifyReply =>
  reply.setCookie(SESSION_COOKIE, secret, { ...COOKIE, sameSite: 'strict', expires: new Date(until) });

async function counted<T>({ failures }: Edge, { ip }: FastifyRequest, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Problem && error.status === 401) failures.count(ip, 'id-token');
    throw error;
  }
}

function providerOf(provider: Provider | undefined): Provider {
  if (provider !== undefined) return provider;
  throw new Problem(
    404,
    'no-such-resource',
    'Nobody signs in here: the access configuration names no provider (oidc).',
  );
}

/** A path of this page, and nothing that leads elsewhere. */
const pathIn = (to: unknown): string =>
  typeof to === 'string' && /^\/(?![/\\])[\x20-\x7e]{0,1000}$/.test(to) && !to.includes('\\') ? to : '/';

function departureOf(cookie: string | undefined): Departure & { readonly to: string } {
  try {
    const { verifier, state, nonce, to } = JSON.parse(
      Buffer.from(cookie ?? '', 'base64url').toString(),
    ) as Record<string, unknown>;
    if (typeof verifier === 'string' && typeof state === 'string' && typeof nonce === 'string')
      return { verifier, state, nonce, to: pathIn(to) };
  } catch {
    // As a cookie that is not there.
  }
  throw notSignedIn('this browser did not begin to sign in here, or more than 10 minutes ago; begin again');
}
