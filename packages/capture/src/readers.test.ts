import { maskOf } from '@apledger/ap';
import { describe, expect, it } from 'vitest';
import { apParameters, readBootParameters } from './boot-parameters.ts';
import { detectGeneration } from './generation.ts';
import { readLszcrypt } from './lszcrypt.ts';
import { readMdevctlList } from './mdevctl.ts';
import { readNodeDevices } from './node-device.ts';
import { NOTHING } from './observed.ts';
import { readApRule } from './udev-rule.ts';
import { shownMatrix } from './values.ts';

const UUID = '11111111-1111-4111-8111-111111111111';

describe('lszcrypt -V', () => {
  const HEAD = 'CARD.DOM TYPE  MODE        STATUS     REQUESTS  PENDING HWTYPE QDEPTH FUNCTIONS  DRIVER\n';

  it('has a status of two words, and queues without a driver', () => {
    const { host, problems } = readLszcrypt(
      `${HEAD}------\n0a       CEX7P EP11-Coproc deconfig          -        -     13     08 S----XN-F- cex4card\n05.0004  CEX8C CCA-Coproc  in use            -        -     14     08 S--D--N-F- vfio_ap\n05.0005  CEX8C CCA-Coproc  -                 -        -     14     08 S--D--N-F- -no-driver-\n`,
      'f',
    );
    expect(problems).toEqual([]);
    expect(host.cards).toEqual([
      { adapter: 10, type: 13, mode: 'P', functions: 0x86800000, configured: false },
      { adapter: 5, type: 14, mode: 'C', functions: 0x92800000 },
    ]);
    expect(host.queues).toEqual([
      { queue: 0x0504, driver: 'vfio_ap', status: 'in use' },
      { queue: 0x0505, driver: null, status: '-' },
    ]);
  });

  it('says where a row is none', () => {
    const { problems } = readLszcrypt(
      `${HEAD}05.0104  CEX8C CCA-Coproc online 0 0 14 08 S- x\nnonsense\n`,
      'f',
    );
    expect(problems.map(({ where }) => where)).toEqual(['f, line 2', 'f, line 3']);
  });

  it('is not complete without -V', () => {
    const { problems } = readLszcrypt(
      'CARD.DOM TYPE MODE STATUS REQUESTS\n05 CEX8C CCA-Coproc online 0\n',
      'f',
    );
    expect(problems).toEqual([{ where: 'f', what: expect.stringContaining('without -V') }]);
  });
});

describe('mdevctl', () => {
  it('keeps the writes in their order and as they are spelled', () => {
    const attrs = [{ assign_adapter: '5' }, { ap_config: '0x4,0x8,0x0' }, { unassign_adapter: '0x5' }];
    const list = [{ matrix: [{ [UUID]: { mdev_type: 'vfio_ap-passthrough', start: 'manual', attrs } }] }];
    const { host, problems } = readMdevctlList(JSON.stringify(list), 'f');
    expect(problems).toEqual([]);
    expect(host.definitions).toEqual([
      {
        uuid: UUID,
        start: 'manual',
        writes: attrs.map((one) => {
          const [[attribute, value] = ['', '']] = Object.entries(one);
          return { attribute, value };
        }),
      },
    ]);
  });

  it('passes over other parents, types and attributes, and says so', () => {
    const definition = { mdev_type: 'vfio_ap-passthrough', attrs: [{ remove: '1' }, { assign_domain: 4 }] };
    const list = [
      { '0000:00:02.0': [] },
      { matrix: [{ [UUID]: definition }, { [UUID]: definition }, { [UUID]: 5 }] },
    ];
    const { host, problems } = readMdevctlList(JSON.stringify(list), 'f');
    expect(host.definitions).toEqual([{ uuid: UUID, writes: [] }]);
    expect(problems).toHaveLength(7);
  });
});

describe('node devices', () => {
  it('have their UUID in the name where there is no <uuid>', () => {
    const xml = `<device><name>mdev_${UUID.replaceAll('-', '_')}</name><capability type="mdev"><type id="vfio_ap-passthrough"/><attr name="assign_adapter" value="5"/><attr name="remove" value="1"/></capability></device>`;
    const { host, problems } = readNodeDevices(xml, 'f');
    expect(host.definitions).toEqual([
      { uuid: UUID, start: undefined, writes: [{ attribute: 'assign_adapter', value: '5' }] },
    ]);
    expect(problems).toEqual([
      { where: expect.any(String), what: 'remove is no attribute of an mdev: left out' },
    ]);
  });

  it('do not nest without end', () => {
    expect(() => readNodeDevices('<device>'.repeat(100_000), 'f')).toThrow('nests deeper');
  });
});

describe('41-ap.rules', () => {
  it('may set one mask only; comments and matches set none', () => {
    const { host, problems } = readApRule(
      '# ATTR{../../bus/ap/aqmask}="0x1"\nATTR{../../bus/ap/aqmask}=="0x2"\nATTR{../../bus/ap/apmask}="0xffff"\n',
      'f',
    );
    expect(host.kept).toEqual({ apmask: maskOf(Array.from({ length: 16 }, (_, id) => id)) });
    expect(problems).toEqual([{ where: 'f', what: expect.stringContaining('aqmask') }]);
  });

  it('is told apart from what is no mask', () => {
    const { problems } = readApRule('ATTR{../../bus/ap/apmask}="zz"\nATTR{../../bus/ap/aqmask}="0x1"\n', 'f');
    expect(problems[0]).toEqual({ where: 'f, line 1', what: 'apmask is set to no mask: zz' });
  });
});

describe('boot parameters', () => {
  it('count the last of two, and leave secrets where they are', () => {
    const line = 'password=x ap.apmask=0x1 ap.apmask="+5,-3" zap.apmask=0x7';
    expect(readBootParameters(line, 'f').host.boot).toEqual({ apmask: '+5,-3' });
    expect(apParameters(line)).toBe('ap.apmask=0x1 ap.apmask="+5,-3"');
  });
});

describe('the generation', () => {
  const FILES_OF_612 = {
    'bus/bindings': true,
    'bus/bindings_complete_count': false,
    'bus/features': true,
    'bus/scans': true,
  };

  it('is that of the version where the files agree', () => {
    expect(detectGeneration({ ...NOTHING, kernel: '6.12.117', files: FILES_OF_612 }).driver).toBe('6.12');
  });

  it('is that of the files where a distribution brought them to an older kernel', () => {
    const { driver, evidence } = detectGeneration({
      ...NOTHING,
      kernel: '5.14.0-503.el9',
      files: FILES_OF_612,
    });
    expect(driver).toBe('6.12');
    expect(evidence).toBe('kernel 5.14.0-503.el9, its files are those of 6.12');
  });
});

describe('a matrix file', () => {
  it('is a product, or one side of it', () => {
    expect(shownMatrix('05.0004\n05.0047\n')).toEqual({ adapters: maskOf([5]), domains: maskOf([4, 0x47]) });
    expect(shownMatrix('05.\n0a.\n')).toEqual({ adapters: maskOf([5, 10]), domains: maskOf([]) });
    expect(shownMatrix('.0004\n')).toEqual({ adapters: maskOf([]), domains: maskOf([4]) });
    expect(shownMatrix('')).toEqual({ adapters: maskOf([]), domains: maskOf([]) });
    expect(shownMatrix('05.0004\n06.0047\n')).toBeUndefined();
    expect(shownMatrix('05.0004\nx\n')).toBeUndefined();
  });
});
