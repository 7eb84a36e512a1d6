/** Subjects name what a fact is about, whatever the names are, and one wildcard finds what belongs together. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Attachments,
  decodeToken,
  type EntityKind,
  encodeToken,
  entityOf,
  parseSubject,
  type SubjectParts,
  subjectFilter,
  subjectOf,
} from './subjects.ts';

const MDEV = '11111111-1111-4111-8111-111111111111';
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 255 });
const kinds: readonly EntityKind[] = ['bus', 'card', 'queue', 'mdev'];
const parts: fc.Arbitrary<SubjectParts> = fc.record({
  host: name,
  kind: fc.constantFrom(...kinds),
  id: fc.oneof(fc.constant(''), name),
  guest: fc.oneof(fc.constant(undefined), name),
  type: name,
});

/** NATS's own rule: tokens one by one, `*` any of them, `>` all that follow. */
function matches(filter: string, subject: string): boolean {
  if (filter.endsWith('.>')) return subject.startsWith(filter.slice(0, -1));
  const tokens = subject.split('.');
  const wanted = filter.split('.');
  return wanted.length === tokens.length && wanted.every((token, n) => token === '*' || token === tokens[n]);
}

describe('a subject', () => {
  it('is parsed to what it was made of, for any names', () => {
    fc.assert(
      fc.property(parts, (given) => {
        expect(parseSubject(subjectOf(given))).toEqual(given);
      }),
    );
  });

  it('has eight tokens that a broker takes, for any names', () => {
    fc.assert(
      fc.property(parts, (given) => {
        const tokens = subjectOf(given).split('.');
        expect(tokens).toHaveLength(8);
        for (const token of tokens) expect(token).toMatch(/^[!#-)+\-/-=?-~]+$/);
      }),
    );
  });

  it('matches the filter of what it is about, and no filter of another', () => {
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        const subject = subjectOf(one);
        expect(matches(subjectFilter({}), subject)).toBe(true);
        for (const key of ['host', 'guest', 'type'] as const) {
          const same = one[key] === other[key];
          if (other[key] !== undefined)
            expect(matches(subjectFilter({ [key]: other[key] }), subject)).toBe(same);
        }
        const isMdev = one.kind === 'mdev' && one.id === other.id;
        if (other.id !== '') expect(matches(subjectFilter({ mdev: other.id }), subject)).toBe(isMdev);
      }),
    );
  });

  it.each([
    'apledger.v1.host.zlp1.bus.-.-.',
    'apledger.v1.host.-.bus.-.-.BusScanned',
    'apledger.v1.host.zlp1.moon.-.-.BusScanned',
    'apledger.v1.host.zlp1.bus.-.-.Bus.Scanned',
    'apledger.v1.host.zlp1.bus.-.BusScanned',
    'apledger.v1.host.zlp1.mdev.%2d.-.MdevCreated',
    'apledger.v1.host.zlp1.mdev.%ff.-.MdevCreated',
    'apledger.v2.host.zlp1.bus.-.-.BusScanned',
    'apledger.v1.dead.fact.zlp1',
  ])('is none of a fact: %s', (subject) => {
    expect(parseSubject(subject)).toBeUndefined();
  });

  it.each([
    ['-', '%2D'],
    ['', '-'],
    ['web server.example', 'web%20server%2Eexample'],
    ['*', '%2A'],
    ['>', '%3E'],
    ['Bücher', 'B%C3%BCcher'],
  ])('carries the name %j as %s', (text, token) => {
    expect(encodeToken(text)).toBe(token);
    expect(decodeToken(token)).toBe(text);
  });
});

describe('what a fact is about', () => {
  it.each([
    ['BusScanned', { scans: 1 }, 'bus', ''],
    ['MaskChanged', { mask: 'apmask' }, 'bus', ''],
    ['CardDetected', { adapter: 5 }, 'card', '05'],
    ['OnlineChanged', { device: 'card0a', online: true }, 'card', '0a'],
    ['OnlineChanged', { device: '05.0047', online: true }, 'queue', '05-0047'],
    ['DriverOverrideChanged', { queue: '05.0047', driver: null }, 'queue', '05-0047'],
    ['QueueReset', { queues: ['05.0047'] }, 'queue', ''],
    ['AdapterAssigned', { mdev: MDEV, adapters: [5] }, 'mdev', MDEV],
    ['CommandRejected', { command: { type: 'AssignAdapter', mdev: MDEV } }, 'mdev', MDEV],
    ['CommandRejected', { command: { type: 'CreateMdev', text: 'x' } }, 'bus', ''],
    ['CommandRejected', { command: null }, 'bus', ''],
    ['MdevPainted', { mdev: MDEV, colour: 'red' }, 'mdev', MDEV],
    ['MdevPainted', { mdev: 'not > a UUID' }, 'bus', ''],
  ])('%s %j: %s %s', (type, data, kind, id) => {
    expect(entityOf(type, data)).toEqual({ kind, id });
  });
});

describe('who has an mdev open', () => {
  const mdev = { kind: 'mdev', id: MDEV } as const;

  it('is known from the start of a guest to its end, both included', () => {
    const attachments = new Attachments();
    const tell = (type: string, data = {}) => attachments.follow('zlp1', mdev, type, data);
    expect(tell('MdevCreated')).toBeUndefined();
    expect(tell('GuestStarted', { guest: 'web' })).toBe('web');
    expect(tell('GuestMatrixChanged')).toBe('web');
    expect(attachments.follow('zlp2', mdev, 'GuestMatrixChanged', {})).toBeUndefined();
    expect(tell('GuestStopped')).toBe('web');
    expect(tell('AdapterAssigned')).toBeUndefined();
  });

  it('is nobody when no KVM guest opens it', () => {
    const attachments = new Attachments();
    attachments.follow('zlp1', mdev, 'GuestStarted', { guest: 'web' });
    expect(attachments.follow('zlp1', mdev, 'GuestStarted', { guest: null })).toBeUndefined();
    expect(attachments.follow('zlp1', mdev, 'GuestMatrixChanged', {})).toBeUndefined();
  });
});
