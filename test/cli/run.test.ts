/** `apledger run`: scripts as a shell would carry them out. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratch } from '../support/file.ts';
import { apledger, file, objects } from './support.ts';

const UUID = '11111111-1111-4111-8111-111111111111';
const OTHER = '22222222-2222-4222-8222-222222222222';
const HOST = `host h adapters=5,6 domains=4,0x47
echo -5,-6 > /sys/bus/ap/apmask
cd /sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough
echo ${UUID} > create
echo ${OTHER} > create
`;

const run = (script: string, ...args: string[]) => apledger('run', file('script.sh', script), ...args);

describe('a refused write', () => {
  it('prints what a shell prints and why, and the script goes on', async () => {
    const { status, out, err } = await run(`${HOST}cd ../../${UUID}
echo 5 > assign_adapter
echo 4 > assign_domain
cd ../${OTHER}
echo 4 > assign_domain
echo 5 > assign_adapter
cat matrix
`);
    expect(status).toBe(1);
    expect(err).toContain('script.sh: line 11: echo: write error: Address already in use\n');
    expect(err).toContain(`EADDRINUSE: 05.0004 would be in the matrix, but mdev ${UUID} has it.`);
    expect(err).toContain(`Unassign the adapter or the domain from mdev ${UUID} first.`);
    expect(out).toBe('.0004\n');
  });

  it.each([
    [
      'EADDRNOTAVAIL',
      'Cannot assign requested address',
      'echo 7 > assign_adapter',
      /07\.0004 would be in the matrix, but belongs to the host/,
    ],
    ['EINVAL', 'Invalid argument', 'echo five > assign_adapter', /"five\\n" is not a number/],
    [
      'ERANGE',
      'Numerical result out of range',
      'echo 99999999999999999999 > assign_adapter',
      /2\^64 or more/,
    ],
    ['ENODEV', 'No such device', 'echo 256 > assign_adapter', /highest adapter of this machine is 255/],
    [
      'EEXIST',
      'File exists',
      `echo ${UUID} > /sys/devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough/create`,
      /is an mdev/,
    ],
    [
      'EBUSY',
      'Device or resource busy',
      'echo 05.0004 > /sys/bus/ap/drivers/vfio_ap/bind',
      /bound to vfio_ap already/,
    ],
  ])('ends with %s, told as "%s"', async (errno, words, write, why) => {
    const { status, err } = await run(`${HOST}cd ../../${UUID}\necho 4 > assign_domain\n${write}\n`);
    expect(status).toBe(1);
    expect(err).toContain(`echo: write error: ${words}\n    ${errno}: `);
    expect(err).toMatch(why);
  });

  it('does not count when it was expected', async () => {
    const { status, err } = await run(`${HOST}cd ../../${UUID}\n! echo 256 > assign_adapter\n`);
    expect(status).toBe(0);
    expect(err).toContain('write error: No such device');
  });

  it('counts when it was expected and did not happen', async () => {
    const { status, err } = await run(`${HOST}cd ../../${UUID}\n! echo 5 > assign_adapter\n`);
    expect(status).toBe(1);
    expect(err).toContain('succeeded, but ! says that it must fail');
  });
});

describe('a line that a shell reads in another way', () => {
  it.each<[string | Buffer, RegExp]>([
    ['cat /sys/devices/ap/card*/config', /line 6: \* is part of a pattern .*: write every name out/],
    ['cat /sys/devices/ap/card0{5,6}/config', /line 6: \{ belongs to braces .*: write every word out/],
    ['echo 5>assign_adapter', /line 6: 5> is a file descriptor .*: write "5 >", with a blank/],
    ['echo 5 > assign_adapter\r', /line 6: ends in a carriage return/],
    [Buffer.from('echo \xff > assign_adapter', 'latin1'), /not valid/],
  ])('%s: nothing of its script is carried out', async (line, why) => {
    const data = scratch();
    const script = file('script.sh', Buffer.concat([Buffer.from(HOST), Buffer.from(line)]));
    const { status, out, err } = await apledger('run', script, '--data', data);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toMatch(why);
    expect((await apledger('events', '--data', data)).out).toBe('');
  });

  it('is written as bash writes it where that is one write', async () => {
    const { status, out } = await run(
      `${HOST}cd ../../${UUID}\necho -e 5 > assign_adapter\necho -ne "6\\n" > assign_adapter\ncat matrix\n`,
    );
    expect({ status, out }).toEqual({ status: 0, out: '05.\n06.\n' });
  });
});

describe('files', () => {
  it('are read, listed and followed as below /sys', async () => {
    const { status, out } = await run(`${HOST}cat /sys/bus/ap/apmask
cd /sys/bus/ap
readlink devices/05.0047
ls drivers
cat devices/card05/type
`);
    expect(status).toBe(0);
    expect(out).toBe(`0xf9${'f'.repeat(62)}
../../../devices/ap/card05/05.0047
cex4card
cex4queue
vfio_ap
CEX8C
`);
  });

  it.each([
    ['cat /sys/bus/ap/nothing', 'cat: /sys/bus/ap/nothing: No such file or directory'],
    ['cat /etc/passwd', 'cat: /etc/passwd: No such file or directory'],
    ['cat /sys/bus/ap', 'cat: /sys/bus/ap: Is a directory'],
    [`cat ../../${UUID}/assign_adapter`, 'assign_adapter: Permission denied'],
    ['echo 1 > /sys/bus/ap/ap_max_domain_id', '/sys/bus/ap/ap_max_domain_id: Permission denied'],
    ['echo 1 > /sys/bus/ap/nothing', '/sys/bus/ap/nothing: No such file or directory'],
    ['echo 1 > /sys/bus', '/sys/bus: Is a directory'],
    ['cd /sys/nowhere', 'cd: /sys/nowhere: No such file or directory'],
    ['cd /sys/bus/ap/apmask', 'cd: /sys/bus/ap/apmask: Not a directory'],
    ['ls nothing', "ls: cannot access 'nothing': No such file or directory"],
    ['readlink /sys/bus/ap/apmask', 'readlink: /sys/bus/ap/apmask: Invalid argument'],
    [`cat ../../${UUID}/guest_matrix`, 'guest_matrix: No such device'],
  ])('%s fails as in a shell', async (line, told) => {
    const { status, err } = await run(`${HOST}${line}\n`);
    expect(status).toBe(1);
    expect(err).toContain(`line 6: `);
    expect(err).toContain(told);
  });
});

describe('guests', () => {
  it('are named when they are in the way', async () => {
    const { err } = await run(
      `${HOST}guest start web ${UUID}\nguest start db ${UUID}\nguest stop db\nguest start db ${UUID.replaceAll('1', '9')}\n`,
    );
    expect(err).toContain('line 7: guest start db: Device or resource busy');
    expect(err).toContain('(guest web) is open already');
    expect(err).toContain('line 8: guest stop db: it is not running: No such device');
    expect(err).toContain('line 9: guest start db: No such file or directory');
  });

  it('that block a removal leave the writer asleep in 7.3, and complete it when they stop', async () => {
    const { status, err, out } =
      await run(`${HOST.replace('domains', 'driver=7.3 domains')}guest start web ${UUID}
echo 1 > ../../${UUID}/remove
! cat ../../${UUID}/matrix
ls ../../${UUID}
guest stop web
! ls ../../${UUID}
ls devices
`);
    expect(status).toBe(0);
    expect(err).toContain('line 7: the writer sleeps until the guest closes the mdev');
    expect(out).not.toContain('matrix');
    expect(out.endsWith(`\n${OTHER}\n`)).toBe(true);
  });
});

describe('hardware', () => {
  it('changes at the next scan', async () => {
    const { status, out } =
      await run(`${HOST}hardware adapters=5\nls /sys/devices/ap\nscan\nls /sys/devices/ap
card 05 config=0\ncat /sys/devices/ap/card05/config\ncard 05 chkstop=1\nscan\ncat /sys/devices/ap/card05/chkstop\n`);
    expect(status).toBe(0);
    expect(out.split('\n').filter((line) => /^(card|\d)/.test(line))).toEqual([
      'card05',
      'card06',
      'card05',
      '0',
      '0',
    ]);
  });
});

describe('--trace', () => {
  it('shows every line before what it prints', async () => {
    const { err, out } = await run(
      'x=5\nhost h adapters=$x domains=4 # one\ncat /sys/bus/ap/ap_domain\n',
      '-x',
    );
    expect(err).toMatch(/^\+ host h adapters=\$x domains=4 # one\n\+ cat \/sys\/bus\/ap\/ap_domain\n/);
    expect(out).toBe('4\n');
  });
});

describe('--json', () => {
  it('prints one object a step: line, op, errno, output, events', async () => {
    const { status, out } = await run(
      `${HOST}cat /sys/bus/ap/apmask\necho +1,2 > /sys/bus/ap/apmask\n`,
      '--json',
    );
    expect(status).toBe(1);
    const steps = objects(out);
    expect(steps).toHaveLength(7);
    expect(steps[1]).toMatchObject({
      line: 2,
      op: 'echo -5,-6 > /sys/bus/ap/apmask',
      errno: null,
      output: '',
    });
    const types = (steps[1]?.events as { type: string }[] | undefined)?.map(({ type }) => type);
    expect(types).toEqual(['MaskChanged', 'QueueReset', 'QueueUnbound', 'QueueBound']);
    expect(steps[5]).toMatchObject({ output: `0xf9${'f'.repeat(62)}\n`, events: [] });
    expect(steps[6]).toMatchObject({
      errno: 'EINVAL',
      asExpected: false,
      events: [{ type: 'CommandRejected' }],
    });
    expect(steps[6]?.explanation).toBe('"+1,2\\n" is no apmask.');
  });
});

describe('a log', () => {
  it('keeps what scripts did, and the next script goes on with its only host', async () => {
    const data = scratch();
    expect((await run(HOST, '--data', data)).status).toBe(0);
    const { status, out } = await run(
      `echo 5 > /sys/devices/vfio_ap/matrix/${UUID}/assign_adapter\ncat /sys/devices/vfio_ap/matrix/${UUID}/matrix\n`,
      '--data',
      data,
    );
    expect({ status, out }).toEqual({ status: 0, out: '05.\n' });
  });

  it('leaves the state of a long history behind, which changes nothing', async () => {
    const data = scratch();
    await run(
      `${HOST}${'! echo 256 > ../../'.concat(UUID, '/assign_adapter\n').repeat(120)}`,
      '--data',
      data,
    );
    const next = `echo 5 > /sys/devices/vfio_ap/matrix/${UUID}/assign_adapter\ncat /sys/devices/vfio_ap/matrix/${UUID}/matrix\n`;
    expect(await run(next, '--data', data)).toMatchObject({ status: 0, out: '05.\n' });
    expect(existsSync(join(data, 'read-model.sqlite'))).toBe(true);
  });

  it('refuses to register a host twice, and selects it by name', async () => {
    const data = scratch();
    await run(HOST, '--data', data);
    const { status, err } = await run('host h adapters=1 domains=1\n', '--data', data);
    expect(status).toBe(1);
    expect(err).toContain('host: h: File exists');
    expect((await run('host h\ncat /sys/bus/ap/apmask\n', '--data', data)).status).toBe(0);
    expect((await run('host nobody\n', '--data', data)).err).toContain('host: nobody: No such device');
  });
});

describe('a script that cannot be read', () => {
  it('changes nothing', async () => {
    const data = scratch();
    const { status, err, out } = await run(`${HOST}nonsense\n`, '--data', data);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toContain('script.sh: line 6: nonsense: no such command');
    expect((await apledger('events', '--data', data)).err).toContain('there is no log');
  });

  it('is named when it is not there', async () => {
    const { status, err } = await apledger('run', '/nowhere/script.sh');
    expect(status).toBe(2);
    expect(err).toContain('/nowhere/script.sh');
  });

  it('needs a host first', async () => {
    const { status, err } = await run('cat /sys/bus/ap/apmask\n');
    expect(status).toBe(1);
    expect(err).toContain('no host yet');
  });
});
