/** `apledger token …`: what programs show instead of signing in. */
import type { CredentialView } from '@apledger/api';
import { command, jsonLine, line } from '@apledger/command-line';
import { visible } from '@apledger/text';
import { WRITES, withLedger } from '../ledger.ts';
import { given, json, place } from '../options.ts';
import { HOSTS, REASON, UNTIL, who } from './access-options.ts';

const issue = command({
  name: 'token issue',
  summary: 'make a token for a program, or for yourself; its secret is printed once and kept nowhere',
  positionals: [
    { name: 'program', description: 'name of the program; without it the token is yours', optional: true },
  ],
  options: { ...place, hosts: HOSTS, until: { ...UNTIL, required: true }, note: REASON, ...json },
  examples: ["apledger token issue nightly --hosts 'test*' --until 90d"],
  run: ({ program, hosts, until, note, json: isJson, ...where }, { output }) =>
    withLedger(
      where,
      output,
      async (ledger) => {
        const issued = await ledger.ask('issueToken', { until, ...given({ program, hosts, note }) } as never);
        if (isJson) output.out(jsonLine(issued));
        else {
          output.err(
            line(
              `Token ${issued.token} of ${who(issued.subject)} for hosts ${issued.hosts} until ${issued.until}. Keep its secret: it is not shown again.`,
            ),
          );
          output.out(line(issued.secret));
        }
        return 0;
      },
      WRITES,
    ),
});

const registerKey = command({
  name: 'token register-key',
  summary: 'register the Ed25519 key with which a program signs its requests on NATS',
  positionals: [
    { name: 'program', description: 'name of the program' },
    { name: 'key', description: 'the public key: base64url, or PEM', dashed: /^-[\w-]{42}$|^-----BEGIN / },
  ],
  options: { ...place, hosts: HOSTS, until: { ...UNTIL, required: true }, ...json },
  examples: ["apledger token register-key nightly AAAA… --hosts 'test*' --until 90d"],
  run: ({ program, key: publicKey, hosts, until, json: isJson, ...where }, { output }) =>
    withLedger(
      where,
      output,
      async (ledger) => {
        const made = await ledger.ask('registerKey', {
          program,
          publicKey,
          until,
          ...given({ hosts }),
        } as never);
        output.out(
          isJson
            ? jsonLine(made)
            : line(`Key ${made.key} of ${who(made.subject)} for hosts ${made.hosts} until ${made.until}`),
        );
        return 0;
      },
      WRITES,
    ),
});

const revoke = command({
  name: 'token revoke',
  summary: 'end a token, a key or a session at once',
  positionals: [{ name: 'id', description: 'as apledger token list shows it' }],
  options: { ...place, reason: REASON, ...json },
  examples: ["apledger token revoke 3f2a… --reason 'laptop lost'"],
  run: ({ id, reason, json: isJson, ...where }, { output }) =>
    withLedger(
      where,
      output,
      async (ledger) => {
        const done = await ledger.ask('revoke', { id, ...given({ reason }) } as never);
        output.out(isJson ? jsonLine(done) : line(`The ${done.kind} ${done.id} no longer counts.`));
        return 0;
      },
      WRITES,
    ),
});

const credentials = command({
  name: 'token list',
  summary: 'print tokens, keys and sessions; their secrets are nowhere',
  options: { ...place, ...json },
  examples: ['apledger token list'],
  run: ({ json: isJson, ...where }, { output }) =>
    withLedger(where, output, async (ledger) => {
      const { credentials: all } = await ledger.ask('credentials', {});
      for (const each of all) output.out(isJson ? jsonLine(each) : line(credentialText(each)));
      return 0;
    }),
});

const credentialText = ({ id, kind, subject, hosts, until, standing, note }: CredentialView): string =>
  `${id}  ${kind}  ${who(subject)}  ${hosts}  ${standing}, until ${until}${note === null ? '' : `  ${visible(note)}`}`;

export const tokenCommands = [issue, registerKey, credentials, revoke];
