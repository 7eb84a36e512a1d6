/** What every request passes before anything looks at it, and what every answer says to browsers. */
import type { FastifyInstance } from 'fastify';
import { hostNameIn, isLocalHost } from './loopback.ts';
import { sendProblem } from './problem.ts';

/** The console loads nothing from anywhere else, and nobody frames it. Libraries of components set styles in place. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** For a year browsers come over TLS only. */
const HSTS = 'max-age=31536000';

export interface GuardOptions {
  readonly isTls?: boolean;
  /** How browsers reach the service, beside loopback. */
  readonly origin?: string | undefined;
}

/** The service's own pages, and what a person typed or took from bookmarks. */
const OWN_SITES: ReadonlySet<string> = new Set(['same-origin', 'none']);
/** The absolute form of a request's target, as for a proxy. */
const absolute = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i;

/**
 * Three ways in which a page from elsewhere could use its reader's browser against a service on loopback: by a name that
 * is re-bound to 127.0.0.1 (then Host is that name), by sending what needs no answer (then Origin is the page's), and by asking for
 * what costs, as an image or a link (then Sec-Fetch-Site says that it comes from elsewhere).
 */
export function guard(server: FastifyInstance, { isTls = false, origin: named }: GuardOptions = {}): void {
  const scheme = isTls ? 'https' : 'http';
  const ownName = named === undefined ? undefined : new URL(named).hostname;
  const everywhere = isTls ? { ...SECURITY_HEADERS, 'strict-transport-security': HSTS } : SECURITY_HEADERS;
  server.addHook('onRequest', async (request, reply) => {
    void reply.headers(everywhere);
    const { host = '', origin, 'sec-fetch-site': site } = request.headers;
    const { rawHeaders } = request.raw;
    const hosts = rawHeaders.filter((name, n) => n % 2 === 0 && name.toLowerCase() === 'host').length;
    if (hosts > 1)
      return sendProblem(reply, 400, 'not-http', 'A request has one Host header; this one has more.');
    if (hosts === 0 && request.raw.httpVersion === '1.1')
      return sendProblem(reply, 400, 'not-http', 'A request has one Host header; this one has none.');
    const target = absolute.exec(request.raw.url ?? '')?.[1];
    if (target !== undefined && target.toLowerCase() !== host.toLowerCase())
      return sendProblem(
        reply,
        421,
        'wrong-host',
        `The request's address names ${JSON.stringify(target.slice(0, 80))}, and its Host header another.`,
      );
    if (!isLocalHost(host) && (ownName === undefined || hostNameIn(host) !== ownName))
      return sendProblem(
        reply,
        421,
        'wrong-host',
        `This service answers to ${ownName === undefined ? '' : `${ownName}, `}localhost, 127.0.0.1 and [::1], not to ${JSON.stringify(host.slice(0, 80))}.`,
      );
    if (origin !== undefined && origin !== `${scheme}://${host}` && origin !== named)
      return sendProblem(
        reply,
        403,
        'foreign-origin',
        `Pages of ${JSON.stringify(origin.slice(0, 80))} may not use this service; its own are at ${scheme}://${host}.`,
      );
    // Browsers send no Origin with what an <img> or a link asks for; they say where it stands.
    if (request.url.startsWith('/api/') && site !== undefined && !OWN_SITES.has(String(site)))
      return sendProblem(
        reply,
        403,
        'foreign-origin',
        `Pages of other sites may not ask this service (Sec-Fetch-Site: ${JSON.stringify(String(site).slice(0, 80))}); open the address itself.`,
      );
    return undefined;
  });
}
