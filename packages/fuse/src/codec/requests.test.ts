import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Asked, type Field, nameBytes, request } from '../test-messages.ts';
import { OPCODE } from './protocol.ts';
import { decodeBody, decodeHeader, viewOf } from './requests.ts';

const u32 = fc.nat({ max: 0xffff_ffff });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const count = fc.maxSafeNat();

const STORE_MAX = 4096;
function decode(asked: Asked, isLittle: boolean) {
  const view = viewOf(request(asked, isLittle));
  return decodeBody(decodeHeader(view, isLittle), view, isLittle, STORE_MAX);
}

describe.each([
  ['little', true],
  ['big', false],
])('requests in %s-endian order', (_, isLittle) => {
  it('say who asks for what', () => {
    fc.assert(
      fc.property(u32, u64, count, u32, u32, u32, (opcode, unique, node, uid, gid, pid) => {
        const bytes = request({ opcode, unique, node, uid, gid, pid }, isLittle);
        const header = decodeHeader(viewOf(bytes), isLittle);
        expect(header).toEqual({ opcode, unique, node, caller: { uid, gid, pid } });
      }),
    );
  });

  it('carry names, of which only those in UTF-8 can be anything', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const name = text.replaceAll('\0', '');
        fc.pre(Buffer.from(name).toString() === name);
        expect(decode({ opcode: OPCODE.LOOKUP, bytes: nameBytes(name) }, isLittle)).toEqual({
          op: 'lookup',
          name,
        });
      }),
    );
    const bad = nameBytes(Buffer.of(0x61, 0xff, 0xfe));
    expect(decode({ opcode: OPCODE.LOOKUP, bytes: bad }, isLittle)).toEqual({
      op: 'lookup',
      name: undefined,
    });
  });

  it('read and list from an offset', () => {
    fc.assert(
      fc.property(count, count, u32, fc.boolean(), (handle, offset, size, isFile) => {
        const fields: Field[] = [
          [64, handle],
          [64, offset],
          [32, size],
          [32, 0],
          [64, 0],
          [64, 0],
        ];
        const opcode = isFile ? OPCODE.READ : OPCODE.READDIR;
        const op = isFile ? 'read' : 'readdir';
        expect(decode({ opcode, fields }, isLittle)).toEqual({ op, handle, offset, size });
      }),
    );
  });

  it('write, of which at most a page is kept, apart from the message', () => {
    fc.assert(
      fc.property(count, fc.uint8Array({ maxLength: 3 * STORE_MAX, size: 'max' }), (handle, data) => {
        const fields: Field[] = [
          [64, handle],
          [64, 0],
          [32, data.length],
          [32, 0],
          [64, 0],
          [64, 0],
        ];
        const message = request({ opcode: OPCODE.WRITE, fields, bytes: data }, isLittle);
        const view = viewOf(message);
        const body = decodeBody(decodeHeader(view, isLittle), view, isLittle, STORE_MAX);
        message.fill(0xee);
        expect(body).toEqual({ op: 'write', handle, data: data.slice(0, STORE_MAX) });
      }),
      { numRuns: 30 },
    );
  });

  it('forget one node or many', () => {
    expect(decode({ opcode: OPCODE.FORGET, node: 7, fields: [[64, 3]] }, isLittle)).toEqual({
      op: 'forget',
      forgotten: [{ node: 7, lookups: 3 }],
    });
    fc.assert(
      fc.property(fc.array(fc.record({ node: count, lookups: count })), (forgotten) => {
        const pairs = forgotten.flatMap(({ node, lookups }): Field[] => [
          [64, node],
          [64, lookups],
        ]);
        const fields: Field[] = [[32, forgotten.length], [32, 0], ...pairs];
        expect(decode({ opcode: OPCODE.BATCH_FORGET, fields }, isLittle)).toEqual({
          op: 'forget',
          forgotten,
        });
      }),
    );
  });

  it.each<[string, Asked, object]>([
    [
      'INIT',
      {
        opcode: OPCODE.INIT,
        fields: [
          [32, 7],
          [32, 45],
          [32, 131072],
          [32, 0xffffffff],
          [32, 1],
        ],
      },
      { op: 'init', major: 7, minor: 45, maxReadahead: 131072 },
    ],
    [
      'OPEN',
      {
        opcode: OPCODE.OPEN,
        fields: [
          [32, 0o1101],
          [32, 0],
        ],
      },
      { op: 'open', flags: 0o1101 },
    ],
    [
      'SETATTR',
      {
        opcode: OPCODE.SETATTR,
        fields: [
          [32, 0x208],
          [32, 0],
        ],
      },
      { op: 'setattr', valid: 0x208 },
    ],
    ['RELEASE', { opcode: OPCODE.RELEASE, fields: [[64, 9]] }, { op: 'release', handle: 9 }],
    ['RELEASEDIR', { opcode: OPCODE.RELEASEDIR, fields: [[64, 9]] }, { op: 'releasedir', handle: 9 }],
    [
      'INTERRUPT',
      { opcode: OPCODE.INTERRUPT, fields: [[64, 2n ** 63n]] },
      { op: 'interrupt', unique: 2n ** 63n },
    ],
    ['CREATE', { opcode: OPCODE.CREATE }, { op: 'create' }],
    ['MKDIR', { opcode: OPCODE.MKDIR }, { op: 'change' }],
    ['GETXATTR', { opcode: 22 }, { op: 'unsupported' }],
    ['what comes with a later kernel', { opcode: 4711 }, { op: 'unsupported' }],
  ])('include %s', (_name, asked, body) => {
    expect(decode(asked, isLittle)).toEqual(body);
  });

  it('that end too early are a RangeError, never anything else', () => {
    fc.assert(
      fc.property(fc.nat({ max: 50 }), fc.uint8Array({ maxLength: 64 }), (opcode, bytes) => {
        try {
          decode({ opcode, bytes }, isLittle);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
