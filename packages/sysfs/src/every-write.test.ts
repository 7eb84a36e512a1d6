/** No write that is accepted may leave no fact: every attribute of the tree that can be written to, in every generation. */
import { decide } from '@apledger/driver';
import { type Command, parseCommand } from '@apledger/events';
import { describe, expect, it } from 'vitest';
import type { nodeAt } from './index.ts';
import { after, attributeAt, cat, GENERATIONS, hostWithMdev, nodesOf, store, UUID } from './test-support.ts';

/** Of each kind of attribute, something that is accepted by one or by many. */
const TEXTS = [
  '1\n',
  '0',
  '+5',
  'change',
  '05.0047',
  '05.0004\n',
  'card05',
  'card99',
  '4',
  UUID,
  '\n',
  '\0',
  '\xff\xfe',
];

const factsOf = (state: Parameters<typeof nodeAt>[0], path: string, text: string) => {
  const wanted = attributeAt(state, path).write(text);
  if (wanted === undefined) throw new Error(`${path}: ${JSON.stringify(text)} leaves nothing`);
  if ('errno' in wanted) return { refused: wanted.errno, facts: [] };
  expect(parseCommand(wanted.command)).toEqual({ command: wanted.command });
  const { refusal, facts } = decide(state, wanted.command);
  return { refused: refusal?.errno, facts, command: wanted.command };
};

const writable = (state: Parameters<typeof nodeAt>[0]) =>
  nodesOf(state, 'attribute')
    .filter(({ node }) => (node.mode & 0o222) !== 0)
    .map(({ path }) => path);

describe.each(GENERATIONS)('every write to a %s host', (driver) => {
  const stopped = hostWithMdev(driver);
  const running = after(stopped, { type: 'StartGuest', mdev: UUID, guest: 'web' });

  it.each([
    ['without a guest', stopped],
    ['with a guest', running],
  ])('%s leaves a fact, and a refusal if it is refused', (_, state) => {
    const paths = writable(state);
    expect(paths.length).toBeGreaterThan(60);
    for (const path of paths)
      for (const text of TEXTS) {
        const { facts, refused } = factsOf(state, path, text);
        expect(facts, `${path}: ${JSON.stringify(text)}`).not.toEqual([]);
        expect(facts.at(-1)?.type === 'CommandRejected', path).toBe(refused !== undefined);
      }
  });

  it('names the file and the text when nothing follows', () => {
    const silent = writable(stopped).filter(
      (path) => factsOf(stopped, path, 'change').facts[0]?.type === 'CommandHadNoEffect',
    );
    expect(silent).toContain('bus/ap/uevent');
    for (const path of silent) {
      const command: Command = { type: 'WriteAttribute', path, text: 'change' };
      expect(factsOf(stopped, path, 'change').facts).toEqual([
        { type: 'CommandHadNoEffect', data: { command } },
      ]);
    }
  });

  it('says who reset a queue by hand', () => {
    const path = 'devices/ap/card05/05.0047/reset';
    expect(cat(stopped, path)).toBe('No Reset Timer set.\n');
    expect(factsOf(stopped, path, 'x').facts).toEqual([
      { type: 'QueueReset', data: { by: 'administrator', queues: ['05.0047'], responseCode: 0 } },
    ]);
    const faulty = after(stopped, { type: 'InjectResetFault', queue: '05.0047', responseCodes: [2] });
    expect(factsOf(faulty, path, '1').facts).toMatchObject([{ data: { responseCode: 2 } }]);
    expect(store(faulty, path, '1').resetFaults(0x0547)).toEqual([]);
  });
});

describe('an attribute that nobody has', () => {
  it.each([
    'bus/ap/nothing',
    'etc/passwd',
    'bus/ap/apmask',
    'devices/ap/card99/uevent',
    'devices/ap/card05/06.0004/uevent',
    `devices/vfio_ap/matrix/${UUID.replace('8', '9')}/uevent`,
  ])('%s cannot be written to', (path) => {
    const { refusal } = decide(hostWithMdev('7.3'), { type: 'WriteAttribute', path, text: '1' });
    expect(refusal?.errno).toBe('ENOENT');
  });
});
