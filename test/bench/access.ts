/** What access control costs: the same requests to one log, of a service that lets anybody in and of one that asks who it is. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandHandler } from '@apledger/command-handler';
import { openSqliteLog } from '@apledger/event-log';
import { openLogLedger } from '@apledger/ledger';
import { type Bench, sized } from './context.ts';
import { type Ask, load, type Served, served } from './http-load.ts';
import { median, takeRounds } from './measure.ts';
import { type Row, range, short } from './table.ts';
import { largeHost, Walk } from './walk.ts';

const LEDGER = new URL('../../services/ledger/bin/ledger.mjs', import.meta.url).pathname;
const ROUNDS = 5;
const CONNECTIONS = 32;
const QUESTIONS = 4000;
const COMMANDS = 2000;
/** Besides the asker, so many others have roles, and tokens. */
const OTHERS = 50;

export const access: Bench = async (context) => {
  const directory = mkdtempSync(join(context.scratch, 'access-'));
  const { host, secret } = await fill(directory);
  const configuration = join(directory, 'access.yaml');
  writeFileSync(
    configuration,
    'rules: [{ hosts: "prod*", fourEyes: grants }]\nlimits: { requestsPerMinute: 1000000000 }\n',
  );
  const open = await served(LEDGER, '--data', directory, '--port', '0');
  const asking = await served(LEDGER, '--data', directory, '--port', '0', '--access', configuration);
  const headers = { authorization: `Bearer ${secret}` };
  const body = JSON.stringify({ type: 'ScanBus' });
  const question: Ask = { path: `/api/v1/hosts/${host}` };
  const command: Ask = { method: 'POST', path: `/api/v1/hosts/${host}/commands`, body };
  const contender = (name: string, to: Served, count: number, ask: Ask) => ({
    name,
    perSecond: async () =>
      (await load(to.port, { count: sized(context, count), connections: CONNECTIONS }, () => ask)).perSecond,
  });
  try {
    const rounds = await takeRounds(
      ROUNDS,
      [
        contender('question', open, QUESTIONS, question),
        contender('question, controlled', asking, QUESTIONS, { ...question, headers }),
        contender('command', open, COMMANDS, command),
        contender('command, controlled', asking, COMMANDS, { ...command, headers }),
      ],
      'access',
    );
    return [...rounds].map(([what, values]): Row => {
      const without = rounds.get(what.replace(', controlled', '')) ?? values;
      const ratio = median(values.map((value, index) => value / (without[index] ?? value)));
      return {
        bench: 'access',
        what,
        value: `${short(median(values))}/s`,
        spread: range(values),
        ...(what.endsWith('controlled') && { ratio: `${ratio.toFixed(2)} x without` }),
        figures: { perSecond: median(values), ratio },
      };
    });
  } finally {
    await Promise.all([open.end(), asking.end()]);
  }
};

async function fill(directory: string): Promise<{ readonly host: string; readonly secret: string }> {
  const log = await openSqliteLog({ directory, synchronous: 'NORMAL' });
  const handler = new CommandHandler(log);
  const shape = largeHost('7.3');
  const walk = new Walk(shape, 1);
  for (let n = 0; n < 1000; n++)
    await handler.submit({ host: shape.host, command: walk.step().command, actor: 'bench' });
  await log.close();
  const ledger = await openLogLedger({ data: directory });
  const program = async (name: string) => {
    await ledger.ask('bindRole', { subject: `apledger#${name}`, role: 'operator', hosts: '*' });
    return ledger.ask('issueToken', { program: name, until: '30d' });
  };
  for (let n = 0; n < OTHERS; n++) await program(`other${n}`);
  const { secret } = await program('bench');
  await ledger.close();
  return { host: shape.host, secret };
}
