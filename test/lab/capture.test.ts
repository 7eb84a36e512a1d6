/** `apledger capture` on a mounted host, with the real lszcrypt beside it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpacked } from '@apledger/capture';
import { describe, expect, it } from 'vitest';
import { inRepository, objects } from '../cli/support.ts';
import { scratch } from '../support/file.ts';
import { bin, noClients } from './clients.ts';
import { Lab } from './support.ts';

const UUID = '11111111-1111-4111-8111-111111111111';
const MATRIX = '/sys/devices/vfio_ap/matrix';

describe.skipIf(noClients !== undefined)('capture in the lab', () => {
  it('gives a tar on standard output from which the same host is made', async () => {
    const settings = ['adapters=5,6', 'domains=4,0x47', 'types=06:CEX7P'];
    const lab = await Lab.start({ settings, driver: '6.12', bin });
    await lab.show('echo -4 > /sys/bus/ap/aqmask');
    await lab.show(`echo ${UUID} > ${MATRIX}/mdev_supported_types/vfio_ap-passthrough/create`);
    await lab.show(`cd ${MATRIX}/${UUID}; echo 5 > assign_adapter; echo 4 > assign_domain; cd /`);
    const tar = join(scratch(), 'host.tar');
    const program = inRepository('services/cli/bin/apledger.mjs');
    await lab.show(`'${process.execPath}' '${program}' capture > '${tar}'`);
    await lab.end();
    const files = await unpacked(readFileSync(tar));
    expect(files.get('lszcrypt-V.txt')).toEqual({ text: expect.stringContaining('05.0004  CEX8C') });

    const imported = await lab.apledger('import', tar, '--host', 'copy', '--driver', '6.12');
    expect(imported.status).toBe(0);
    expect(imported.out).toContain('0 refused, 0 differences');
    const view = async (host: string) => {
      const [shown = {}] = objects((await lab.apledger('show', 'host', host, '--json')).out);
      const { host: _, revision, position, occurredAt, ...rest } = shown;
      return rest;
    };
    expect(await view('copy')).toEqual(await view('zlp1'));
  });
});
