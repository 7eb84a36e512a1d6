/** Real mdevctl on a mounted host. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bin, noClients } from './clients.ts';
import { Lab } from './support.ts';

const WEB = '11111111-1111-4111-8111-111111111111';
const DB = '22222222-2222-4222-8222-222222222222';
const TYPE = 'vfio_ap-passthrough';

describe.skipIf(noClients !== undefined).each(['2019-v2', '7.3'] as const)(
  'mdevctl on a host of %s',
  (driver) => {
    let lab: Lab;
    beforeAll(async () => {
      lab = await Lab.start({ settings: ['adapters=5,6', 'domains=4,0x47'], driver, bin });
      await lab.show('echo -5,-6 > /sys/bus/ap/apmask');
    });
    afterAll(() => lab?.end());

    const define = async (
      uuid: string,
      attributes: readonly (readonly [string, string])[],
    ): Promise<void> => {
      await lab.show(`mdevctl define -u ${uuid} -p matrix -t ${TYPE}`);
      for (const [name, value] of attributes)
        await lab.show(`mdevctl modify -u ${uuid} --addattr=${name} --value=${value}`);
    };

    it('lists what the parent device offers', async () => {
      expect(await lab.show('mdevctl types')).toBe(
        `matrix\n  ${TYPE}\n    Available instances: 65536\n    Device API: vfio-ap\n    Name: VFIO AP Passthrough Device`,
      );
      expect(await lab.show('mdevctl list')).toBe('');
    });

    it('keeps definitions that only this lab sees', async () => {
      await define(WEB, [
        ['assign_adapter', '5'],
        ['assign_adapter', '0x06'],
        ['assign_domain', '4'],
        ['assign_control_domain', '4'],
      ]);
      expect(await lab.show('mdevctl list -d')).toBe(`${WEB} matrix ${TYPE} manual`);
      expect(await lab.show('ls /etc/mdevctl.d/matrix')).toBe(WEB);
      expect((await lab.state()).mdevs.size).toBe(0);
    });

    it('starts a device with its attributes', async () => {
      await lab.show(`mdevctl start -u ${WEB}`);
      expect(await lab.show('mdevctl list')).toBe(`${WEB} matrix ${TYPE} manual (defined)`);
      expect(await lab.show(`cat /sys/bus/mdev/devices/${WEB}/matrix`)).toBe('05.0004\n06.0004');
      expect(await lab.show(`cat /sys/bus/mdev/devices/${WEB}/control_domains`)).toBe('0004');
      expect(await lab.show('cat /sys/bus/mdev/devices/*/mdev_type/available_instances')).toBe('65535');
    });

    it('takes a device back when the driver refuses one of its attributes', async () => {
      await define(DB, [
        ['assign_domain', '0x47'],
        ['assign_adapter', '5'],
        ['assign_domain', '4'],
      ]);
      const before = (await lab.facts()).length;
      const { status, text } = await lab.type(`mdevctl start -u ${DB}`);
      expect(status).not.toBe(0);
      expect(text).toContain('Address already in use');
      expect(await lab.show('mdevctl list')).toBe(`${WEB} matrix ${TYPE} manual (defined)`);
      expect(await lab.show('ls /sys/bus/mdev/devices')).toBe(WEB);

      const facts = (await lab.facts()).slice(before);
      expect(
        facts
          .map(({ type }) => type)
          .filter((type) => type !== 'GuestMatrixChanged' && type !== 'QueueReset'),
      ).toEqual(['MdevCreated', 'DomainAssigned', 'AdapterAssigned', 'CommandRejected', 'MdevRemoved']);
      expect(facts.find(({ type }) => type === 'CommandRejected')).toMatchObject({
        actor: expect.stringMatching(/^uid=\d+ pid=\d+ comm=mdevctl$/),
        data: {
          command: { type: 'AssignDomain', mdev: DB, text: '4' },
          errno: 'EADDRINUSE',
          conflicts: [{ queue: '05.0004', holder: `mdev ${WEB}` }],
        },
      });
    });

    it('refuses to start what runs', async () => {
      const { status, text } = await lab.type(`mdevctl start -u ${WEB}`);
      expect(status).not.toBe(0);
      expect(text).not.toBe('');
      expect((await lab.state()).mdevs.size).toBe(1);
    });

    it('stops and undefines a device', async () => {
      await lab.show(`mdevctl stop -u ${WEB}`);
      expect(await lab.show('mdevctl list')).toBe('');
      expect((await lab.state()).mdevs.size).toBe(0);
      await lab.show(`mdevctl undefine -u ${WEB}`);
      await lab.show(`mdevctl undefine -u ${DB}`);
      expect(await lab.show('mdevctl list -d')).toBe('');
    });
  },
);
