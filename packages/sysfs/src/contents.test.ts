import { decide } from '@apledger/driver';
import type { Generation } from '@apledger/events';
import { describe, expect, it } from 'vitest';
import { nodeAt } from './index.ts';
import {
  after,
  attributeAt,
  bareHost,
  cat,
  GENERATIONS,
  hostWithMdev,
  MDEV,
  store,
  TYPE,
  UUID,
} from './test-support.ts';

const names = (state: Parameters<typeof nodeAt>[0], path: string): readonly string[] => {
  const node = nodeAt(state, path);
  return node?.kind === 'directory' ? node.list() : [];
};
const QUEUE = 'devices/ap/card05/05.0047';

/** A generation, and all that came after it. */
const since = (first: Generation): readonly Generation[] => GENERATIONS.slice(GENERATIONS.indexOf(first));

describe('what a generation has', () => {
  const files: Readonly<Record<string, readonly Generation[]>> = {
    'bus/ap/bindings': since('6.1'),
    'bus/ap/bindings_complete_count': since('7.3'),
    'bus/ap/drivers/cex2cqueue': ['5.10', '6.1'],
    'bus/ap/features': since('6.12'),
    'bus/ap/scans': ['2019-v2', ...since('6.1')],
    'devices/ap/card05/chkstop': ['2019-v2', ...since('6.1')],
    'devices/ap/card05/max_msg_size': ['2019-v2', ...since('6.1')],
    'devices/vfio_ap/matrix/features': since('6.12'),
    [`${QUEUE}/ap_functions`]: ['2019-v2', ...since('6.8')],
    [`${QUEUE}/chkstop`]: ['2019-v2', ...since('6.1')],
    [`${QUEUE}/status`]: since('6.1'),
    [`${QUEUE}/driver_override`]: since('7.3'),
    [`${MDEV}/ap_config`]: since('6.12'),
    [`${MDEV}/guest_matrix`]: ['2019-v2', ...since('6.1')],
    [`${MDEV}/vfio-dev`]: since('6.1'),
  };
  it.each(Object.entries(files))('%s is in %j', (path, generations) => {
    const having = GENERATIONS.filter((driver) => nodeAt(hostWithMdev(driver), path) !== undefined);
    expect(having).toEqual(generations);
  });

  it('guest_matrix of 2019 is there only while somebody has the mdev open', () => {
    const closed = hostWithMdev('2019-v2');
    expect(cat(closed, `${MDEV}/guest_matrix`)).toBe('ENODEV');
    const open = after(closed, { type: 'StartGuest', mdev: UUID, guest: 'guest1' });
    expect(cat(open, `${MDEV}/guest_matrix`)).toBe('05.0047\n');
    expect(cat(hostWithMdev('7.3'), `${MDEV}/guest_matrix`)).toBe('05.0047\n');
  });

  it('module parameters show what was given, or that nothing was', () => {
    const boot = { apmask: '+5,+6' };
    expect(cat(bareHost('7.3', {}, boot), 'module/ap/parameters/apmask')).toBe('+5,+6\n');
    expect(cat(bareHost('7.3', {}, boot), 'module/ap/parameters/aqmask')).toBe('(null)\n');
    expect(attributeAt(bareHost('7.3'), 'module/ap/parameters/apmask').mode).toBe(0o444);
    expect(attributeAt(bareHost('6.12'), 'module/ap/parameters/apmask').mode).toBe(0o440);
  });
});

describe('a bus without QCI', () => {
  it('knows neither masks nor features', () => {
    const state = bareHost('7.3', { qci: false, apxa: false });
    expect(cat(state, 'bus/ap/ap_adapter_mask')).toBe('not supported\n');
    expect(cat(state, 'bus/ap/features')).toBe('-\n');
    expect(cat(state, 'bus/ap/ap_max_adapter_id')).toBe('63\n');
    expect(cat(state, 'bus/ap/ap_max_domain_id')).toBe('15\n');
  });
});

describe('a card', () => {
  const state = bareHost('7.3');
  const ep11 = ['API_ordinalnr', 'FW_version', 'op_modes'];

  it('shows its type, its mode and what that mode has', () => {
    expect(['05', '06', '07'].map((id) => cat(state, `devices/ap/card${id}/type`))).toEqual([
      'CEX8C\n',
      'CEX7P\n',
      'CEX4A\n',
    ]);
    expect(names(state, 'devices/ap/card06')).toEqual(expect.arrayContaining([...ep11, 'serialnr']));
    expect(names(state, 'devices/ap/card05')).toContain('serialnr');
    expect(names(state, 'devices/ap/card05').filter((name) => ep11.includes(name))).toEqual([]);
    expect(names(state, 'devices/ap/card07')).not.toContain('serialnr');
    expect(cat(state, 'devices/ap/card05/serialnr')).toHaveLength(8 + 1);
  });

  it('says in its uevent what udev and libvirt look for', () => {
    expect(cat(state, 'devices/ap/card05/uevent')).toBe(
      'DEVTYPE=ap_card\nDRIVER=cex4card\nDEV_TYPE=000E\nMODALIAS=ap:t0E\nMODE=cca\n',
    );
  });

  it.each([
    ['2019-v2', '7\n'],
    ['5.10', '8\n'],
    ['7.3', '8\n'],
  ] as const)('of %s has a depth of %j: in 2019 what TAPQ says, one less', (driver, depth) => {
    expect(cat(bareHost(driver), 'devices/ap/card05/depth')).toBe(depth);
  });

  it('newer than the bus is served as the newest that it knows', () => {
    const old = bareHost('5.10');
    const files = ['hwtype', 'raw_hwtype', 'modalias', 'type'];
    expect(files.map((file) => cat(old, `devices/ap/card05/${file}`))).toEqual([
      '13\n',
      '14\n',
      'ap:t0D\n',
      'CEX7C\n',
    ]);
    expect(cat(old, 'devices/ap/card05/uevent')).toBe(
      'DEVTYPE=ap_card\nDRIVER=cex4card\nDEV_TYPE=000D\nMODALIAS=ap:t0D\n',
    );
    expect(cat(old, 'devices/ap/card05/05.0004/uevent')).toBe(
      'DEVTYPE=ap_queue\nDRIVER=cex4queue\nDEV_TYPE=000D\nMODALIAS=ap:t0D\n',
    );
  });

  it.each([
    [6, 'A', 'CEX2A\n', 'cex2acard'],
    [9, 'C', 'CEX3C\n', 'cex2ccard'],
  ] as const)('of hardware type %i has a driver of its own in 6.1', (type, mode, name, driver) => {
    const old = bareHost('6.1', { cards: [{ adapter: 5, type, mode }] });
    expect(cat(old, 'devices/ap/card05/type')).toBe(name);
    expect(nodeAt(old, `bus/ap/drivers/${driver}/card05`)?.kind).toBe('link');
    expect(names(old, 'bus/ap/drivers/cex4card')).toEqual(['bind', 'card06', 'card07', 'uevent', 'unbind']);
    expect(cat(old, `bus/ap/drivers/${driver.replace('card', 'queue')}/05.0004/online`)).toBe('1\n');
  });

  it('is online only while it is configured', () => {
    const off = store(state, 'devices/ap/card05/config', '0\n');
    expect(cat(off, 'devices/ap/card05/config')).toBe('0\n');
    expect(cat(off, 'devices/ap/card05/online')).toBe('0\n');
  });

  it('cannot be bound twice, nor unbound', () => {
    const write = (file: string, name = 'card05\n') => {
      const wanted = attributeAt(state, `bus/ap/drivers/cex4card/${file}`).write(name);
      return wanted !== undefined && 'command' in wanted
        ? decide(state, wanted.command).refusal?.errno
        : wanted;
    };
    expect(write('bind')).toBe('EBUSY');
    expect(write('unbind')).toBe('EOPNOTSUPP');
    expect(write('unbind', 'card77')).toBe('ENODEV');
  });
});

describe('a queue', () => {
  const host = ['load', 'mkvps', 'online'];

  it('has the files of the driver that it is bound to', () => {
    const state = hostWithMdev('7.3');
    expect(names(state, 'devices/ap/card05/05.0004')).toEqual(expect.arrayContaining(host));
    expect(names(state, 'devices/ap/card05/05.0004')).not.toContain('status');
    expect(names(state, QUEUE)).toContain('status');
    expect(names(state, QUEUE).filter((name) => host.includes(name))).toEqual([]);
    const unbound = store(state, 'bus/ap/drivers/vfio_ap/unbind', '05.0047');
    expect(names(unbound, QUEUE).filter((name) => [...host, 'status', 'driver'].includes(name))).toEqual([]);
    expect(cat(unbound, `${QUEUE}/uevent`)).toBe('DEVTYPE=ap_queue\nMODE=cca\n');
  });

  it('counts requests only while zcrypt has it', () => {
    const state = hostWithMdev('7.3');
    expect(cat(state, 'devices/ap/card05/05.0004/request_count')).toBe('0\n');
    expect(cat(state, `${QUEUE}/request_count`)).toBe('-\n');
  });

  it('is unassigned, assigned, and in use while the guest has its adapter and its domain', () => {
    let state = hostWithMdev('7.3');
    expect(cat(state, 'devices/ap/card06/06.0047/status')).toBe('unassigned\n');
    expect(cat(state, `${QUEUE}/status`)).toBe('assigned\n');
    state = after(state, { type: 'StartGuest', mdev: UUID, guest: 'guest1' });
    expect(cat(state, `${QUEUE}/status`)).toBe('in use\n');
    // Adapter 06 cannot go into the guest while one of its queues is bound to nobody.
    state = store(state, 'bus/ap/aqmask', '-0xff');
    state = store(state, 'bus/ap/drivers/vfio_ap/unbind', '06.00ff');
    state = store(state, `${MDEV}/assign_domain`, '0xff');
    state = store(state, `${MDEV}/assign_adapter`, '6');
    expect(cat(state, 'devices/ap/card06/06.0047/status')).toBe('assigned\n');
    expect(cat(state, `${QUEUE}/status`)).toBe('in use\n');
    state = store(state, `${MDEV}/unassign_adapter`, '5');
    expect(cat(state, `${QUEUE}/status`)).toBe('unassigned\n');
  });

  it('has no ap_functions once it left the host and the bus has not noticed', () => {
    const gone = after(bareHost('7.3'), { type: 'ChangeHardware', domains: [4] });
    expect(cat(gone, `${QUEUE}/ap_functions`)).toBe('0x00000000\n');
    expect(cat(store(gone, 'bus/ap/scans', '\n'), `${QUEUE}/ap_functions`)).toBe('ENOENT');
  });
});

describe('files of more than a page', () => {
  it.each(GENERATIONS)('%s: matrix stops at 4095 bytes, in the middle of a line', (driver) => {
    const ids = (count: number) => Array.from({ length: count }, (_, id) => id);
    const many = { adapters: ids(32), domains: ids(16), cards: [] };
    let state = after(bareHost(driver, many), { type: 'WriteMask', mask: 'apmask', text: '0' });
    state = store(state, `${TYPE}/create`, UUID);
    for (let id = 0; id < 32; id++) {
      state = store(state, `${MDEV}/assign_adapter`, `${id}`);
      if (id < 16) state = store(state, `${MDEV}/assign_domain`, `${id}`);
    }
    const text = cat(state, `${MDEV}/matrix`);
    expect(text).toHaveLength(4095);
    expect(text.endsWith('1f.000e\n1f.000f')).toBe(true);
  });
});

describe('a write', () => {
  const state = hostWithMdev('7.3');

  it('of no bytes has no effect', () => {
    expect(attributeAt(state, 'bus/ap/scans').write('')).toBeUndefined();
    expect(attributeAt(state, 'bus/ap/apmask').write('')).toBeUndefined();
  });

  it('of more than a page arrives as its first 4096 bytes', () => {
    const wanted = attributeAt(state, 'bus/ap/apmask').write('f'.repeat(5000));
    expect(wanted).toEqual({ command: { type: 'WriteMask', mask: 'apmask', text: 'f'.repeat(4096) } });
  });

  it.each([
    ['bus/ap/scans', { type: 'ScanBus' }],
    ['bus/ap/aqmask', { type: 'WriteMask', mask: 'aqmask', text: '1' }],
    ['bus/ap/ap_domain', { type: 'WriteBusAttribute', attribute: 'ap_domain', text: '1' }],
    ['bus/ap/drivers_probe', { type: 'ProbeDevice', text: '1' }],
    ['bus/ap/drivers/vfio_ap/bind', { type: 'BindQueue', driver: 'vfio_ap', text: '1' }],
    ['bus/ap/drivers/cex4queue/unbind', { type: 'UnbindQueue', driver: 'cex4queue', text: '1' }],
    ['devices/ap/card06/config', { type: 'ConfigureCard', adapter: 6, text: '1' }],
    ['devices/ap/card06/online', { type: 'SetOnline', device: 'card06', text: '1' }],
    ['devices/ap/card06/06.0004/online', { type: 'SetOnline', device: '06.0004', text: '1' }],
    [`${QUEUE}/reset`, { type: 'ResetQueue', queue: '05.0047', text: '1' }],
    [`${QUEUE}/driver_override`, { type: 'OverrideDriver', queue: '05.0047', text: '1' }],
    [`${TYPE}/create`, { type: 'CreateMdev', text: '1' }],
    [`${MDEV}/remove`, { type: 'RemoveMdev', mdev: UUID, text: '1' }],
    [`${MDEV}/assign_adapter`, { type: 'AssignAdapter', mdev: UUID, text: '1' }],
    [`${MDEV}/unassign_adapter`, { type: 'UnassignAdapter', mdev: UUID, text: '1' }],
    [`${MDEV}/assign_domain`, { type: 'AssignDomain', mdev: UUID, text: '1' }],
    [`${MDEV}/unassign_domain`, { type: 'UnassignDomain', mdev: UUID, text: '1' }],
    [`${MDEV}/assign_control_domain`, { type: 'AssignControlDomain', mdev: UUID, text: '1' }],
    [`${MDEV}/unassign_control_domain`, { type: 'UnassignControlDomain', mdev: UUID, text: '1' }],
    [`${MDEV}/ap_config`, { type: 'ConfigureMdev', mdev: UUID, text: '1' }],
  ])('to %s asks for a command', (path, command) => {
    expect(attributeAt(state, path).write('1')).toEqual({ command });
  });

  it.each(['devices/ap/card05/request_count', `${QUEUE}/request_count`, `${MDEV}/uevent`])(
    'to %s is accepted, and asks for nothing but to be recorded',
    (path) => {
      expect(attributeAt(state, path).write('1')).toEqual({
        command: { type: 'WriteAttribute', path, text: '1' },
      });
      expect(attributeAt(state, path).write('')).toBeUndefined();
    },
  );
});
