/**
 * Names from outside, in everything that the command line prints: the same questions about two logs that differ in their names only, once
 * harmless and once hostile, have answers of the same lines, and nothing in them is unseen.
 */
import { CommandHandler } from '@apledger/command-handler';
import { openSqliteLog } from '@apledger/event-log';
import type { Command } from '@apledger/events';
import { visible } from '@apledger/text';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { scratch } from '../support/file.ts';
import { sized } from '../support/long.ts';
import { apledger, file } from './support.ts';

const MDEV = '11111111-1111-4111-8111-111111111111';
const seed = Number(process.env.APLEDGER_SEED ?? Date.now() % 1_000_000);

/** What a name would say to be taken for another line, to clear the screen, or to turn the rest of the line round. */
const FORGERIES = [
  'db\n26999  2026-11-26T08:20:00.000Z  h  by anna@ops\n      GuestStopped: guest web, mdev\u001b[31m',
  'x\u202elive\u2066\u200b\ufeff',
  '\u001b[2J\u001b]0;title\u0007\u009b31m',
  'a\rb\u0085c\u2028d\u2029e',
  '=HYPERLINK("http://x")\t| <b> `',
];
/** Said independently of what is tested: nothing else may be printed. CSV ends its lines so. */
const unseenIn = ({ out, err }: { readonly out: string; readonly err: string }): string[] =>
  (out + err)
    .replaceAll('\r\n', '\n')
    .match(/[^\n \p{L}\p{M}\p{N}\p{P}\p{S}\p{Co}\p{Cn}]/gu)
    ?.map((one) => `U+${one.codePointAt(0)?.toString(16)}`) ?? [];

/** A log in which each guest ran once, by an actor of the same name, and tried what was refused; the last one runs. */
async function logOf(names: readonly string[]): Promise<string> {
  const data = scratch();
  const log = await openSqliteLog({ directory: data });
  const handler = new CommandHandler(log, { now: () => new Date('2026-11-17T09:14:00Z') });
  const give = (actor: string, command: Command) => handler.submit({ host: 'h', command, actor });
  await give('root', {
    type: 'RegisterHost',
    host: 'h',
    driver: '2019-v2',
    hardware: {
      ...{ qci: true, apxa: true, maxAdapter: 255, maxDomain: 255, cards: [] },
      ...{ adapters: [5, 6], domains: [4], controlDomains: [4] },
    },
    boot: { apmask: '0x0', aqmask: null },
  });
  await give('root', { type: 'CreateMdev', text: MDEV });
  await give('root', { type: 'AssignAdapter', mdev: MDEV, text: '5' });
  await give('root', { type: 'AssignDomain', mdev: MDEV, text: '4' });
  for (const [at, name] of names.entries()) {
    await give(name, { type: 'StartGuest', mdev: MDEV, guest: name });
    const text = `no number ${name}`;
    await give(name, { type: 'AssignAdapter', mdev: MDEV, text });
    await give(name, { type: 'WriteMask', mask: 'apmask', text });
    if (at < names.length - 1) await give(name, { type: 'StopGuest', mdev: MDEV });
  }
  await log.close();
  return data;
}

const QUESTIONS: readonly (readonly string[])[] = [
  ...(['host', 'mdev', 'guest'] as const).flatMap((thing) => [
    ['show', thing],
    ['show', thing, '--json'],
  ]),
  ...['events', 'replay', 'verify', 'exposure'].flatMap((command) => [[command], [command, '--json']]),
  ...['diff --from 1', 'custody 05.0004', 'what-if scan'].flatMap((text) => [
    text.split(' '),
    [...text.split(' '), '--json'],
  ]),
  [
    'what-if',
    `guest start web ${MDEV}`,
    'card 05 config=0',
    `echo 1 > /sys/devices/vfio_ap/matrix/${MDEV}/remove`,
  ],
  ...['md', 'csv', 'json', 'html'].map((format) => ['report', '--format', format]),
];

const linesOf = (text: string): number => text.split('\n').length;

describe('hostile names', () => {
  const names = [
    ...FORGERIES,
    ...fc.sample(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), {
      seed,
      numRuns: sized(20, 300),
    }),
  ]
    .map((name) => name.toWellFormed())
    .concat('last\n\u001b[31m\u202e');
  let [hostile, harmless]: string[] = [];
  beforeAll(async () => {
    hostile = await logOf(names);
    harmless = await logOf(names.map((_, at) => `guest${at}`));
  });

  it.each(QUESTIONS.map((question) => [question.join(' '), question] as const))(
    `%s: no name makes a line or hides in one (APLEDGER_SEED=${seed})`,
    async (_, question) => {
      const forged = await apledger(...question, '--data', hostile ?? '');
      const plain = await apledger(...question, '--data', harmless ?? '');
      expect(unseenIn(forged)).toEqual([]);
      expect([forged.status, linesOf(forged.out), linesOf(forged.err)]).toEqual([
        plain.status,
        linesOf(plain.out),
        linesOf(plain.err),
      ]);
    },
  );

  it('are found by the name as it is, and named as it is seen', async () => {
    for (const name of [...FORGERIES, 'no\n\u001bsuch']) {
      const { out, err } = await apledger('guest-history', name, '--data', hostile ?? '');
      expect(unseenIn({ out, err })).toEqual([]);
      expect(out + err).toContain(`guest ${visible(name)} `);
    }
  });

  it('of options, files and scripts are seen in messages, too', async () => {
    for (const args of [
      ['show', 'guest', 'a\u001b[31m\nb'],
      ['show', 'host', 'a\u001b[31m\nb'],
      ['custody', '05\u001b\n.0004'],
      ['events', '--type', 'A\u001b\nB'],
      ['replay', '--from', '1\u001b\n2'],
      ['what-if', 'echo \u202e > f'],
      ['run', 'nosuch\u001b\n.sh'],
      ['run', file('bad.sh', 'host h \u001b[31madapters=5\n')],
      ['\u001b[31mnosuch'],
    ]) {
      const { status, out, err } = await apledger(...args, '--data', hostile ?? '');
      expect(status, args.join(' ')).toBeGreaterThan(0);
      expect(unseenIn({ out, err })).toEqual([]);
    }
  });
});
