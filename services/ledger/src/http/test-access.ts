/** A service that answers to those it knows, over a log in memory. */

import { A, create, register } from '@apledger/command-handler/testing';
import { type EventLog, openMemoryLog, type RecordedFact } from '@apledger/event-log';
import type { Role } from '@apledger/events';
import { digestOf, LogLedger, newCredentialId, newSecret, SESSION_PREFIX } from '@apledger/ledger';
import { type Scene, scene } from './test-support.ts';

export const IDP = 'https://idp.example';
export const RULES =
  'oidc: { issuer: "https://idp.example", clientId: apledger }\nrules:\n  - { hosts: "prod*", fourEyes: grants }\n  - { hosts: "vault*", fourEyes: all }\n';
const HOSTS = ['prod1', 'prod2', 'test1', 'vault1'];

export interface Controlled extends Scene {
  /** Who has the log itself. */
  readonly owner: LogLedger;
  /** A program with these roles; resolves with the headers that it sends. */
  program(
    name: string,
    ...roles: readonly (readonly [role: string, hosts: string])[]
  ): Promise<Record<string, string>>;
  /** A person with these roles who has signed in. */
  person(
    name: string,
    ...roles: readonly (readonly [role: string, hosts: string])[]
  ): Promise<Record<string, string>>;
  facts(stream?: string): Promise<RecordedFact[]>;
}

export async function controlled(access = RULES): Promise<Controlled> {
  const log: EventLog = openMemoryLog();
  const made = await scene({ access, log });
  const owner = new LogLedger({ log, now: () => made.now });
  for (const host of HOSTS) {
    await owner.submit({
      host,
      command: { ...register(host), boot: { apmask: '+0-255,-5,-6', aqmask: null } } as never,
      actor: 'test',
    });
    await owner.submit({ host, command: create(A), actor: 'test' });
  }
  return Object.assign(made, {
    owner,
    async program(name: string, ...roles: readonly (readonly [string, string])[]) {
      for (const [role, hosts] of roles)
        await owner.ask('bindRole', { subject: `apledger#${name}`, role: role as Role, hosts });
      const { secret } = await owner.ask('issueToken', { program: name, until: '8h' });
      return { authorization: `Bearer ${secret}` };
    },
    async person(name: string, ...roles: readonly (readonly [string, string])[]) {
      const subject = { issuer: IDP, subject: name };
      for (const [role, hosts] of roles)
        await owner.ask('bindRole', { subject: `${IDP}#${name}`, role: role as Role, hosts });
      const secret = newSecret(SESSION_PREFIX);
      const until = new Date(made.now.getTime() + 8 * 3_600_000).toISOString();
      const data = { session: newCredentialId(), hash: digestOf(secret), subject, until, name };
      await owner.access.append([{ type: 'SessionOpened', data }], { actor: name });
      return { authorization: `Bearer ${secret}` };
    },
    async facts(stream = 'access') {
      const facts: RecordedFact[] = [];
      for await (const fact of log.readStream(stream)) facts.push(fact);
      return facts;
    },
  });
}
