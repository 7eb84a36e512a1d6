/** What happens to a mounted host between two looks, or while a look lasts: nothing is made up, and what cannot be known is said. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fact } from '@apledger/events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { noMount } from '../lab/support.ts';
import { Site } from './site.ts';

const MDEV = '11111111-1111-4111-8111-111111111111';
const MATRIX = 'devices/vfio_ap/matrix';
const CREATE = `${MATRIX}/mdev_supported_types/vfio_ap-passthrough/create`;
const START = Date.parse('2026-11-26T20:00:00.000Z');
/** More than the kernel keeps for one reader of inotify (16,384): each file comes, and goes. */
const FILES = 10_000;

describe.skipIf(noMount !== undefined)('an observer of a mounted host', () => {
  let site: Site;
  let now: number;

  /** Looks only when it is told to: its timers never fire. */
  beforeEach(async () => {
    now = START;
    site = await Site.open('7.3', 'adapters=5', 'domains=4');
    site.put('etc/mdevctl.d/matrix/.keep', '');
    await site.observe({ now: () => new Date(now) });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    site.observer.start();
    await site.observer.look();
  });
  afterEach(async () => {
    vi.useRealTimers();
    await site.end();
  });

  /** Facts of so many looks. */
  async function looked(times: number): Promise<readonly Fact[]> {
    const from = site.kept.drafts.length;
    for (let n = 0; n < times; n++) {
      now += 1000;
      await site.observer.look();
    }
    return site.kept.facts(from);
  }
  // This thread writes, and so nobody reads in between.
  const write = (name: string, text: string): void => writeFileSync(join(site.sys, name), text);

  it('says of an mdev that came and went that it may have been there', async () => {
    write(CREATE, MDEV);
    write(`${MATRIX}/${MDEV}/remove`, '1');
    // A watch may be late by a look.
    expect(await looked(2)).toEqual([
      {
        type: 'ObservationIncomplete',
        data: { what: CREATE, reason: expect.stringContaining('come and gone') },
      },
    ]);
    expect((await site.actual()).mdevs.size).toBe(0);
  });

  it('sees what was written after so much that the kernel dropped events, and says that it may have missed something', async () => {
    const file = join(site.root, 'fakes/etc/mdevctl.d/matrix', MDEV);
    for (let n = 0; n < FILES; n++) {
      writeFileSync(file, '');
      rmSync(file);
    }
    write('bus/ap/apmask', '-5');
    const facts = await looked(3);
    expect(facts.map(({ type }) => type)).toContain('MaskChanged');
    expect(facts.filter(({ type }) => type === 'ObservationIncomplete')).toEqual([
      { type: 'ObservationIncomplete', data: { what: 'writes', reason: expect.stringContaining('dropped') } },
    ]);
    const mask = site.kept.drafts.find(({ facts: [first] }) => first?.type === 'MaskChanged');
    expect(mask?.occurredAt).toBe(mask?.notAfter); // No watch told of it.
    expect(await site.differences()).toEqual([]);
  });

  it('says while the kernel does not answer, and after it, from when to when; then it sees what happened', async () => {
    const from = site.kept.drafts.length;
    site.mount?.signal('SIGSTOP');
    const looking = site.observer.look();
    await vi.advanceTimersByTimeAsync(0);
    now += 5000;
    await vi.advanceTimersByTimeAsync(5000);
    const stalled = (ms: number) => ({
      type: 'ObservationStalled',
      data: {
        from: new Date(START).toISOString(),
        to: new Date(START + ms).toISOString(),
        file: expect.stringMatching(/^(?:sys|proc)\//),
      },
    });
    expect(site.kept.facts(from)).toEqual([stalled(5000)]);
    now += 55_000;
    site.mount?.signal('SIGCONT');
    await looking;
    expect(site.kept.facts(from)).toEqual([stalled(5000), stalled(60_000)]);
    write('bus/ap/apmask', '-5');
    expect((await looked(1)).map(({ type }) => type)).toContain('MaskChanged');
    expect(await site.differences()).toEqual([]);
  });
});
