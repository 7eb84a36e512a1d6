/** Real processes, one of them with a clock that is five years ahead: what they record, and what is answered afterwards. */
import { describe, expect, it } from 'vitest';
import { scratch } from '../support/file.ts';
import { apledger, objects } from './support.ts';
import { runAt } from './wrong-clock.ts';

const DAY = '2026-11-17T10:0';

describe('a process whose clock is five years ahead', () => {
  it('dates its own commit, and nothing after it; what stood then is answered from order', async () => {
    const data = scratch();
    runAt(`${DAY}0:00Z`, data, 'host plug adapters=5,10 domains=4,5 driver=7.3\n');
    runAt('2031-11-17T10:02:00Z', data, 'echo -7 > /sys/bus/ap/apmask\n');
    for (const minute of [3, 4]) runAt(`${DAY}${minute}:00Z`, data, `echo -${minute} > /sys/bus/ap/apmask\n`);
    const at = async (time: string) => {
      const [view] = objects((await apledger('show', 'host', '--json', '--at', time, '--data', data)).out);
      return view;
    };
    const now = await at('now');
    expect(now).toMatchObject({ apmask: expect.stringMatching(/^0xe6f/) });
    expect(now).not.toHaveProperty('mayReach');
    expect(await at(`${DAY}3:30Z`)).toMatchObject({ apmask: expect.stringMatching(/^0xeef/) });
    const between = await at(`${DAY}2:30Z`);
    expect(between).toMatchObject({
      apmask: expect.stringMatching(/^0xfff/),
      mayReach: { position: Number(between?.position) + 1 },
    });
    const text = await apledger('show', 'host', '--at', `${DAY}2:30Z`, '--data', data);
    expect(text.out).toContain('or position');
    const exposed = await apledger('exposure', '--to', `${DAY}2:30Z`, '--data', data);
    expect(exposed.err).toContain('position');
    const jumps = objects((await apledger('events', '--type', 'ClockJumped', '--json', '--data', data)).out);
    expect(jumps).toMatchObject([{ stream: 'clock', data: { against: 'log' } }]);
    const verified = await apledger('verify', '--data', data);
    expect(verified).toMatchObject({ status: 0, out: expect.stringContaining('it jumped') });
  });
});
