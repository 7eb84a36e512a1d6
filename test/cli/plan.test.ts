/** `apledger export` and `apledger plan`: a host as a file, and the way to what the file asks for. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { scratch } from '../support/file.ts';
import { apledger, file, inRepository, objects } from './support.ts';

/** A data directory with the founding document's host and its three guests. */
async function threeGuests(): Promise<string> {
  const data = scratch();
  expect((await apledger('run', inRepository('examples/01-three-guests.sh'), '--data', data)).status).toBe(0);
  return data;
}

const exported = async (data: string, ...options: string[]): Promise<string> => {
  const { status, out } = await apledger('export', 'zlp1', '--data', data, ...options);
  expect(status).toBe(0);
  return out;
};

describe('a host as a file', () => {
  it('asks for nothing of the host that it was written from', async () => {
    const data = await threeGuests();
    const desired = file('zlp1.yaml', await exported(data));
    expect(readFileSync(desired, 'utf8')).toContain(
      'guest1:\n    uuid: 11111111-1111-4111-8111-111111111111',
    );
    const { status, out } = await apledger('plan', desired, '--data', data);
    expect({ status, out }).toEqual({ status: 0, out: expect.stringContaining('Nothing has to be done.') });
  });

  it('is what other tools read', async () => {
    const data = await threeGuests();
    expect(JSON.parse(await exported(data, '--format', 'mdevctl'))[0].matrix).toHaveLength(3);
    expect((await exported(data, '--format', 'libvirt')).match(/<device>/g)).toHaveLength(3);
    expect(await exported(data, '--format', 'zdev')).toMatch(
      /^chzdev -t ap apmask=0-4,7-255 aqmask=[0-9,-]+\n$/,
    );
    expect(await exported(data, '--format', 'shell')).toContain('> /sys/bus/ap/apmask');
  });
});

describe('what a format cannot say of a host', () => {
  const noteOf = async (data: string, format: string): Promise<string> =>
    (await apledger('export', 'zlp1', '--data', data, '--format', format)).err;

  it('is named, each by its name', async () => {
    const data = scratch();
    const script = `host zlp1 adapters=5,6,7 domains=4,5 driver=7.3
      cd /sys/bus/ap/drivers
      echo vfio_ap > /sys/devices/ap/card05/05.0004/driver_override
      echo 05.0004 > cex4queue/unbind
      echo 05.0004 > vfio_ap/bind
      echo 05.0005 > cex4queue/unbind
      echo 0 > /sys/devices/ap/card06/06.0004/online
      echo 0 > /sys/devices/ap/card07/config\n`;
    expect(await apledger('run', file('a.sh', script), '--data', data)).toMatchObject({ status: 0 });
    const left =
      'driver_override of 05.0004 (vfio_ap); bound or unbound by hand: 05.0005; offline: 06.0004; configured off: card07.\n';
    expect(await noteOf(data, 'yaml')).toBe(`Left out, for a desired state does not say it: ${left}`);
    expect(await noteOf(data, 'mdevctl')).toBe(`Left out, for mdevctl knows mdevs only: ${left}`);
    const before = await apledger('export', 'zlp1', '--data', data, '--at', '1');
    expect(before).toMatchObject({ status: 0, err: '' });
  });

  it('is nothing of which the host has nothing', async () => {
    const data = await threeGuests();
    expect(await noteOf(data, 'yaml')).toBe('');
    expect(await noteOf(data, 'shell')).toBe(
      'Left out, for this shell script writes masks and mdevs only: guests guest1, guest2, guest3.\n',
    );
    expect(await noteOf(data, 'zdev')).toBe(
      'Left out, for chzdev knows the masks only: 3 mdevs; guests guest1, guest2, guest3.\n',
    );
    expect(await noteOf(data, 'libvirt')).toContain('only: apmask, aqmask; guests');
  });
});

describe('a plan', () => {
  it('says the steps, who loses and gains what, and the way back; carried out by hand, it ends there', async () => {
    const data = await threeGuests();
    const before = await exported(data);
    const desired = file('zlp1.yaml', before.replace('adapters: [0x05, 0x06]', 'adapters: [0x05]'));
    const { status, out } = await apledger('plan', desired, '--data', data);
    expect(status).toBe(0);
    expect(out).toContain('Guest guest1 would lose 06.0004, 06.00ab.');
    const [made] = objects((await apledger('plan', desired, '--data', data, '--json')).out);
    const run = (steps: unknown) => {
      const lines = (steps as readonly { readonly text: string }[]).map(({ text }) => `${text}\n`);
      return apledger('run', file('steps.sh', lines.join('')), '--data', data);
    };
    expect(await run(made?.steps)).toMatchObject({ status: 0 });
    expect((await apledger('plan', desired, '--data', data)).out).toContain('Nothing has to be done.');
    expect(await run(made?.back)).toMatchObject({ status: 0 });
    expect(await exported(data)).toBe(before);
  });

  it('that the rules would refuse, or that takes what is kept, is not to be carried out', async () => {
    const data = await threeGuests();
    const greedy = file(
      'zlp1.yaml',
      (await exported(data))
        .replace('domains: [0x00-0x03,', 'domains: [0x00-0x04,')
        .replace('[0x00-0x04, 0x07', '[0x00-0x05, 0x07'),
    );
    const { status, out } = await apledger('plan', greedy, '--data', data);
    expect(status).toBe(1);
    expect(out).toMatch(/This plan is not to be carried out:\n.*which the masks give to the host\./);
  });

  it.each([
    ['a trap of YAML', 'adapters: [05.0047]', /zlp1\.yaml:6:\d+: adapters: 05\.0047 is a queue/],
    ['an unknown key', 'adapter: 5', /zlp1\.yaml:5:\d+: .*adapter/],
  ])('of a file with %s is refused with line and column', async (_, entry, message) => {
    const bad = file(
      'zlp1.yaml',
      `apledger: v1\nhost: zlp1\nmdevs:\n  web:\n    uuid: 11111111-1111-4111-8111-111111111111\n    ${entry}\n`,
    );
    const { status, err } = await apledger('plan', bad, '--data', await threeGuests());
    expect({ status, err }).toEqual({ status: 2, err: expect.stringMatching(message) });
  });

  it('of a host that is not there says which there are', async () => {
    const other = file('x.yaml', 'apledger: v1\nhost: prod7\n');
    const { status, err } = await apledger('plan', other, '--data', await threeGuests());
    expect({ status, err }).toEqual({
      status: 2,
      err: expect.stringContaining('no host prod7. There are zlp1.'),
    });
  });
});
