/** The bytes that logs keep, and the codec that they are made with. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { factSchemas } from './facts.ts';
import { isWholeOp, OP, pack } from './packed.ts';
import { CorruptPayload, PackedReader, PackedWriter } from './packed-codec.ts';
import { packRecorded } from './packed-older.ts';
import { problemsOf } from './schema.ts';
import { FACT_TYPES, factOf } from './testing/facts.ts';
import { factVersion } from './upcast.ts';

const MDEV = '62177883-f1bb-47f0-914d-32a22e3a8804';
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('the packed form of a fact', () => {
  it('is an op code and fixed fields: these bytes are in logs and must never change', () => {
    const uuid = MDEV.replaceAll('-', '');
    expect(hex(pack({ type: 'CardRemoved', data: { adapter: 5 } }))).toBe('0405');
    expect(hex(pack({ type: 'MdevCreated', data: { mdev: MDEV } }))).toBe(`0b${uuid}`);
    expect(hex(pack({ type: 'DomainAssigned', data: { mdev: MDEV, domains: [4, 71] } }))).toBe(
      `10${uuid}020447`,
    );
    const bound = { driver: 'vfio_ap', queues: ['06.0047', '05.0004', '06.0004'] } as const;
    expect(hex(pack({ type: 'QueueBound', data: { ...bound, queues: [...bound.queues] } }))).toBe(
      '08020006020447050104',
    );
    expect(
      hex(pack({ type: 'GuestStarted', data: { mdev: MDEV, guest: 'ä', attached: true, effective: null } })),
    ).toBe(`14${uuid}010200c3a400`);
    expect(
      hex(
        pack({ type: 'MaskChanged', data: { mask: 'aqmask', value: `0x8${'0'.repeat(62)}1`, written: '' } }),
      ),
    ).toBe(`020180${'00'.repeat(30)}01`);
    const queues = ['05.0047', '05.0004'];
    expect(hex(pack({ type: 'QueueReset', data: { by: 'bus', queues, responseCode: 1 } }))).toBe(
      '2c0100010005020447',
    );
    const assigned = (count: number) =>
      pack({
        type: 'AdapterAssigned',
        data: { mdev: MDEV, adapters: Array.from({ length: count }, (_, i) => i) },
      });
    expect([31, 32, 256].map((count) => assigned(count).length)).toEqual([17 + 32, 17 + 33, 17 + 33]);
  });

  it('gives every op code one meaning', () => {
    const codes = Object.values(OP);
    expect(new Set(codes).size).toBe(codes.length);
  });

  it('says all of a fact, also that it changes nothing; it is empty only for facts that come after this version', () => {
    expect(hex(pack({ type: 'BusScanned', data: { scans: 1 } }))).toBe('2001000000');
    const rejection = { errno: 'EBUSY', explanation: '', conflicts: [], remedy: '' } as const;
    expect(
      hex(
        pack({
          type: 'CommandRejected',
          data: { command: { type: 'ScanBus' }, ...rejection, conflicts: [] },
        }),
      ),
    ).toBe('1a');
    expect(pack({ type: 'QueueEntangled', data: {} } as unknown as Parameters<typeof pack>[0])).toHaveLength(
      0,
    );
  });

  it.each(FACT_TYPES)('%s says all, whatever its schema allows', (type) => {
    fc.assert(
      fc.property(factOf(type), (fact) => {
        expect(problemsOf(factSchemas[type], fact.data)).toEqual([]);
        const bytes = pack(fact);
        expect(isWholeOp(bytes[0] ?? 0)).toBe(true);
        expect(Object.values(OP)).toContain(bytes[0]);
        expect(packRecorded(fact, factVersion(type), bytes)).toEqual(bytes);
      }),
    );
  });

  it('tells older forms that did not say all', () => {
    expect([0, 1, 3, 5, 24, 25].filter(isWholeOp)).toEqual([]);
    expect(Object.values(OP).every(isWholeOp)).toBe(true);
  });

  it('is not spoilt by a fact before it that could not be packed', () => {
    const broken = { mask: 'apmask', value: '0x1', written: '' } as const;
    expect(() => pack({ type: 'MaskChanged', data: broken })).toThrow(RangeError);
    expect(hex(pack({ type: 'CardRemoved', data: { adapter: 5 } }))).toBe('0405');
  });

  it('holds 65536 queues in less than 9 kilobytes', () => {
    const byte = (n: number) => n.toString(16).padStart(2, '0');
    const queues = Array.from({ length: 65536 }, (_, n) => `${byte(n >> 8)}.00${byte(n & 255)}`);
    expect(pack({ type: 'QueueBound', data: { driver: 'vfio_ap', queues } }).length).toBeLessThan(9 * 1024);
  });
});

describe('the codec', () => {
  it.each(['\ufeffweb', '\ufeff', 'w\ufeff', `\ufeff${'w'.repeat(100)}`])(
    'keeps every character of %j',
    (name) => {
      const writer = new PackedWriter();
      writer.text(name);
      const bytes = writer.take();
      const reader = new PackedReader();
      reader.open(bytes, 0, bytes.length);
      expect(reader.text()).toBe(name);
    },
  );

  it('reads what it wrote, and not a byte more', () => {
    const id = fc.nat({ max: 255 });
    const unit = fc.oneof(
      fc.record({ unit: fc.constant('u8' as const), value: fc.nat({ max: 0xff }) }),
      fc.record({ unit: fc.constant('u32' as const), value: fc.nat({ max: 0xffffffff }) }),
      fc.record({ unit: fc.constant('f64' as const), value: fc.double({ noNaN: true }) }),
      fc.record({
        unit: fc.constant('text' as const),
        value: fc.option(fc.string({ unit: 'grapheme', minLength: 1 })),
      }),
      fc.record({ unit: fc.constant('ids' as const), value: fc.uniqueArray(id, { maxLength: 60 }) }),
    );
    fc.assert(
      fc.property(fc.array(unit), fc.nat({ max: 3 }), (units, offset) => {
        const writer = new PackedWriter();
        for (const { unit: name, value } of units) {
          if (name === 'ids') writer.ids(words(value));
          else if (name === 'text') writer.text(value);
          else writer[name](value);
        }
        const taken = writer.take();
        const bytes = new Uint8Array(offset + taken.length + 1);
        bytes.set(taken, offset);
        const reader = new PackedReader();
        reader.open(bytes, offset, taken.length);
        for (const { unit: name, value } of units) {
          if (name === 'ids') {
            const read = new Uint32Array(8).fill(0xffffffff);
            reader.ids(read);
            expect(read).toEqual(words(value));
          } else {
            expect(reader[name]()).toBe(value);
          }
        }
        reader.close();
        expect(() => reader.u8()).toThrow(CorruptPayload);
      }),
    );
  });
});

function words(ids: readonly number[]): Uint32Array {
  const result = new Uint32Array(8);
  for (const id of ids) result[id >>> 5] = (result[id >>> 5] ?? 0) | (0x80000000 >>> (id & 31));
  return result;
}
