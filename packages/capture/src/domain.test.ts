import { describe, expect, it } from 'vitest';
import { readDomainStatus } from './domain.ts';
import { Unreadable } from './observed.ts';

const MDEV = '11111111-1111-4111-8111-111111111111';
const hostdev = (uuid: string, model = 'vfio-ap'): string =>
  `<hostdev mode='subsystem' type='mdev' managed='no' model='${model}'><source><address uuid='${uuid}'/></source></hostdev>`;
const status = (name: string, devices = ''): string =>
  `<domstatus state='running' reason='booted' pid='4711'><domain type='kvm' id='1'><name>${name}</name><devices>${devices}</devices></domain></domstatus>`;

describe('libvirt’s file of a running domain', () => {
  it('names the domain, its process and its mdevs of vfio_ap', () => {
    const other = hostdev('22222222-2222-4222-8222-222222222222', 'vfio-ccw');
    expect(readDomainStatus(status('web', hostdev(MDEV.toUpperCase()) + other), 'web.xml')).toEqual({
      name: 'web',
      pid: 4711,
      mdevs: [MDEV],
    });
  });

  it('gives a hostile name as it is, and a process that is none as unknown', () => {
    const text = status('a&lt;b&gt;\u202e&quot;').replace('4711', '-1');
    expect(readDomainStatus(text, 'x.xml')).toMatchObject({ name: 'a<b>\u202e"', pid: undefined });
  });

  it.each([
    ['broken XML', '<domstatus><domain>'],
    ['another root', '<domain><name>web</name></domain>'],
    ['a document type', `<!DOCTYPE x [<!ENTITY a "b">]>${status('web')}`],
    ['no name', status('')],
    ['too deep a nest', `<domstatus>${'<a>'.repeat(100)}${'</a>'.repeat(100)}</domstatus>`],
  ])('is refused with %s', (_, text) => {
    expect(() => readDomainStatus(text, 'x.xml')).toThrow(Unreadable);
  });
});
