/** Random writes of random bytes into every writable file: an errno or a success each, and a refused one changes nothing. */
import { CommandHandler } from '@apledger/command-handler';
import { openMemoryLog } from '@apledger/event-log';
import { type Generation, parseCommand } from '@apledger/events';
import type { HostState } from '@apledger/host';
import { type Attribute, nodeAt } from '@apledger/sysfs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sized } from '../support/long.ts';

const UUID = '11111111-1111-4111-8111-111111111111';
const WRITES = sized(3000, 30_000);

/** Paths of all attributes with a write bit. */
function writableFiles(state: HostState, path = ''): string[] {
  const node = nodeAt(state, path);
  if (node?.kind === 'attribute') return (node.mode & 0o222) === 0 ? [] : [path];
  if (node?.kind !== 'directory') return [];
  return node.list().flatMap((name) => writableFiles(state, path === '' ? name : `${path}/${name}`));
}

async function hostWithMdev(driver: Generation) {
  const handler = new CommandHandler(openMemoryLog());
  const submit = (command: Parameters<typeof handler.submit>[0]['command']) =>
    handler.submit({ host: 'h', actor: 'test', command });
  await submit({
    type: 'RegisterHost',
    host: 'h',
    driver,
    hardware: {
      qci: true,
      apxa: true,
      maxAdapter: 7,
      maxDomain: 7,
      adapters: [1, 2],
      domains: [3, 4],
      controlDomains: [3],
      cards: [],
    },
    boot: { apmask: null, aqmask: null },
  });
  await submit({ type: 'CreateMdev', text: UUID });
  return { handler, submit };
}

/** Bytes that get somewhere more often than noise alone: pieces of what the files understand, and noise. */
const bytes = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.string({
      unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
      maxLength: 80,
    }),
  },
  {
    weight: 3,
    arbitrary: fc
      .array(
        fc.constantFrom(
          '+',
          '-',
          '0x',
          '0',
          '1',
          '7',
          '8',
          '255',
          'f',
          ',',
          '\n',
          '\0',
          ' ',
          '05.0004',
          '01.0003',
          'vfio_ap',
          UUID,
        ),
        { maxLength: 12 },
      )
      .map((parts) => parts.join('')),
  },
  { weight: 1, arbitrary: fc.integer({ min: 4000, max: 6000 }).map((length) => '1'.repeat(length)) },
);

/** Writes that every driver refuses. */
const REFUSED = [
  ['bus/ap/apmask', 'nonsense'],
  [`devices/vfio_ap/matrix/${UUID}/assign_adapter`, '256'],
  ['bus/ap/drivers/vfio_ap/bind', '07.0007'],
] as const;

describe.each(['2019-v2', '5.10', '6.12', '7.3'] as const)('random writes to a %s host', (driver) => {
  it('end with success or an errno, and change nothing when refused', async () => {
    const { handler, submit } = await hostWithMdev(driver);
    const stateNow = async (): Promise<HostState> => {
      const state = await handler.state('h');
      if (state === undefined) throw new Error('the host is gone');
      return state;
    };
    const files = writableFiles(await stateNow()).filter((path) => !path.endsWith('/remove'));
    expect(files.length).toBeGreaterThan(30);
    let refused = 0;
    const samples = fc.sample(fc.tuple(fc.constantFrom(...files), bytes), Math.ceil(WRITES / 3));
    for (const [path, text] of [...REFUSED, ...samples]) {
      const before = await stateNow();
      const file = nodeAt(before, path) as Attribute | undefined;
      const wanted = file?.write(text);
      if (wanted === undefined) continue;
      if ('errno' in wanted) throw new Error(`${path} refuses all writes with ${wanted.errno}`);
      expect(parseCommand(wanted.command)).toEqual({ command: wanted.command });
      const { refusal, facts } = await submit(wanted.command);
      if (refusal === undefined) continue;
      refused++;
      expect(refusal.errno).toMatch(/^E[A-Z]+$/);
      expect(refusal.explanation).not.toBe('');
      expect(refusal.remedy).not.toBe('');
      expect(facts.map(({ type }) => type)).toEqual(['CommandRejected']);
      expect((await stateNow()).hasMatricesOf(before)).toBe(true);
    }
    expect(refused).toBeGreaterThanOrEqual(REFUSED.length);
  });
});
