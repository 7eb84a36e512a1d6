/** Attributes of the bus, of cards and of queues: driver-rules 2, 4.1 and 6.7. */
import type { BusAttribute, Command } from '@apledger/events';
import { describe, expect, it, test } from 'vitest';
import {
  bind,
  bring,
  cardConfig,
  checkStop,
  GENERATIONS,
  type Host,
  online,
  scan,
  unbind,
} from './test-support.ts';

const write = (attribute: BusAttribute, text: string): Command => ({
  type: 'WriteBusAttribute',
  attribute,
  text,
});
const queueOnline = (host: Host, apid: number, apqi: number): boolean | undefined =>
  host.state.cards.get(apid)?.queues.get(apqi)?.online;

describe('an attribute of the bus', () => {
  test.each([
    ['config_time', '5', 5],
    ['config_time', '120\n', 120],
    ['config_time', ' 60 apples', 60],
    ['config_time', '4294967306', 10],
    ['ap_domain', '0x47', 0x47],
    ['ap_domain', '0107', 0o107],
    ['poll_thread', 'on', 1],
    ['poll_thread', 'Yes', 1],
    ['poll_thread', 'true', 1],
    ['poll_timeout', '120000000000', 120_000_000_000],
    ['poll_timeout', '0x10\n', 16],
  ] as const)('%s takes %j', (attribute, text, value) => {
    const host = bring('7.3').run(write(attribute, text));
    expect(host.state.attributes[attribute]).toBe(value);
    expect(host.facts('BusAttributeChanged')).toEqual([{ attribute, value }]);
  });

  test.each([
    ['config_time', '4'],
    ['config_time', '121'],
    ['config_time', '-30'],
    ['config_time', 'half a minute'],
    ['config_time', '\n'],
    ['config_time', '0x1e'],
    ['config_time', '9'.repeat(400)],
    ['ap_domain', '-1'],
    ['ap_domain', '256'],
    ['ap_domain', ''.padEnd(3, ' ')],
    ['ap_domain', `0x${'f'.repeat(400)}`],
    ['poll_thread', '2'],
    ['poll_thread', 'o'],
    ['poll_thread', ' 1'],
    ['poll_timeout', '120000000001'],
    ['poll_timeout', '-1'],
    ['poll_timeout', 'x'],
  ] as const)('%s refuses %j with EINVAL', (attribute, text) => {
    const host = bring('7.3');
    const before = host.state.attributes;
    expect(host.errno(write(attribute, text))).toBe('EINVAL');
    expect(host.state.attributes).toEqual(before);
  });

  it('refuses a leading plus: the kernel`s sscanf knows minus only', () => {
    expect(bring('7.3').errno(write('config_time', '+30'))).toBe('EINVAL');
    expect(bring('7.3').errno(write('ap_domain', '+4'))).toBe('EINVAL');
    expect(bring('7.3').errno(cardConfig(5, '+1'))).toBe('EINVAL');
  });

  it('ap_domain must be set in aqmask, and may lie outside the host configuration', () => {
    const host = bring('7.3', { aqmask: '+0-255,-9' });
    expect(host.errno(write('ap_domain', '9'))).toBe('EINVAL');
    expect(host.errno(write('ap_domain', '10'))).toBeUndefined();
  });

  it('says nothing when the value stays or nothing was written', () => {
    const host = bring('7.3').run(write('config_time', '30'));
    expect(host.last.facts).toMatchObject([{ type: 'CommandHadNoEffect' }]);
    expect(host.run(write('config_time', '')).last.facts).toMatchObject([{ type: 'CommandHadNoEffect' }]);
  });

  test.each([
    ['poll_thread', ' 2 apples', 1],
    ['poll_thread', '-1', 1],
    ['poll_thread', 'on', 'EINVAL'],
    ['poll_timeout', ' 16 apples', 16],
    ['poll_timeout', '18446744073709551626', 10],
    ['poll_timeout', '0x10', 'EINVAL'],
    ['poll_timeout', '120000000001', 'EINVAL'],
    ['poll_timeout', '-1', 'EINVAL'],
  ] as const)('%s of 5.10 and 6.1 is scanned: %j is %s', (attribute, text, expected) => {
    for (const generation of ['5.10', '6.1'] as const) {
      const host = bring(generation);
      const errno = host.errno(write(attribute, text));
      expect(errno ?? host.state.attributes[attribute]).toBe(expected);
    }
  });

  it('poll_timeout of 2^64 is ERANGE', () => {
    expect(bring('7.3').errno(write('poll_timeout', '18446744073709551616'))).toBe('ERANGE');
  });

  it('ap_domain starts as the first domain that the host itself can use', () => {
    expect(bring('7.3').state.attributes.ap_domain).toBe(4);
    expect(bring('7.3', { aqmask: '+0-255,-4' }).state.attributes.ap_domain).toBe(0x47);
    expect(bring('7.3', { apmask: '' }).state.attributes.ap_domain).toBe(-1);
  });
});

describe.each(GENERATIONS)('config of a card in %s', (generation) => {
  it('deconfigures at once, its queues notice at the next scan, and no matrix changes', () => {
    const host = bring(generation).run(cardConfig(5, '0'));
    expect(host.story).toEqual(['CardDeconfigured']);
    expect(host.state.cards.get(5)?.configured).toBe(false);
    expect(host.state.cards.get(5)?.queues.get(4)?.configured).toBe(true);
    host.run(scan);
    expect(host.state.cards.get(5)?.queues.get(4)?.configured).toBe(false);
    expect(host.driver('05.0004')).toBe('vfio_ap');
  });

  it('takes 0 and 1 only, and writing the present value does nothing', () => {
    const host = bring(generation);
    expect(host.errno(cardConfig(5, '2'))).toBe('EINVAL');
    expect(host.errno(cardConfig(5, '-1'))).toBe('EINVAL');
    expect(host.errno(cardConfig(5, '9'.repeat(400)))).toBe('EINVAL');
    expect(host.errno(cardConfig(7, '1'))).toBe('ENOENT');
    expect(host.run(cardConfig(5, '1\n'), cardConfig(5, '')).last.facts).toMatchObject([
      { type: 'CommandHadNoEffect' },
    ]);
  });
});

describe('online of a card or a queue', () => {
  it('of a queue is there only while zcrypt has the queue', () => {
    const host = bring('7.3');
    expect(host.errno(online('05.0004', '0'))).toBe('ENOENT');
    expect(host.errno(online('04.0004', '0'))).toBeUndefined();
    host.run(unbind('04.0047', 'cex4queue'));
    expect(host.errno(online('04.0047', '0'))).toBe('ENOENT');
  });

  it('of a card switches the queues that zcrypt has with it', () => {
    const host = bring('7.3').run(online('card04', '0'));
    expect([queueOnline(host, 4, 4), queueOnline(host, 4, 0x47)]).toEqual([false, false]);
    host.run(online('card04', '1'));
    expect([queueOnline(host, 4, 4), queueOnline(host, 4, 0x47)]).toEqual([true, true]);
    expect(host.facts('OnlineChanged').map(({ device }) => device)).toEqual(['card04', '04.0004', '04.0047']);
  });

  it('a queue cannot go online while its card is offline', () => {
    const host = bring('7.3').run(online('card04', '0'));
    const refusal = host.tries(online('04.0004', '1'));
    expect(refusal?.errno).toBe('EINVAL');
    expect(refusal?.explanation).toContain('card04');
  });

  it('nothing goes online that is deconfigured, the queue as soon as its card is', () => {
    const host = bring('7.3').run(
      online('card04', '0'),
      online('card04', '1'),
      online('04.0004', '0'),
      cardConfig(4, '0'),
    );
    expect(host.errno(online('card04', '1'))).toBe('ENODEV');
    const refusal = host.tries(online('04.0004', '1'));
    expect(refusal?.errno).toBe('ENODEV');
    expect(refusal?.remedy).toContain('card04');
    expect(host.errno(online('04.0004', '0'))).toBeUndefined();
  });

  it('nothing goes online that is check-stopped', () => {
    const host = bring('7.3').run(online('04.0004', '0'), checkStop(4), scan);
    expect(host.tries(online('card04', '1'))?.explanation).toContain('check-stopped');
    expect(host.errno(online('04.0004', '1'))).toBe('ENODEV');
  });

  it('a queue is online when zcrypt gets it, whatever it was before', () => {
    const host = bring('7.3').run(
      online('04.0004', '0'),
      unbind('04.0004', 'cex4queue'),
      bind('04.0004', 'cex4queue'),
    );
    expect(queueOnline(host, 4, 4)).toBe(true);
  });

  it('takes 0 and 1 only, of devices that exist', () => {
    const host = bring('7.3');
    expect(host.errno(online('card04', '2'))).toBe('EINVAL');
    expect(host.errno(online('card09', '1'))).toBe('ENOENT');
    expect(host.errno(online('04.0009', '1'))).toBe('ENOENT');
    expect(host.errno(online('nonsense', '1'))).toBe('ENOENT');
    expect(host.run(online('card04', '1'), online('card04', '')).last.facts).toMatchObject([
      { type: 'CommandHadNoEffect' },
    ]);
  });
});
