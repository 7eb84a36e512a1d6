/** `apledger login`, `logout`, `whoami`: signing in to a service, without a browser on this machine (RFC 8628). */
import { Problem, type WhoAmI } from '@apledger/api';
import { Unreachable } from '@apledger/client';
import { command, Failure, jsonLine, line, type Output } from '@apledger/command-line';
import { forgetSession, keepSession, keptSession, openLedger } from '@apledger/ledger';
import { errorText, visible } from '@apledger/text';
import * as oidc from 'openid-client';
import { using } from '../ledger.ts';
import { json, server } from '../options.ts';

const needed = (given: string | undefined): string => {
  if (given !== undefined && URL.canParse(given)) return given.replace(/\/$/, '');
  throw new Failure(2, 'To which service? Name it with --server https://HOST:PORT.');
};

interface SignInConfiguration {
  readonly isControlled: boolean;
  readonly issuer?: string;
  readonly clientId?: string;
  readonly scopes?: string;
}

async function login(service: string, output: Output, signal: AbortSignal): Promise<number> {
  const { isControlled, issuer, clientId, scopes } = await get<SignInConfiguration>(`${service}/auth/config`);
  if (!isControlled) {
    output.out(line(`${service} asks nobody to sign in.`));
    return 0;
  }
  if (issuer === undefined || clientId === undefined)
    throw new Failure(1, `Nobody signs in at ${service}: programs show a token in $APLEDGER_TOKEN.`);
  const idToken = await deviceFlow(issuer, clientId, scopes ?? 'openid', output, signal);
  const opened = await get<{ readonly secret: string; readonly until: string }>(`${service}/auth/session`, {
    idToken,
  });
  keepSession(service, opened);
  output.out(line(`Signed in at ${service} until ${opened.until}.`));
  return 0;
}

async function deviceFlow(
  issuer: string,
  clientId: string,
  scope: string,
  output: Output,
  signal: AbortSignal,
): Promise<string> {
  const url = new URL(issuer);
  const execute = url.protocol === 'http:' ? [oidc.allowInsecureRequests] : [];
  try {
    const client = await oidc.discovery(url, clientId, undefined, oidc.None(), { execute });
    const device = await oidc.initiateDeviceAuthorization(client, { scope });
    const { verification_uri: at, verification_uri_complete: whole, user_code: code } = device;
    output.err(
      line(
        `Open ${visible(whole ?? at)} in a browser, on any machine, and see that it shows ${visible(code)}.`,
      ),
    );
    const tokens = await oidc.pollDeviceAuthorizationGrant(client, device, undefined, { signal });
    if (tokens.id_token === undefined) throw new Failure(1, `${issuer} has sent no ID token.`);
    return tokens.id_token;
  } catch (error) {
    if (error instanceof Failure || signal.aborted) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    throw new Failure(1, `Signing in with ${issuer} has failed: ${errorText(error)}${cause}`, error);
  }
}

async function get<T>(url: string, body?: object): Promise<T> {
  const init = body && {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  const response = await fetch(url, init).catch((error: unknown) => {
    throw new Unreachable(
      `${url}: ${error instanceof Error && error.cause instanceof Error ? error.cause.message : error}`,
    );
  });
  const answer = (await response.json().catch(() => ({}))) as T & {
    readonly code?: string;
    readonly detail?: string;
  };
  if (response.ok) return answer;
  throw new Problem(
    response.status,
    (answer.code ?? 'internal') as 'internal',
    answer.detail ?? `${url}: answered ${response.status}`,
  );
}

async function logout(service: string, output: Output): Promise<number> {
  if (keptSession(service) === undefined) {
    output.err(line(`You are not signed in at ${service}.`));
    return 1;
  }
  try {
    await using(await openLedger({ server: service }), async (ledger) => {
      const { session } = await ledger.ask('whoAmI', {});
      if (session !== null) await ledger.ask('revoke', { id: session, reason: 'signed out' });
    });
  } catch (error) {
    // It counts no longer, or the service is away: here it is forgotten in any case.
    if (!(error instanceof Problem && error.status === 401))
      output.err(line(`apledger: ${errorText(error)}`));
  }
  forgetSession(service);
  output.out(line(`Signed out at ${service}.`));
  return 0;
}

function whoAmIText({ isControlled, subject, name, method, until, roles, rules }: WhoAmI): string {
  if (!isControlled || subject === null)
    return line('Access is not controlled there: anyone who reaches it may do everything.');
  const as = name === null ? '' : ` (${visible(name)})`;
  return [
    `${visible(`${subject.issuer}#${subject.subject}`)}${as}, by ${method}, until ${until}`,
    ...roles.map(
      ({ role, hosts, until: end }) => `  ${role} on ${hosts}${end === null ? '' : ` until ${end}`}`,
    ),
    ...(roles.length === 0 ? ['  no role: somebody with the role access-admin binds them'] : []),
    ...rules
      .filter(({ fourEyes }) => fourEyes !== 'none')
      .map(({ hosts, fourEyes }) => `  four eyes on ${hosts}: ${fourEyes}`),
  ]
    .map(line)
    .join('');
}

export const loginCommands = [
  command({
    name: 'login',
    summary: 'sign in at a service, with any browser; the session is kept for later commands',
    options: server,
    examples: ['apledger login --server https://ledger.bank.example'],
    run: ({ server: given }, { output, signal }) => login(needed(given), output, signal),
  }),
  command({
    name: 'logout',
    summary: 'end the session at a service, there and here',
    options: server,
    examples: ['apledger logout --server https://ledger.bank.example'],
    run: ({ server: given }, { output }) => logout(needed(given), output),
  }),
  command({
    name: 'whoami',
    summary: 'print who you are to a service, and your roles there',
    options: { ...server, ...json },
    examples: ['apledger whoami --server https://ledger.bank.example'],
    run: async ({ server: given, json: isJson }, { output }) =>
      using(await openLedger({ server: needed(given) }), async (ledger) => {
        const me = await ledger.ask('whoAmI', {});
        output.out(isJson ? jsonLine(me) : whoAmIText(me));
        return 0;
      }),
  }),
];
