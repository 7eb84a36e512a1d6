import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { Caller, View } from './file-system.ts';
import {
  bash,
  cannotMount,
  hasOtherUsers,
  inChild,
  mounted,
  mounting,
  ran,
  Tree,
  value,
} from './test-support.ts';

const transports = [
  ['the event loop', {}],
  ['a thread of the pool', { transport: 'pool' }],
] as const;

describe.skipIf(cannotMount).each(transports)(mounting('a mount read by %s'), (_, options) => {
  it('is read the way that was asked for', async () => {
    const { transport } = await mounted(new Tree(), options);
    expect(transport).toBe('transport' in options ? 'pool' : 'epoll');
  });

  it('shows files, directories and links as sysfs does', async () => {
    const tree = new Tree({
      'bus/devices/d1': { kind: 'link', target: '../../devices/d1' },
      'devices/d1/attribute': value('1\n'),
      'devices/d1/remove': value('', { mode: 0o200 }),
    });
    const { at } = await mounted(tree, options);
    const found = await ran(
      at,
      `find . -printf '%y %m %s %p %l\\n' | sort -k4; cat bus/devices/d1/attribute`,
    );
    expect(found.out.split('\n')).toEqual([
      'd 755 0 . ',
      'd 755 0 ./bus ',
      'd 755 0 ./bus/devices ',
      'l 777 0 ./bus/devices/d1 ../../devices/d1',
      'd 755 0 ./devices ',
      'd 755 0 ./devices/d1 ',
      'f 644 4096 ./devices/d1/attribute ',
      'f 200 4096 ./devices/d1/remove ',
      '1',
    ]);
  });

  it('is as old as the mount', async () => {
    const before = Math.floor(Date.now() / 1000);
    const { at } = await mounted(new Tree({ a: value('') }), options);
    const [a = 0, root = 0] = (await ran(at, 'stat -c %Y a .')).out.split('\n').map(Number);
    expect(a).toBe(root);
    expect(a).toBeGreaterThanOrEqual(before);
    expect(a).toBeLessThanOrEqual(Date.now() / 1000);
  });

  it('refuses what the permission bits do not give, also to root', async () => {
    const tree = new Tree({ ro: value('1\n', { mode: 0o444 }), wo: value('', { mode: 0o200 }) });
    const { at } = await mounted(tree, options);
    const { out, err } = await ran(at, 'cat wo; echo 1 > ro; echo 1 > wo && cat ro');
    expect(err).toMatch(/cat: wo: Permission denied\n.*ro: Permission denied\n$/);
    expect(out).toBe('1');
  });

  it.runIf(hasOtherUsers)('belongs to whom it is said to', async () => {
    const { at } = await mounted(new Tree({ a: value('') }), { ...options, owner: { uid: 12, gid: 34 } });
    expect((await ran(at, 'stat -c "%u %g" . a')).out).toBe('12 34\n12 34');
  });

  it.runIf(hasOtherUsers)('refuses others what only the owner may', async () => {
    const tree = new Tree({ mine: value('1\n', { mode: 0o600 }), all: value('2\n', { mode: 0o644 }) });
    const { at } = await mounted(tree, options);
    const nobody = 'setpriv --reuid=65534 --regid=65534 --clear-groups';
    // The temporary directory itself is root's alone.
    const { out, err } = await ran(
      at,
      `${nobody} cat all; ${nobody} cat mine; ${nobody} tee all < /dev/null`,
    );
    expect(out).toBe('2');
    expect(err).toMatch(/mine: Permission denied\n.*all: Permission denied\n$/);
  });

  it('cannot be changed from outside, with the errnos of sysfs', async () => {
    const { at } = await mounted(new Tree({ a: value('1\n'), 'd/b': value('2\n') }), options);
    const refusals = await inChild(at, (fs, dir) => {
      const errno = (work: () => unknown) => {
        try {
          work();
        } catch (error) {
          return (error as NodeJS.ErrnoException).code;
        }
        return 'done';
      };
      return {
        create: errno(() => fs.writeFileSync(`${dir}/new`, '1')),
        mkdir: errno(() => fs.mkdirSync(`${dir}/new`)),
        symlink: errno(() => fs.symlinkSync('a', `${dir}/new`)),
        link: errno(() => fs.linkSync(`${dir}/a`, `${dir}/new`)),
        unlink: errno(() => fs.unlinkSync(`${dir}/a`)),
        rmdir: errno(() => fs.rmdirSync(`${dir}/d`)),
        rename: errno(() => fs.renameSync(`${dir}/a`, `${dir}/new`)),
        chmod: errno(() => fs.chmodSync(`${dir}/a`, 0o600)),
        utimes: errno(() => fs.utimesSync(`${dir}/a`, 1, 1)),
        truncate: errno(() => fs.truncateSync(`${dir}/a`, 0)),
        missing: errno(() => fs.readFileSync(`${dir}/new`)),
        below: errno(() => fs.readFileSync(`${dir}/a/b`)),
        list: errno(() => fs.readdirSync(`${dir}/a`)),
      };
    });
    expect(refusals).toEqual({
      create: 'EACCES',
      mkdir: 'EPERM',
      symlink: 'EPERM',
      link: 'EPERM',
      unlink: 'EPERM',
      rmdir: 'EPERM',
      rename: 'EPERM',
      chmod: 'EPERM',
      utimes: 'done',
      truncate: 'done',
      missing: 'ENOENT',
      below: 'ENOTDIR',
      list: 'ENOTDIR',
    });
  });

  it('lists 1,000 entries, each once', async () => {
    const names = Array.from({ length: 1000 }, (_, n) => `device-with-a-long-name-${n}`);
    const tree = new Tree(Object.fromEntries(names.map((name) => [`d/${name}`, value(name)])));
    const { at } = await mounted(tree, options);
    const { out } = await ran(at, 'ls d; cat d/*');
    expect(out.split('\n').slice(0, -1)).toEqual(names.toSorted());
    expect(out.split('\n').at(-1)).toBe(names.toSorted().join(''));
  });

  it('takes any name', async () => {
    const names = ['ä ö', 'line\nfeed', '*', '-rf', '"', '日本', '\u{1f511}', '�', 'x'.repeat(255)];
    const { at } = await mounted(
      new Tree(Object.fromEntries(names.map((name) => [name, value(name)]))),
      options,
    );
    const found = await inChild(at, (fs, dir) =>
      fs.readdirSync(dir).map((name) => [name, fs.readFileSync(`${dir}/${name}`, 'utf8')]),
    );
    expect(new Map(found as [string, string][])).toEqual(new Map(names.map((name) => [name, name])));
    const odd = await inChild(at, (fs, dir) => {
      const errnos = [[0xff], [0xc3], [0xed, 0xa0, 0x80], [1], Array(255).fill(0xfe)].map((bytes) => {
        try {
          return String(fs.statSync(Buffer.concat([Buffer.from(`${dir}/`), Buffer.from(bytes)])));
        } catch (error) {
          return (error as NodeJS.ErrnoException).code;
        }
      });
      return errnos;
    });
    expect(odd).toEqual(Array(5).fill('ENOENT'));
  });

  it('gives every path one inode number, which a listing knows too', async () => {
    const { at } = await mounted(new Tree({ a: value(''), 'd/b': value('') }), options);
    const first = await ran(at, 'stat -c %i . a d d/b');
    expect(new Set(first.out.split('\n')).size).toBe(4);
    expect((await ran(at, 'stat -c %i . a d d/b')).out).toBe(first.out);
  });

  it('reads a file as it was when reading began', async () => {
    let reads = 0;
    const counting = value('', { read: () => Buffer.from(`${++reads}`.repeat(6000)) });
    const { at } = await mounted(new Tree({ counting }), options);
    const pieces = await inChild(at, (fs, dir) => {
      const fd = fs.openSync(`${dir}/counting`, 'r');
      const readAt = (length: number, position: number | null) => {
        const buffer = Buffer.alloc(length);
        return buffer.subarray(0, fs.readSync(fd, buffer, 0, length, position)).toString();
      };
      const whole = Array.from({ length: 5 }, () => readAt(1500, null));
      return [...new Set(whole.join('')), whole.join('').length, readAt(3, 10), readAt(3, 0), readAt(3, 10)];
    });
    expect(pieces).toEqual(['1', 6000, '111', '222', '222']);
  });

  it('reads binary content and none at all', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, n) => n));
    const tree = new Tree({ bytes: value('', { read: () => bytes }), empty: value('') });
    const { at } = await mounted(tree, options);
    expect(
      (await ran(at, 'od -An -v -tu1 -w256 bytes; wc -c < empty')).out.trim().split(/\s+/).map(Number),
    ).toEqual([...bytes, 0]);
  });

  it('hands each write to the file as one store, with its caller', async () => {
    const stores: [string, Caller][] = [];
    const file = value('', {
      write: (data, caller) => {
        stores.push([Buffer.from(data).toString('latin1'), caller]);
        return undefined;
      },
    });
    const { at } = await mounted(new Tree({ file, other: value('') }), options);
    const shell = bash(
      at,
      `cd "$MNT"; echo $$
       echo 5 > file; echo 6 >> file; printf 7 > file; : > file; printf '' > file; printf '\\0\\377\\n' > file
       exec 3> file; echo a >&3; echo b >&3; exec 3>&-; truncate -s 0 file`,
    );
    const pid = Number(await shell.line());
    expect(await shell.finish()).toMatchObject({ status: 0, err: '' });
    expect(stores.map(([text]) => text)).toEqual(['5\n', '6\n', '7', '\0\xff\n', 'a\n', 'b\n']);
    const caller = { uid: process.getuid?.(), gid: process.getgid?.(), pid };
    for (const [, by] of stores) expect(by).toEqual(caller);
  });

  it('stores at most a page of a write, and says so', async () => {
    const stores: Uint8Array[] = [];
    const file = value('', {
      write: (data) => {
        stores.push(data);
        return undefined;
      },
    });
    const { at } = await mounted(new Tree({ file }), options);
    // Each write is repeated for what was not taken: by this function, as by most programs.
    const written = await inChild(at, (fs, dir) => {
      const fd = fs.openSync(`${dir}/file`, 'w');
      return [4095, 4096, 4097, 10_000].map((length) => fs.writeSync(fd, Buffer.alloc(length, 'x')));
    });
    expect(written).toEqual([4095, 4096, 4097, 10_000]);
    expect(stores.map(({ length }) => length)).toEqual([4095, 4096, 4096, 1, 4096, 4096, 1808]);
  });

  it('gives the errno of a store to its write', async () => {
    const names = [
      'EADDRINUSE',
      'EADDRNOTAVAIL',
      'ENODEV',
      'EINVAL',
      'EBUSY',
      'EEXIST',
      'EPERM',
      'EREMOTEIO',
    ];
    const failing = names.map((errno) => [errno, value('', { write: async () => ({ errno }) })]);
    const { at } = await mounted(new Tree(Object.fromEntries(failing)), options);
    const errnos = await inChild(at, (fs, dir) =>
      fs.readdirSync(dir).map((name) => {
        const fd = fs.openSync(`${dir}/${name}`, 'w');
        try {
          return String(fs.writeSync(fd, '1'));
        } catch (error) {
          return (error as NodeJS.ErrnoException).errno;
        }
      }),
    );
    const numbers: Readonly<Record<string, number>> = { ...constants.errno, EREMOTEIO: 121 };
    expect(errnos).toEqual(names.toSorted().map((name) => -(numbers[name] ?? 0)));
  });

  it('answers EIO for a file that fails, tells of it, and goes on', async () => {
    const failing = () => {
      throw new Error('the wire is cut');
    };
    const tree = new Tree({ bad: value('', { read: failing, write: failing }), good: value('1\n') });
    const { at, reports } = await mounted(tree, options);
    const { out, err } = await ran(at, 'cat bad; echo 1 > bad; cat good');
    expect(out).toBe('1');
    expect(err).toMatch(/cat: bad: Input\/output error\n.*write error: Input\/output error\n$/);
    expect(reports).toEqual([
      expect.stringContaining("read of 'bad' failed, its caller got EIO: the wire is cut"),
      expect.stringContaining("write of 'bad' failed, its caller got EIO: the wire is cut"),
    ]);
  });

  it('answers EIO for a link that the kernel does not take', async () => {
    const tree = new Tree({ long: { kind: 'link', target: 'x'.repeat(5000) }, good: value('1\n') });
    const { at, reports } = await mounted(tree, options);
    const { out, err } = await ran(at, 'cat long; cat good');
    expect(out).toBe('1');
    expect(err).toBe('cat: long: Input/output error\n');
    expect(reports).toEqual([expect.stringContaining("answering of 'long'")]);
  });

  it('keeps nobody waiting for a slow file', async () => {
    const read = Promise.withResolvers<Uint8Array>();
    const asked = Promise.withResolvers<void>();
    const stored = Promise.withResolvers<undefined>();
    const storing = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let stores = 0;
    const slow = value('', {
      read: () => {
        asked.resolve();
        return read.promise;
      },
      write: () => {
        storing[stores++]?.resolve();
        return stored.promise;
      },
    });
    const { at } = await mounted(new Tree({ slow, fast: value('1\n') }), options);
    const reader = bash(at, 'cat "$MNT/slow"');
    const writers = [bash(at, 'echo 1 1<> "$MNT/slow"'), bash(at, 'echo 2 1<> "$MNT/slow"')];
    await Promise.all([asked.promise, ...storing.map(({ promise }) => promise)]);
    expect((await ran(at, 'ls; cat fast; echo 2 > fast; cat fast; stat -c %s slow')).out).toBe(
      'fast\nslow\n1\n2\n4096',
    );
    read.resolve(Buffer.from('at last\n'));
    stored.resolve(undefined);
    expect((await reader.finish()).out).toBe('at last');
    for (const writer of writers) expect((await writer.ended).status).toBe(0);
  });

  it('lets the file be read and looked at while a store to it takes its time', async () => {
    const stored = Promise.withResolvers<undefined>();
    const storing = Promise.withResolvers<void>();
    const write = () => {
      storing.resolve();
      return stored.promise;
    };
    const { at } = await mounted(new Tree({ slow: value('1\n', { write }) }), options);
    const writer = bash(at, 'echo 1 > "$MNT/slow"');
    await storing.promise;
    // Opening it with O_TRUNC would wait: for that the kernel itself takes the inode's lock, which the writer has.
    expect((await ran(at, 'cat slow; stat -c %s slow; exec 3>> slow')).out).toBe('1\n4096');
    stored.resolve(undefined);
    expect((await writer.ended).status).toBe(0);
  });

  it('keeps nobody waiting for a slow view', async () => {
    const tree = new Tree({ a: value('1\n'), b: value('2\n') });
    const slow = Promise.withResolvers<View>();
    const asked = Promise.withResolvers<void>();
    let isSlow = false;
    const { at } = await mounted(
      {
        view: () => {
          if (!isSlow) return tree.view();
          isSlow = false;
          asked.resolve();
          return slow.promise;
        },
      },
      options,
    );
    isSlow = true;
    const waiting = bash(at, 'cat "$MNT/a"');
    await asked.promise;
    expect((await ran(at, 'cat b')).out).toBe('2');
    slow.resolve(tree.view());
    expect((await waiting.finish()).out).toBe('1');
  });

  it('is used by many at once: every store arrives, no read is a mix', async () => {
    const stores: string[] = [];
    let now = Buffer.alloc(8192, 'a');
    const shared = value('', {
      read: () => now,
      write: (data) => {
        const text = Buffer.from(data).toString().trim();
        stores.push(text);
        now = Buffer.alloc(8192, 'abcdefgh'[Number(text.split(' ')[0])]);
        return undefined;
      },
    });
    const { at } = await mounted(new Tree({ shared }), options);
    const writers = Array.from({ length: 4 }, (_, w) =>
      ran(at, `for n in {1..50}; do echo "${w} $n" > shared; done`),
    );
    const mixes = Array.from({ length: 4 }, () =>
      inChild(at, (fs, dir) => {
        const mixed: string[] = [];
        const buffer = Buffer.alloc(20_000);
        for (let round = 0; round < 200; round++) {
          const fd = fs.openSync(`${dir}/shared`, 'r');
          let length = 0;
          for (let got = 1; got > 0; length += got) got = fs.readSync(fd, buffer, length, 1000, null);
          fs.closeSync(fd);
          const letters = new Set(buffer.subarray(0, length));
          if (length !== 8192 || letters.size !== 1) mixed.push(`${length}: ${[...letters]}`);
        }
        return mixed;
      }),
    );
    for (const writer of await Promise.all(writers)) expect(writer).toMatchObject({ status: 0, err: '' });
    expect(await Promise.all(mixes)).toEqual([[], [], [], []]);
    for (let w = 0; w < 4; w++) {
      expect(stores.filter((text) => text.startsWith(`${w} `))).toEqual(
        Array.from({ length: 50 }, (_, n) => `${w} ${n + 1}`),
      );
    }
  });
});
