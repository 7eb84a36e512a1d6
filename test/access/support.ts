/** A controlled service with a real provider, and browsers to sign in with. */
import { type EventLog, openMemoryLog, type RecordedFact } from '@apledger/event-log';
import type { Role } from '@apledger/events';
import { LogLedger } from '@apledger/ledger';
import { accessConfiguration, buildServer, openEdge } from '@apledger/ledger-service';
import { importJWK, type JWK, type JWTPayload, SignJWT } from 'jose';
import { A, create, register } from '../ledger/support.ts';
import { freePorts } from '../support/nats.ts';
import { newKey, type StartedProvider, startProvider } from '../support/provider.ts';

export interface Bank {
  readonly log: EventLog;
  readonly owner: LogLedger;
  readonly ledger: LogLedger;
  readonly url: string;
  readonly issuer: string;
  readonly reports: readonly string[];
  /** The provider's signing keys; `rotate` makes it sign with a new one. */
  key: JWK;
  rotate(): Promise<void>;
  stopProvider(): Promise<void>;
  /** An ID token as the provider would issue it, but for what is given. */
  idToken(
    claims?: JWTPayload,
    header?: { readonly alg?: string; readonly kid?: string },
    key?: JWK,
  ): Promise<string>;
  bind(person: string, role: Role, hosts: string): Promise<unknown>;
  /** Trades an ID token for a session. */
  exchange(idToken: string): Promise<Response>;
  facts(): Promise<RecordedFact[]>;
  /** Records what was counted. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const RULES = '[{ hosts: "prod*", fourEyes: grants }]';

export async function openBank(console = '/nowhere'): Promise<Bank> {
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const redirectUris = [`${url}/auth/callback`];
  const key = await newKey('first');
  let provider: StartedProvider | undefined = await startProvider({ keys: [key], redirectUris });
  const { issuer, port: providerPort } = provider;
  const log = openMemoryLog();
  const owner = new LogLedger({ log });
  const reports: string[] = [];
  const report = (line: string): void => void reports.push(line);
  const ledger = new LogLedger({ log, isControlled: true, report });
  const text = `oidc: { issuer: "${issuer}", clientId: apledger }\nrules: ${RULES}\n`;
  const edge = await openEdge(ledger, accessConfiguration(text, 'access.yaml'), report, {
    keysCooldownMs: 0,
  });
  const server = await buildServer({ ledger, edge, console, report });
  await server.listen({ host: '127.0.0.1', port });
  for (const host of ['prod1', 'test1']) {
    await owner.submit({
      host,
      command: { ...register(host), boot: { apmask: '+0-255,-5,-6', aqmask: null } } as never,
      actor: 'test',
    });
    await owner.submit({ host, command: create(A), actor: 'test' });
  }
  const bank: Bank = {
    log,
    owner,
    ledger,
    url,
    issuer,
    reports,
    key,
    async stopProvider() {
      await provider?.close();
      provider = undefined;
    },
    async rotate() {
      bank.key = await newKey('second');
      await bank.stopProvider();
      provider = await startProvider({ port: providerPort, keys: [bank.key], redirectUris });
    },
    async idToken(claims = {}, header = {}, with_ = bank.key) {
      const now = Math.floor(Date.now() / 1000);
      const payload = {
        iss: issuer,
        aud: 'apledger',
        sub: 'olga',
        iat: now,
        exp: now + 300,
        jti: crypto.randomUUID(),
        ...claims,
      };
      return new SignJWT(payload)
        .setProtectedHeader({ alg: 'RS256', kid: with_.kid ?? '', ...header })
        .sign(await importJWK(with_, 'RS256'));
    },
    bind: (person, role, hosts) => owner.ask('bindRole', { subject: `${issuer}#${person}`, role, hosts }),
    exchange: (idToken) =>
      fetch(`${url}/auth/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ idToken }),
      }),
    async facts() {
      const facts: RecordedFact[] = [];
      for await (const fact of log.readStream('access')) facts.push(fact);
      return facts;
    },
    flush: () => edge.failures.flush(),
    async close() {
      await server.close();
      await bank.stopProvider();
    },
  };
  return bank;
}

/** As much of a browser as signing in needs: cookies by origin, and redirects. */
export class Browser {
  readonly #jars = new Map<string, Map<string, string>>();

  /** Follows redirects to the end, or to the first address that the pattern names. */
  async go(
    url: string,
    options: RequestInit & { readonly upTo?: RegExp } = {},
  ): Promise<{ readonly response: Response; readonly url: string }> {
    const { upTo, ...rest } = options;
    for (let at = url, init: RequestInit = rest; ; init = {}) {
      const response = await fetch(at, {
        ...init,
        redirect: 'manual',
        headers: { ...init.headers, ...this.#cookies(at) },
      });
      this.#keep(at, response);
      const to = response.headers.get('location');
      if (to === null) return { response, url: at };
      at = new URL(to, at).href;
      if (upTo?.test(at)) return { response, url: at };
    }
  }

  /** The whole way from the page to the provider and back. */
  async signIn(
    server: string,
    person: string,
    to = '/',
  ): Promise<{ readonly response: Response; readonly url: string }> {
    const { url } = await this.go(`${server}/auth/login?to=${encodeURIComponent(to)}`);
    return this.go(`${url}?as=${person}`);
  }

  cookie(origin: string, name: string): string | undefined {
    return this.#jars.get(origin)?.get(name);
  }

  set(origin: string, name: string, value: string): void {
    const jar = this.#jars.get(origin) ?? new Map<string, string>();
    jar.set(name, value);
    this.#jars.set(origin, jar);
  }

  #cookies(url: string): Record<string, string> {
    const jar = this.#jars.get(new URL(url).origin);
    return jar === undefined || jar.size === 0
      ? {}
      : { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') };
  }

  #keep(url: string, response: Response): void {
    const { origin } = new URL(url);
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (value === '') this.#jars.get(origin)?.delete(name);
      else this.set(origin, name, value);
    }
  }
}

/** Goes through the pages of the device flow as the person would, from the address that the terminal shows. */
export async function confirmDevice(url: string, person: string): Promise<string> {
  const browser = new Browser();
  let page = await browser.go(url);
  for (let step = 0; step < 6; step++) {
    const text = await page.response.text();
    if (text.includes('Go back to the terminal')) return text;
    if (page.url.includes('/interaction/')) {
      page = await browser.go(`${page.url}?as=${person}`);
      continue;
    }
    const action = /action="([^"]+)"/.exec(text)?.[1] ?? page.url;
    const fields = [...text.matchAll(/name="([^"]+)" value="([^"]*)"/g)].map(
      ([, name = '', value = '']): [string, string] => [name, value],
    );
    page = await browser.go(new URL(action, page.url).href, {
      method: 'POST',
      body: new URLSearchParams(fields),
    });
  }
  throw new Error(`the device flow does not end: ${page.url}`);
}
