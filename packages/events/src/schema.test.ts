/** What enters the log or comes out of it is checked; old versions are brought up to date, newer ones refused. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { documentsUrl, schemaDocuments } from './documents.ts';
import { factSchemas } from './facts.ts';
import { InvalidFact, parseCommand, parseFact, UnknownFact } from './schema.ts';
import { factVersion } from './upcast.ts';

const MDEV = '11111111-1111-4111-8111-111111111111';

describe('a fact', () => {
  it('is taken as it is when its data is right', () => {
    const data = { mdev: MDEV, adapters: [5] };
    expect(parseFact('AdapterAssigned', 1, data)).toEqual({ type: 'AdapterAssigned', data });
  });

  it('of an old version is brought up to date: resets had no author once, and were all of vfio_ap', () => {
    expect(factVersion('QueueReset')).toBe(3);
    const old = { queues: ['05.0004'], responseCode: 0 };
    expect(parseFact('QueueReset', 1, old)).toEqual({ type: 'QueueReset', data: { ...old, by: 'vfio_ap' } });
    expect(() => parseFact('QueueReset', 2, old)).toThrow(InvalidFact);
  });

  it.each([
    ['another property', { mdev: MDEV, adapters: [5], colour: 'red' }, /unknown property colour/],
    ['a missing one', { mdev: MDEV }, /adapters missing/],
    ['an id above 255', { mdev: MDEV, adapters: [256] }, /adapters\.0/],
    ['a UUID in capitals', { mdev: MDEV.replaceAll('1', 'A'), adapters: [5] }, /mdev/],
    ['no object', null, /value/],
  ])('with %s is refused, and the place is named', (_what, data, told) => {
    expect(() => parseFact('AdapterAssigned', 1, data)).toThrow(InvalidFact);
    expect(() => parseFact('AdapterAssigned', 1, data)).toThrow(told);
  });

  it.each([
    ['QueueTeleported', 1],
    ['AdapterAssigned', 2],
    ['constructor', 1],
  ])('%s of version %d was written by a newer apledger', (type, version) => {
    expect(() => parseFact(type, version, {})).toThrow(UnknownFact);
    expect(() => parseFact(type, version, {})).toThrow(/newer apledger; upgrade/);
  });

  it('has no version below 1', () => {
    for (const version of [0, -1, 1.5])
      expect(() => parseFact('BusScanned', version, { scans: 1 })).toThrow(InvalidFact);
  });
});

describe('a command', () => {
  it('is taken when it is right', () => {
    const command = { type: 'AssignAdapter', mdev: MDEV, text: '5\n' };
    expect(parseCommand(command)).toEqual({ command });
  });

  it.each([
    ['hello', /must be an object/],
    [{}, /type: must be one of RegisterHost/],
    [{ type: 'toString' }, /type: must be one of/],
    [{ type: 'AssignAdapter', mdev: MDEV, text: 5 }, /^text: /],
    [{ type: 'AssignAdapter', mdev: MDEV, text: '5'.repeat(4097) }, /^text: /],
    [{ type: 'BindQueue', driver: 'nvidia', text: 'x' }, /driver: must be "cex4queue" or "vfio_ap"/],
    [{ type: 'ScanBus', fast: true }, /unknown property fast/],
    [
      { type: 'StartGuest', mdev: MDEV, guest: 'a\ud800' },
      /^guest: must be text, without half of a surrogate/,
    ],
    [{ type: 'AssignAdapter', mdev: MDEV, text: '\udc00' }, /^text: must be text/],
    [{ type: 'SetOnline', device: 'x\udfff', text: '1' }, /^device: must be text/],
    [
      {
        type: 'RegisterHost',
        host: 'h',
        driver: '7.3',
        hardware: {
          qci: true,
          apxa: true,
          maxAdapter: 1,
          maxDomain: 1,
          adapters: [],
          domains: [],
          controlDomains: [],
          cards: [],
        },
        boot: { apmask: '\ud800', aqmask: null },
      },
      /^boot.apmask: must be text/,
    ],
  ])('%j is refused, and the place is named', (value, told) => {
    const parsed = parseCommand(value);
    expect('problems' in parsed ? parsed.problems.join('\n') : '').toMatch(told);
  });
});

describe('the documents in docs/schemas', () => {
  it.each(Object.entries(schemaDocuments()))(
    '%s is what the schemas say (npm run docs writes it)',
    (name, text) => {
      expect(readFileSync(new URL(name, documentsUrl), 'utf8')).toBe(text);
    },
  );

  it('describe every fact', () => {
    const { $defs } = JSON.parse(schemaDocuments()['facts.json'] ?? '{}');
    expect(Object.keys($defs)).toEqual(Object.keys(factSchemas));
  });
});
