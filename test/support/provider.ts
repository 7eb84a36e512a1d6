/**
 * A real OpenID provider on loopback, for tests and for `npm start -- --demo-access`: three people, no passwords. Anyone who reaches it is
 * whom he picks, so it is for nothing else.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import Provider, { type KoaContext } from 'oidc-provider';

export const CLIENT_ID = 'apledger';
/** Name and what is said of them on the page. */
export const PEOPLE: Readonly<Record<string, string>> = {
  olga: 'operator: changes hosts, and asks for a second person where that is needed',
  amir: 'approver: judges what others propose',
  ida: 'auditor: reads everything, changes nothing',
};

export interface StartedProvider {
  readonly issuer: string;
  readonly port: number;
  close(): Promise<void>;
}

export interface ProviderOptions {
  readonly port?: number;
  readonly keys?: readonly JWK[];
  readonly redirectUris: readonly string[];
}

/** A key pair as the provider keeps it. */
export async function newKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' };
}

export async function startProvider({
  port = 0,
  keys,
  redirectUris,
}: ProviderOptions): Promise<StartedProvider> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const bound = (server.address() as AddressInfo).port;
  const issuer = `http://127.0.0.1:${bound}`;
  const provider = new Provider(issuer, configuration(keys ?? [await newKey('first')], redirectUris));
  // A terminal asks again after each second; without a word from the provider it would be five.
  provider.on('device_authorization.success', (_, device) => {
    device.interval = 1;
  });
  const answer = provider.callback();
  server.on('request', (request, response) => {
    if (request.url?.startsWith('/interaction/') !== true) return answer(request, response);
    interaction(provider, request, response).catch((error: unknown) => {
      response.writeHead(400, { 'content-type': 'text/plain' }).end(String(error));
    });
  });
  return {
    issuer,
    port: bound,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const configuration = (keys: readonly JWK[], redirectUris: readonly string[]): object => ({
  jwks: { keys },
  clients: [
    {
      client_id: CLIENT_ID,
      client_name: 'apledger',
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      redirect_uris: redirectUris,
      response_types: ['code'],
      grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'],
    },
  ],
  cookies: { keys: ['only on loopback, only for demonstrations'] },
  claims: { openid: ['sub'], profile: ['preferred_username'] },
  conformIdTokenClaims: false,
  features: {
    devInteractions: { enabled: false },
    deviceFlow: { enabled: true, ...devicePages },
    resourceIndicators: { enabled: false },
  },
  ttl: {
    AccessToken: 600,
    AuthorizationCode: 60,
    DeviceCode: 600,
    Grant: 3600,
    IdToken: 600,
    Interaction: 600,
    Session: 3600,
  },
  interactions: { url: (_: unknown, { uid }: { readonly uid: string }) => `/interaction/${uid}` },
  findAccount: (_: unknown, id: string) => ({
    accountId: id,
    claims: async () => ({ sub: id, preferred_username: id }),
  }),
  // Nobody is asked what he allows: there is one client, and it is ours.
  loadExistingGrant: async ({ oidc }: KoaContext & { readonly oidc: { readonly provider: Provider } }) => {
    const grant = new oidc.provider.Grant({
      accountId: oidc.session.accountId,
      clientId: oidc.client.clientId,
    });
    grant.addOIDCScope('openid profile');
    await grant.save();
    return grant;
  },
});

const devicePages = {
  userCodeInputSource: async (ctx: KoaContext, form: string) => {
    ctx.type = 'html';
    ctx.body = page(
      'Sign in on the command line',
      `${form}<button type="submit" form="op.deviceInputForm">Go on</button>`,
    );
  },
  userCodeConfirmSource: async (ctx: KoaContext, form: string, _: unknown, __: unknown, code: string) => {
    ctx.type = 'html';
    ctx.body = page(
      'Sign in on the command line',
      `<p>Does the terminal show ${code}?</p>${form}<button autofocus type="submit" form="op.deviceConfirmForm">Yes</button>`,
    );
  },
  successSource: async (ctx: KoaContext) => {
    ctx.type = 'html';
    ctx.body = page('Signed in', '<p>Go back to the terminal.</p>');
  },
};

const page = (title: string, body: string): string =>
  `<!doctype html><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${body}`;

async function interaction(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { uid, prompt } = await provider.interactionDetails(request, response);
  const picked = new URL(request.url ?? '', 'http://x').searchParams.get('as');
  if (prompt.name === 'login' && picked !== null && Object.hasOwn(PEOPLE, picked))
    return provider.interactionFinished(request, response, { login: { accountId: picked } });
  // It asks so for every client that is no web site: there is one client, and it is ours.
  if (prompt.name === 'consent') return provider.interactionFinished(request, response, { consent: {} });
  const people = Object.entries(PEOPLE).map(
    ([name, what]) => `<li><a href="/interaction/${uid}?as=${name}">${name}</a>, ${what}</li>`,
  );
  response
    .writeHead(200, { 'content-type': 'text/html' })
    .end(
      page(
        'Who are you?',
        `<p>This provider is for trying out: it asks for no password.</p><ul>${people.join('')}</ul>`,
      ),
    );
}
