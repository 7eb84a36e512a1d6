/** The life of a mounted host: how it comes, how it ends, what is left. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { apledger, inRepository } from '../cli/support.ts';
import { scratch } from '../support/file.ts';
import { mountLab, startLab, startProgram } from './process.ts';
import { noMount } from './support.ts';

const HOST = ['zlp1', 'adapters=5,6', 'domains=4,0x47'] as const;
const UUID = '11111111-1111-4111-8111-111111111111';
const OTHER = '22222222-2222-4222-8222-222222222222';
const PROGRAM = inRepository('services/cli/bin/apledger.mjs');

const mountsAt = (at: string): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.split(' ')[4] === at);

const place = () => {
  const directory = scratch();
  return { at: join(directory, 'sys'), data: join(directory, 'data') };
};

describe.skipIf(noMount !== undefined)('lab mount --at', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('is unmounted on %s', async (signal) => {
    const { at, data } = place();
    const lab = await mountLab(...HOST, '--at', at, '--data', data);
    expect(readdirSync(at)).toEqual(['bus', 'class', 'devices', 'kernel', 'module']);
    lab.signal(signal);
    expect(await lab.ended()).toBe(0);
    expect(mountsAt(at)).toEqual([]);
    expect(readdirSync(at)).toEqual([]);
  });

  it('has a place of its own below the data directory', async () => {
    const { data } = place();
    const lab = await mountLab(...HOST, '--data', data);
    expect(statSync(join(data, 'lab/zlp1/sys/bus/ap/apmask')).size).toBe(4096);
    lab.signal('SIGTERM');
    expect(await lab.ended()).toBe(0);
  });

  it('ends when somebody else unmounts it, and says so', async () => {
    const { at, data } = place();
    const lab = await mountLab(...HOST, '--at', at, '--data', data);
    expect(await startProgram('umount', [at]).ended()).toBe(0);
    expect(await lab.ended()).toBe(0);
    expect(lab.output()).toContain(`${at} was unmounted`);
  });

  it('after kill -9 takes the dead mount away, and shows all that was acknowledged', async () => {
    const { at, data } = place();
    const killed = await mountLab(...HOST, '--at', at, '--data', data);
    const shell = startProgram('bash', ['-c', `echo -5 > ${at}/bus/ap/apmask && cat ${at}/bus/ap/apmask`]);
    expect(await shell.ended()).toBe(0);
    killed.signal('SIGKILL');
    expect(await killed.ended()).toBe('SIGKILL');
    expect(() => readdirSync(at)).toThrow(/ENOTCONN/);
    const lab = await mountLab('zlp1', '--at', at, '--data', data);
    expect(lab.output()).toContain(`${at}: a mount whose server had died was there; it was taken away`);
    expect(readFileSync(join(at, 'bus/ap/apmask'), 'utf8')).toBe(shell.output());
    expect(mountsAt(at)).toHaveLength(1);
    lab.signal('SIGTERM');
    await lab.ended();
  });

  it('does not mount over another lab', async () => {
    const { at, data } = place();
    const lab = await mountLab(...HOST, '--at', at, '--data', data);
    const second = startLab('mount', 'zlp1', '--at', at, '--data', data);
    expect(await second.ended()).toBe(2);
    expect(second.output()).toContain(`${at} is mounted already`);
    lab.signal('SIGTERM');
    await lab.ended();
  });

  it('leaves files that are open without an answer, not without an end', async () => {
    const { at, data } = place();
    const lab = await mountLab(...HOST, '--at', at, '--data', data);
    const shell = startProgram('bash', ['-c', `exec 3< ${at}/bus/ap/apmask; echo open; read -r; cat <&3`]);
    await shell.said(/open/);
    lab.signal('SIGTERM');
    expect(await lab.ended()).toBe(0);
    shell.type('\n');
    expect(await shell.ended()).toBe(1);
    expect(shell.output()).toMatch(/Transport endpoint is not connected|No such device/);
  });

  it.each([
    [['adapters=5'], /host zlp1 is in the log already/],
    [['adapters=x'], /adapters=x: ids are 0 to 255/],
  ])('refuses settings %j', async (settings, reason) => {
    const { at, data } = place();
    (await mountLab(...HOST, '--at', at, '--data', data)).signal('SIGTERM');
    const { status, err } = await apledger('lab', 'mount', 'zlp1', ...settings, '--at', at, '--data', data);
    expect({ status, err }).toEqual({ status: 2, err: expect.stringMatching(reason) });
  });

  it('mounts in a user namespace, where nobody outside sees it', async () => {
    const { at, data } = place();
    const script = `${process.execPath} ${PROGRAM} lab mount ${HOST.join(' ')} --at ${at} --data ${data} & lab=$!
      until grep -q ${at} /proc/self/mountinfo; do read -rt 0.05; done
      cat ${at}/bus/ap/ap_domain; kill $lab; wait $lab; echo ended with $?`;
    const shell = startProgram('unshare', ['-Urm', 'bash', '-c', script]);
    await shell.said(/ended with/);
    expect(shell.output()).toMatch(/^4$[\s\S]*ended with 0/m);
    expect(mountsAt(at)).toEqual([]);
  });
});

describe.skipIf(noMount !== undefined)('lab mount --over-sys', () => {
  const overSys = (data: string, ...command: string[]) =>
    startLab('mount', ...HOST, '--over-sys', '--data', data, '--', ...command);

  it('runs the command over the tree, beside the real rest of /sys, and ends as it does', async () => {
    const { data } = place();
    const lab = overSys(data, 'bash', '-c', 'cat /sys/bus/ap/ap_domain; ls /sys/class /sys; exit 7');
    expect(await lab.ended()).toBe(7);
    expect(lab.output()).toMatch(/^4$/m);
    expect(lab.output().split('\n')).toEqual(
      expect.arrayContaining(['mdev_bus', ...readdirSync('/sys'), ...readdirSync('/sys/class')]),
    );
    expect(existsSync('/sys/bus/ap/ap_domain')).toBe(false);
  });

  it('is 128 and the signal when one ends the command, and 2 when there is no such command', async () => {
    const { data } = place();
    expect(await overSys(data, 'bash', '-c', 'kill -9 $$').ended()).toBe(128 + 9);
    const missing = startLab('mount', 'zlp1', '--over-sys', '--data', data, '--', 'no-such-program');
    expect(await missing.ended()).toBe(2);
    expect(missing.output()).toContain('no-such-program');
  });

  it('hands SIGTERM to the command', async () => {
    const { data } = place();
    const lab = overSys(data, 'bash', '-c', "trap 'echo told; exit 3' TERM; echo ready; read -r");
    await lab.said(/ready/);
    lab.signal('SIGTERM');
    expect(await lab.ended()).toBe(3);
    expect(lab.output()).toContain('told');
  });

  it('takes the command with it when it is killed', async () => {
    const { data } = place();
    const lab = overSys(data, 'bash', '-c', "trap 'echo told' EXIT; trap 'exit 3' TERM; echo ready; read -r");
    await lab.said(/ready/);
    lab.signal('SIGKILL');
    await lab.said(/told/);
    expect(await lab.ended()).toBe('SIGKILL');
  });

  it('keeps locks, definitions and udev rules to itself: locks for its time, the others with the host', async () => {
    const { data } = place();
    const probe =
      'echo lock > /run/lock/apledger-test; mkdir -p /etc/mdevctl.d/matrix; echo > /etc/udev/rules.d/41-ap.rules; ls -R /etc/mdevctl.d';
    const first = overSys(data, 'bash', '-c', probe);
    expect(await first.ended()).toBe(0);
    expect(first.output()).toMatch(/^callouts$[\s\S]*^notifiers$/m);
    expect(existsSync('/run/lock/apledger-test')).toBe(false);
    expect(existsSync('/etc/mdevctl.d/matrix')).toBe(false);
    expect(existsSync('/etc/udev/rules.d/41-ap.rules')).toBe(false);
    const second = startLab(
      'mount',
      'zlp1',
      '--over-sys',
      '--data',
      data,
      '--',
      'ls',
      '/etc/mdevctl.d',
      '/etc/udev/rules.d',
      '/run/lock',
    );
    expect(await second.ended()).toBe(0);
    expect(second.output()).toMatch(/^matrix$[\s\S]*^41-ap.rules$/m);
    expect(second.output()).not.toContain('apledger-test');
  });

  it.each([
    [['--over-sys'], /--over-sys needs a command/],
    [['--', 'ls'], /needs --over-sys/],
    [['--over-sys', '--at', '/mnt', '--', 'ls'], /cannot be used with option/],
  ])('refuses %j', async (args, reason) => {
    const { status, err } = await apledger('lab', 'mount', 'zlp1', '--data', scratch(), ...args);
    expect({ status, err }).toEqual({ status: 2, err: expect.stringMatching(reason) });
  });
});

describe.skipIf(noMount !== undefined)('a removal that has to wait', () => {
  it('holds its writer until another process stops the guest; a signal frees the writer, not the mdev', async () => {
    const { at, data } = place();
    const lab = await mountLab(...HOST, 'driver=7.3', '--at', at, '--data', data);
    const parent = join(at, 'devices/vfio_ap/matrix');
    for (const uuid of [UUID, OTHER]) {
      writeFileSync(join(parent, 'mdev_supported_types/vfio_ap-passthrough/create'), uuid);
      expect((await apledger('lab', 'guest', 'start', uuid, uuid, '--data', data)).status).toBe(0);
    }
    const follow = startProgram(process.execPath, [PROGRAM, 'events', '--follow', '--data', data]);
    const patient = startProgram('bash', ['-c', `echo 1 > ${parent}/${UUID}/remove; echo done`]);
    await follow.said(/MdevRemovalBlocked/);
    const killed = startProgram('bash', ['-c', `echo 1 > ${parent}/${OTHER}/remove`]);
    await follow.said(/MdevRemovalBlocked[\s\S]*MdevRemovalBlocked/);
    killed.signal('SIGKILL');
    expect(await killed.ended()).toBe('SIGKILL');
    for (const uuid of [UUID, OTHER]) {
      expect(existsSync(join(parent, uuid, 'remove'))).toBe(false);
      expect(existsSync(join(parent, uuid, 'mdev_type'))).toBe(true);
    }
    expect(patient.output()).toBe('');

    for (const uuid of [UUID, OTHER])
      expect((await apledger('lab', 'guest', 'stop', uuid, '--data', data)).status).toBe(0);
    expect(await patient.ended()).toBe(0);
    expect(patient.output()).toBe('done\n');
    for (const uuid of [UUID, OTHER]) expect(existsSync(join(parent, uuid))).toBe(false);
    for (const each of [follow, lab]) each.signal('SIGTERM');
    expect(await lab.ended()).toBe(0);
  });
});
