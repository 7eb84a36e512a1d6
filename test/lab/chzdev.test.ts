/** Real lszdev and chzdev on a mounted host: the masks. */

import { FULL_MASK, formatMask, withoutBit } from '@apledger/ap';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bin, noClients } from './clients.ts';
import { Lab } from './support.ts';

const UUID = '11111111-1111-4111-8111-111111111111';
const without4 = formatMask(withoutBit(FULL_MASK, 4));
const without5 = formatMask(withoutBit(FULL_MASK, 5));

describe.skipIf(noClients !== undefined)('chzdev -t ap', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start({ settings: ['adapters=5,6', 'domains=4,0x47'], driver: '7.3', bin });
  });
  afterAll(() => lab?.end());

  const masks = async (): Promise<string[]> =>
    (await lab.facts()).flatMap(({ type, data }) => (type === 'MaskChanged' ? [String(data.written)] : []));

  it('writes the whole mask, and lszdev shows it as ranges', async () => {
    await lab.show('chzdev -t ap apmask=-5 --active');
    expect(await masks()).toEqual([without5]);
    expect(await lab.show('lszdev -t ap')).toMatch(/apmask +"0-4,6-255" +-\n +aqmask +"0-255" +-/);
    expect((await lab.facts()).at(-1)?.actor).toMatch(/^uid=\d+ pid=\d+ comm=chzdev$/);
  });

  it('writes the mask in a dry run, too', async () => {
    const said = await lab.show('chzdev -t ap aqmask=-4 --active --dry-run');
    expect(said).toContain('configuration will not be changed');
    expect(await lab.show('cat /sys/bus/ap/aqmask')).toBe(without4);
    expect(await masks()).toEqual([without5, without4]);
  });

  it('writes nothing when the matrix of an mdev shows it a conflict', async () => {
    await lab.show(`echo ${UUID} > /sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough/create
      cd /sys/devices/vfio_ap/matrix/${UUID} && echo 5 > assign_adapter && echo 4 > assign_domain`);
    const before = await lab.facts();
    const { status, text } = await lab.type('chzdev -t ap apmask=+5 aqmask=+4 --active');
    expect(status).not.toBe(0);
    expect(text).toContain(`apmask conflicts with mdev ${UUID} APQN 5.4`);
    expect(await lab.facts()).toEqual(before);
  });

  it('says that it changed a mask when the kernel refused: the ledger knows better', async () => {
    expect(await lab.show('chzdev -t ap apmask=+5 --active')).toContain('ap device type configured');
    expect(await lab.show('cat /sys/bus/ap/apmask')).toBe(without5);
    expect((await lab.facts()).at(-1)).toMatchObject({
      type: 'CommandRejected',
      actor: expect.stringMatching(/^uid=\d+ pid=\d+ comm=chzdev$/),
      data: {
        command: { type: 'WriteMask', mask: 'apmask' },
        errno: 'EBUSY',
        conflicts: [{ queue: '05.0004', holder: `mdev ${UUID}` }],
      },
    });
  });
});
