/** Beginnings and ends: of callers, of what is shown, of mounts and of their servers. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { removeStale } from './index.ts';
import { findMount, isDead } from './mount-table.ts';
import { bash, cannotMount, mounted, mounting, place, Running, ran, Tree, value } from './test-support.ts';

const transports = [
  ['the event loop', {}],
  ['a thread of the pool', { transport: 'pool' }],
] as const;

/** A file whose stores never end, and when one has begun. */
function endless() {
  const begun = Promise.withResolvers<void>();
  const file = value('1\n', {
    write: () => {
      begun.resolve();
      return new Promise(() => undefined);
    },
  });
  return { file, begun: begun.promise };
}

describe.skipIf(cannotMount).each(transports)(mounting('the ends of a mount read by %s'), (_, options) => {
  it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('a writer who waits dies of %s', async (signal) => {
    const { file, begun } = endless();
    const { at } = await mounted(new Tree({ file }), options);
    const writer = bash(at, 'exec > "$MNT/file"; echo 1');
    await begun;
    writer.kill(signal);
    expect(await writer.ended).toMatchObject({ signal });
    expect((await ran(at, 'cat file')).out).toBe('1');
  });

  it('a writer who handles the signal gets EINTR', async () => {
    const { file, begun } = endless();
    const { at } = await mounted(new Tree({ file }), options);
    const writer = bash(at, 'trap "echo trapped" USR1; echo 1 > "$MNT/file"; echo status $?');
    await begun;
    writer.kill('SIGUSR1');
    const { out, err } = await writer.finish();
    expect(out).toBe('trapped\nstatus 1');
    expect(err).toContain('write error: Interrupted system call');
  });

  it('open files of what is gone answer ENODEV, whatever has come to its place', async () => {
    const device = { 'dev/attribute': value('old\n'), 'dev/remove': value('', { mode: 0o200 }) };
    const tree = new Tree(device);
    const { at, gone } = await mounted(tree, options);
    const shell = bash(
      at,
      `cd "$MNT/dev"; exec 3< attribute 4> remove; echo ready; read -r
       cat <&3; echo 1 >&4; ls .; cat "$MNT/dev/attribute"; echo next; read -r
       cat <&3; cat "$MNT/dev/attribute"; stat -c %s - <&3`,
    );
    expect(await shell.line()).toBe('ready');
    tree.change({ 'dev/attribute': undefined, 'dev/remove': undefined });
    gone('dev');
    shell.say('');
    expect(await shell.line()).toBe('next');
    tree.change({ ...device, 'dev/attribute': value('new\n') });
    shell.say('');
    const { out, err } = await shell.finish();
    expect(out).toBe('new\n4096');
    expect(err.split('\n')).toEqual([
      'cat: -: No such device',
      expect.stringContaining('write error: No such device'),
      expect.stringMatching(/^ls: .*: No such file or directory$/),
      expect.stringMatching(/^cat: .*: No such file or directory$/),
      'cat: -: No such device',
      '',
    ]);
  });

  it('what comes and goes is seen at once', async () => {
    const tree = new Tree({ a: value('a\n') });
    const { at } = await mounted(tree, options);
    expect((await ran(at, 'ls; cat a b')).out).toBe('a\na');
    tree.change({ a: undefined, b: value('b\n') });
    expect((await ran(at, 'ls; cat a b')).out).toBe('b\nb');
    tree.change({ b: { kind: 'link', target: 'c/d' }, 'c/d': value('d\n') });
    expect((await ran(at, 'ls; cat b')).out).toBe('b\nc\nd');
    tree.change({ b: undefined, 'b/e': value('e\n') });
    expect((await ran(at, 'ls; cat b/e')).out).toBe('b\nc\ne');
  });

  it('unmounting ends calls under way, open files and working directories', async () => {
    const { file, begun } = endless();
    const { at, unmount, ended } = await mounted(new Tree({ file, 'd/e': value('') }), options);
    const writer = bash(at, 'echo 1 > "$MNT/file"');
    const holder = bash(
      at,
      'cd "$MNT/d"; exec 3< "$MNT/file"; echo ready; read -r; cat <&3; ls .; ls "$MNT"',
    );
    expect(await holder.line()).toBe('ready');
    await begun;
    await unmount();
    await ended;
    expect(await findMount(at)).toBeUndefined();
    holder.say('');
    expect((await writer.finish()).err).toMatch(/Software caused connection abort/);
    const { out, err } = await holder.finish();
    expect(out).toBe('');
    expect(err).toMatch(
      /^cat: -: Transport endpoint is not connected\nls: .*Transport endpoint is not connected\n$/,
    );
    await unmount(); // once more does nothing
  });

  it('hears of it when somebody else unmounts it', async () => {
    const { at, ended, reports } = await mounted(new Tree({ a: value('') }), options);
    expect((await ran(at, 'cat a')).status).toBe(0);
    expect((await bash(at, 'umount "$MNT"').finish()).status).toBe(0);
    await ended;
    expect(reports).toEqual([]);
  });

  it('can be used by its own process, asynchronously', async () => {
    const { at } = await mounted(new Tree({ a: value(''), b: value('') }), options);
    expect(await readdir(at)).toEqual(['a', 'b']);
  });
});

describe.skipIf(cannotMount)(mounting('unmounting'), () => {
  it('leaves a mount on top of it alone', async () => {
    const at = place();
    const { unmount } = await mounted(new Tree(), { at });
    const top = await mounted(new Tree({ top: value('') }), { at, subtype: 'other' });
    await unmount();
    expect((await ran(at, 'ls')).out).toBe('top');
    await top.unmount();
    expect(await removeStale(at, 'test')).toBe(true);
  });

  it('takes one mount away, however often it is asked', async () => {
    const at = place();
    await mounted(new Tree({ below: value('') }), { at, subtype: 'below' });
    const { unmount } = await mounted(new Tree({ top: value('') }), { at });
    await Promise.all([unmount(), unmount(), unmount()]);
    expect((await ran(at, 'ls')).out).toBe('below');
  });
});

describe.skipIf(cannotMount)(mounting('a mount that cannot be'), () => {
  it('says where and why', async () => {
    const at = place();
    await expect(mounted(new Tree(), { at: join(at, 'missing') })).rejects.toThrow(
      /^cannot mount at .*missing.*(?:exist|No such)/,
    );
  });

  it('is not there where nothing is', async () => {
    const at = join(place(), 'not', 'there');
    expect(await findMount(at)).toBeUndefined();
    expect(await removeStale(at)).toBe(false);
  });

  it('says that one is there already', async () => {
    const { at } = await mounted(new Tree(), { name: 'first' });
    await expect(mounted(new Tree(), { at })).rejects.toThrow(
      `${at} is mounted already, as first: unmount it first, or mount elsewhere`,
    );
  });
});

/** The example in the README, as a program. */
let example = '';
let folder = '';
beforeAll(() => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, code = ''] = /```js\n([\s\S]*?)```/.exec(readme) ?? [];
  const cache = resolve(import.meta.dirname, '../../../.cache');
  mkdirSync(cache, { recursive: true });
  folder = mkdtempSync(join(cache, 'fuse-example-'));
  example = join(folder, 'hello.mjs');
  writeFileSync(example, code);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(cannotMount)(mounting('the example in the README'), () => {
  function started(at: string): Running {
    const server = new Running(process.execPath, [example, at]);
    onTestFinished(() => server.kill('SIGKILL'));
    return server;
  }

  it.each(['SIGTERM', 'SIGINT'] as const)('does what it says, until %s', async (signal) => {
    const at = place();
    const server = started(at);
    expect(await server.line()).toBe(`mounted at ${at}`);
    const { out, err } = await ran(
      at,
      `cat link; echo bye > greeting; cat link; printf '%81s' > greeting; findmnt -no SOURCE,FSTYPE "$MNT"`,
    );
    expect(out).toMatch(/^hello\nbye\nhello +fuse.hello$/);
    expect(err).toContain('Message too long');
    server.kill(signal);
    expect(await server.finish()).toMatchObject({ status: 0, err: '' });
    expect(await findMount(at)).toBeUndefined();
  });

  it('is killed, and mounts again', async () => {
    const at = place();
    const first = started(at);
    await first.line();
    const holder = bash(at, 'exec 3< "$MNT/greeting"; echo ready; read -r; cat <&3');
    await holder.line();
    first.kill('SIGKILL');
    await first.ended;
    const dead = await findMount(at);
    expect(dead).toMatchObject({ at, name: 'hello', type: 'fuse.hello' });
    expect(dead && (await isDead(dead))).toBe(true);
    expect((await ran('/', `cat ${at}/greeting`)).err).toContain('Transport endpoint is not connected');
    await expect(mounted(new Tree(), { at, subtype: 'hello' })).rejects.toThrow(
      `${at} has a dead mount of hello: remove it first (umount -l ${at})`,
    );
    expect(await removeStale(at, 'other')).toBe(false);

    const second = started(at);
    expect(await second.line()).toBe(`removed a dead mount at ${at}`);
    expect(await second.line()).toBe(`mounted at ${at}`);
    holder.say('');
    expect((await holder.finish()).err).toContain('Transport endpoint is not connected');
    expect((await ran(at, 'cat greeting')).out).toBe('hello');
    second.kill('SIGTERM');
    expect((await second.finish()).status).toBe(0);
    expect(await findMount(at)).toBeUndefined();
  });
});

const noNamespace = (() => {
  const { status, stderr } = spawnSync('unshare', ['-Urm', 'test', '-w', '/dev/fuse'], { encoding: 'utf8' });
  return status === 0 ? undefined : `no user namespace that may open /dev/fuse here ${stderr ?? ''}`.trim();
})();
if (noNamespace !== undefined) process.stderr.write(`SKIPPED: a mount without privileges: ${noNamespace}\n`);

describe.skipIf(noNamespace)(
  `a mount without privileges${noNamespace ? ` (SKIPPED: ${noNamespace})` : ''}`,
  () => {
    it('works in a user namespace', async () => {
      const at = place();
      const script = `
      exec 3< <(exec "$NODE" "$EXAMPLE" "$MNT"); server=$!
      read -r line <&3; echo "$line"
      cat "$MNT/greeting"; echo bye > "$MNT/link"; cat "$MNT/greeting"; stat -c %U "$MNT/greeting"
      kill $server; wait $server; echo "status $?"; ls "$MNT"`;
      const env = { MNT: at, NODE: process.execPath, EXAMPLE: example };
      const shell = new Running('unshare', ['-Urm', 'bash', '-c', script], env);
      const { out, err } = await shell.finish();
      expect(err).toBe('');
      expect(out.split('\n')).toEqual([`mounted at ${at}`, 'hello', 'bye', 'root', 'status 0']);
      expect(await findMount(at)).toBeUndefined();
    });
  },
);
