import type { HostState } from '@apledger/host';
import { describe, expect, it } from 'vitest';
import { nodeAt, pathInSys, resolvePath } from './index.ts';
import {
  after,
  bareHost,
  cat,
  GENERATIONS,
  hostWithMdev,
  MDEV,
  nodesOf,
  paths,
  UUID,
} from './test-support.ts';

const removing = (): HostState =>
  ['StartGuest', 'RemoveMdev'].reduce(
    (state, type) =>
      after(
        state,
        type === 'StartGuest'
          ? { type, mdev: UUID, guest: 'guest1' }
          : { type: 'RemoveMdev', mdev: UUID, text: '1' },
      ),
    hostWithMdev('7.3'),
  );

const hosts: readonly (readonly [string, HostState])[] = [
  ...GENERATIONS.flatMap((driver) => [
    [`a ${driver} host`, bareHost(driver)] as const,
    [`a ${driver} host with an mdev`, hostWithMdev(driver)] as const,
  ]),
  ['a host without QCI', bareHost('7.3', { qci: false, apxa: false })],
  ['a host whose mdev waits for its removal', removing()],
];

describe.each(hosts)('the tree of %s', (_, state) => {
  it('lists exactly what can be looked up, sorted and once', () => {
    expect(paths(state).filter((path) => nodeAt(state, path) === undefined)).toEqual([]);
    for (const { path, node } of nodesOf(state, 'directory')) {
      const names = node.list();
      expect(names, path).toEqual([...new Set(names)].sort());
    }
  });

  it('has no link that leads nowhere', () => {
    const links = nodesOf(state, 'link');
    expect(links.length).toBeGreaterThan(5);
    const dead = links.filter(({ path }) => resolvePath(state, path) === undefined);
    expect(dead).toEqual([]);
  });

  it('has links only to devices, drivers, buses, types and groups: directories', () => {
    for (const { path } of nodesOf(state, 'link')) {
      const target = resolvePath(state, path) ?? '';
      expect(nodeAt(state, target)?.kind, path).toBe('directory');
    }
  });

  it('lets nobody past the mode of a file', () => {
    for (const { path, node } of nodesOf(state, 'attribute')) {
      const content = node.read();
      const denied = typeof content === 'object' && content.errno === 'EACCES';
      expect(denied, `reading ${path}`).toBe((node.mode & 0o444) === 0);
      const wanted = node.write('');
      const errno = wanted !== undefined && 'errno' in wanted ? wanted.errno : undefined;
      expect(errno, `writing ${path}`).toBe((node.mode & 0o222) === 0 ? 'EACCES' : undefined);
    }
  });

  it('ends every text with a newline, if there is one', () => {
    for (const { path, node } of nodesOf(state, 'attribute')) {
      const content = node.read();
      if (typeof content === 'string' && content !== '') expect(content.endsWith('\n'), path).toBe(true);
    }
  });

  it('names a device the same in all places', () => {
    for (const { path } of nodesOf(state, 'link')) {
      const name = path.split('/').at(-1) ?? '';
      if (/^(card|[0-9a-f]{2}\.|[0-9a-f]{8}-)/.test(name))
        expect(resolvePath(state, path)?.split('/').at(-1)).toBe(name);
    }
  });
});

describe('a path', () => {
  const state = hostWithMdev('7.3');

  it.each([
    ['', ''],
    ['/', ''],
    ['.', ''],
    ['..', ''],
    ['bus//ap/./apmask', 'bus/ap/apmask'],
    ['/bus/ap', 'bus/ap'],
    ['bus/ap/devices/05.0047', 'devices/ap/card05/05.0047'],
    ['bus/ap/devices/05.0047/', 'devices/ap/card05/05.0047'],
    ['bus/ap/devices/05.0047/..', 'devices/ap/card05'],
    ['bus/ap/devices/05.0047/driver/05.0047/driver', 'bus/ap/drivers/vfio_ap'],
    ['class/mdev_bus/matrix', 'devices/vfio_ap/matrix'],
    [`bus/mdev/devices/${UUID}/mdev_type`, 'devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough'],
    [`${MDEV}/mdev_type/devices/${UUID}/../features`, 'devices/vfio_ap/matrix/features'],
  ])('%j is %j', (path, canonical) => {
    expect(resolvePath(state, path)).toBe(canonical);
  });

  it.each([
    'nothing',
    'bus/ap/apmask/',
    'bus/ap/apmask/.',
    'bus/ap/apmask/..',
    'bus/ap/apmask/x',
    'devices/ap/card5',
    'devices/ap/card05/06.0047',
    'devices/ap/CARD05',
    'devices/ap/card05/05.47',
    'bus/ap/drivers/vfio_ap/05.0004',
    'bus/ap/drivers/cex4queue/card05',
    'bus/ap/drivers/cex4card/05.0004',
    '__proto__',
    'bus/ap/constructor',
    'bus/ap/apmask\0',
    'bus/ap/\xff\xfe',
    `devices/vfio_ap/matrix/${UUID.toUpperCase()}`,
    'kernel/iommu_groups/00',
  ])('%j is nowhere', (path) => {
    expect(nodeAt(state, path)).toBeUndefined();
    expect(resolvePath(state, path)).toBeUndefined();
  });

  it('shows a final link as a link, unless a slash follows', () => {
    expect(nodeAt(state, 'bus/ap/devices/05.0047')).toEqual({
      kind: 'link',
      target: '../../../devices/ap/card05/05.0047',
    });
    expect(nodeAt(state, 'bus/ap/devices/05.0047/')?.kind).toBe('directory');
    expect(nodeAt(state, 'bus/ap/devices/05.0047/.')?.kind).toBe('directory');
  });

  it('ends like the kernel, not in a hang, when it follows more than 40 links', () => {
    const round = 'subsystem/devices/card05/';
    expect(resolvePath(state, `devices/ap/card05/${round.repeat(20)}`)).toBe('devices/ap/card05');
    expect(resolvePath(state, `devices/ap/card05/${round.repeat(21)}`)).toBeUndefined();
  });

  it.each([
    ['/sys', ''],
    ['/sys/', ''],
    ['//sys//bus/ap', 'bus/ap'],
    ['/sysfs', undefined],
    ['/system/bus', undefined],
    ['sys/bus', undefined],
    ['/proc', undefined],
  ])('%j of a shell is %j below /sys', (path, below) => {
    expect(pathInSys(path)).toBe(below);
  });
});

describe('an mdev whose removal waits for the guest', () => {
  const state = removing();

  it('keeps its folder and what is not of vfio_ap', () => {
    const folder = nodeAt(state, MDEV);
    expect(folder?.kind === 'directory' ? folder.list() : []).toEqual([
      'driver',
      'iommu_group',
      'mdev_type',
      'power',
      'subsystem',
      'uevent',
      'vfio-dev',
    ]);
    expect(cat(state, `${MDEV}/remove`)).toBe('ENOENT');
    expect(cat(state, `${MDEV}/matrix`)).toBe('ENOENT');
    expect(cat(state, `${MDEV}/assign_adapter`)).toBe('ENOENT');
  });
});

describe('the IOMMU group of an mdev', () => {
  const OTHER = '00000000-0000-4000-8000-000000000001';

  it('stays the same when an older mdev goes', () => {
    const both = after(hostWithMdev('7.3'), { type: 'CreateMdev', text: OTHER });
    const link = `devices/vfio_ap/matrix/${OTHER}/iommu_group`;
    const group = resolvePath(both, link) ?? '';
    const one = after(both, { type: 'RemoveMdev', mdev: UUID, text: '1' });
    expect(resolvePath(one, link)).toBe(group);
    expect(resolvePath(one, `${group}/devices/${OTHER}`)).toBe(`devices/vfio_ap/matrix/${OTHER}`);
    expect(
      nodesOf(one, 'directory').filter(({ path }) => path.startsWith('kernel/iommu_groups/')),
    ).toHaveLength(2);
  });
});

describe('a full host', () => {
  const all = Array.from({ length: 256 }, (_, id) => id);
  const state = bareHost('7.3', { adapters: all, domains: all, controlDomains: all, cards: [] });

  it('finds one of its 65,536 queues without looking at the others', () => {
    const cpuOf = (work: () => void): number => {
      const before = process.cpuUsage();
      work();
      return process.cpuUsage(before).user;
    };
    const found = cpuOf(() => {
      for (let i = 0; i < 1000; i++) {
        nodeAt(state, 'bus/ap/drivers/cex4queue/fe.00fd');
        nodeAt(state, 'bus/ap/devices/fe.00fd/request_count');
      }
    });
    const directory = nodeAt(state, 'bus/ap/devices');
    const listed = cpuOf(() => {
      for (let i = 0; i < 20; i++) if (directory?.kind === 'directory') directory.list();
    });
    expect(nodeAt(state, 'bus/ap/drivers/cex4queue/fe.00fd')?.kind).toBe('link');
    expect(nodeAt(state, 'bus/ap/devices/fe.00fd/request_count')?.kind).toBe('attribute');
    // A walk for each would be 2000 such lists.
    expect(found).toBeLessThan(listed * 10);
  });

  it('lists them all', () => {
    const queues = nodeAt(state, 'bus/ap/drivers/cex4queue');
    expect(queues?.kind === 'directory' ? queues.list().length : 0).toBe(65536 + 3);
  });
});
