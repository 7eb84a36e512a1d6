/** What `apledger export` writes, taken by the programs that it is for, each on a fresh host of the same machine. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { apledger, file } from '../cli/support.ts';
import { scratch } from '../support/file.ts';
import { bin, noClients } from './clients.ts';
import { Lab } from './support.ts';

const WEB = '11111111-1111-4111-8111-111111111111';
const DB = '22222222-2222-4222-8222-222222222222';
const MACHINE = ['adapters=5,6', 'domains=4,0x47'];
const MATRIX = '/sys/devices/vfio_ap/matrix';

const SCRIPT = `host box ${MACHINE.join(' ')} driver=7.3
echo -5,-6 > /sys/bus/ap/apmask
echo -0x47 > /sys/bus/ap/aqmask
${[WEB, DB].map((uuid) => `echo ${uuid} > ${MATRIX}/mdev_supported_types/vfio_ap-passthrough/create`).join('\n')}
echo 5 > ${MATRIX}/${WEB}/assign_adapter
echo 4 > ${MATRIX}/${WEB}/assign_domain
echo 0x47 > ${MATRIX}/${WEB}/assign_domain
echo 4 > ${MATRIX}/${WEB}/assign_control_domain
echo 6 > ${MATRIX}/${DB}/assign_adapter
echo 4 > ${MATRIX}/${DB}/assign_domain
`;

describe.skipIf(noClients !== undefined)('what apledger exports', () => {
  const source = scratch();
  let lab: Lab | undefined;

  beforeAll(async () => {
    const ran = await apledger('run', file('box.sh', SCRIPT), '--data', source);
    expect(ran, ran.err).toMatchObject({ status: 0 });
  });
  afterEach(async () => {
    await lab?.end();
    lab = undefined;
  });

  const exported = async (format: string): Promise<string> =>
    (await apledger('export', 'box', '--format', format, '--data', source)).out;
  const fresh = async (): Promise<Lab> => {
    lab = await Lab.start({ settings: MACHINE, driver: '7.3', bin });
    return lab;
  };
  /** Masks and assigned matrices, as a file asks for them. */
  const configurationOf = async (on: Lab): Promise<string> =>
    (await on.apledger('export', on.host, '--format', 'shell')).out;

  it('for a shell makes the same host', async () => {
    const on = await fresh();
    const wanted = await exported('shell');
    await on.show(`. ${file('box.sh', wanted)}`);
    expect(await configurationOf(on)).toBe(wanted);
  });

  it('for chzdev sets the same masks', async () => {
    const on = await fresh();
    await on.show(`${(await exported('zdev')).trim()} --active`);
    const masks = (text: string) => text.split('\n').slice(0, 2);
    expect(masks(await configurationOf(on))).toEqual(masks(await exported('shell')));
  });

  it('for mdevctl defines and starts the same mdevs', async () => {
    const on = await fresh();
    await on.show(`${(await exported('zdev')).trim()} --active`);
    const [{ matrix }] = JSON.parse(await exported('mdevctl')) as [{ matrix: Record<string, object>[] }];
    const place = scratch();
    for (const entry of matrix)
      for (const [uuid, definition] of Object.entries(entry)) {
        const path = join(place, `${uuid}.json`);
        writeFileSync(path, JSON.stringify(definition));
        await on.show(`mdevctl define -u ${uuid} -p matrix --jsonfile ${path} && mdevctl start -u ${uuid}`);
      }
    expect(await configurationOf(on)).toBe(await exported('shell'));
    expect(JSON.parse(await on.show('mdevctl list -d --dumpjson'))).toHaveLength(1);
  });
});
