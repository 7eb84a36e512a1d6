import { constants } from 'node:os';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OPCODE } from './codec/protocol.ts';
import type { Caller, FileSystem, Node } from './file-system.ts';
import { Server } from './server.ts';
import {
  type Asked,
  entriesIn,
  interrupt,
  lookup,
  open,
  type Reply,
  read,
  readdir,
  reply,
  request,
  write,
} from './test-messages.ts';

const { EACCES, EBADF, EBUSY, EINTR, EIO, ENODEV, ENOENT, ENOSYS, EPERM } = constants.errno;

const RDONLY = 0;
const WRONLY = 1;
const RDWR = 2;

/** A server whose kernel is the test. */
function served(nodes: Readonly<Record<string, Node>>, isLittle = true) {
  const tree = new Map<string, Node>(Object.entries(nodes));
  tree.set('', { kind: 'directory', list: () => Object.keys(nodes) });
  return serving({ view: () => ({ node: (path) => tree.get(path) }) }, isLittle);
}

function serving(fs: FileSystem, isLittle = true) {
  const replies: Reply[] = [];
  const reports: Error[] = [];
  const waiting = new Map<bigint, (reply: Reply) => void>();
  const server = new Server(fs, {
    isLittle,
    owner: { uid: 0, gid: 0 },
    send: (message) => {
      const got = reply(message, isLittle);
      replies.push(got);
      waiting.get(got.unique)?.(got);
    },
    report: (error) => reports.push(error),
  });
  let unique = 0n;
  const send = (asked: Asked): bigint => {
    unique += 2n;
    server.receive(request({ ...asked, unique }, isLittle));
    return unique;
  };
  const ask = (asked: Asked): Promise<Reply> =>
    new Promise((resolve) => {
      waiting.set(unique + 2n, resolve);
      send(asked);
    });
  return { server, replies, reports, send, ask };
}

/** A promise that the test settles. */
const later = <T>() => Promise.withResolvers<T>();

const text = (body: DataView): string =>
  Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();

describe.each([
  ['little', true],
  ['big', false],
])('a server on a %s-endian machine', (_, isLittle) => {
  const nodeOf = ({ body }: Reply) => Number(body.getBigUint64(0, isLittle));

  it('leads from a name to its content, and takes a store', async () => {
    const stores: [string, Caller][] = [];
    const { ask } = served(
      {
        value: {
          kind: 'file',
          mode: 0o644,
          read: () => Buffer.from('hello\n'),
          write: (data, caller) => {
            stores.push([Buffer.from(data).toString(), caller]);
          },
        },
      },
      isLittle,
    );
    const init = await ask({
      opcode: OPCODE.INIT,
      fields: [
        [32, 7],
        [32, 45],
        [32, 4096],
        [32, 0],
      ],
    });
    expect(init.errno).toBe(0);
    const node = nodeOf(await ask(lookup('value')));
    const handle = nodeOf(await ask(open(node, RDWR)));
    expect(text((await ask(read(handle, 0, 4096))).body)).toBe('hello\n');
    expect(text((await ask(read(handle, 6, 4096))).body)).toBe('');
    const caller = { uid: 1000, gid: 100, pid: 4711 };
    const wrote = await ask({ ...write(handle, Buffer.from('bye')), ...caller });
    expect(wrote.body.getUint32(0, isLittle)).toBe(3);
    expect(stores).toEqual([['bye', caller]]);
    expect(
      (
        await ask({
          opcode: OPCODE.RELEASE,
          fields: [
            [64, handle],
            [64, 0],
            [64, 0],
          ],
        })
      ).errno,
    ).toBe(0);
    expect((await ask(read(handle, 0, 4096))).errno).toBe(EBADF);
  });

  it('lists in as many pieces as are asked for, as it was at the start', async () => {
    const names = Array.from({ length: 100 }, (_, n) => `n${n}`);
    const nodes = Object.fromEntries(
      names.map((name): [string, Node] => [name, { kind: 'link', target: 'x' }]),
    );
    const { ask } = served(nodes, isLittle);
    const handle = nodeOf(await ask({ opcode: OPCODE.OPENDIR, node: 1, fields: [[64, 0]] }));
    const all: string[] = [];
    for (let offset = 0; ; ) {
      const listed = entriesIn((await ask(readdir(handle, offset, 512))).body, isLittle);
      if (listed.length === 0) break;
      all.push(...listed.map(({ name }) => name));
      offset = Number(listed.at(-1)?.next);
    }
    expect(all).toEqual(['.', '..', ...names]);
  });
});

const file = (over: Partial<Node & { kind: 'file' }> = {}): Node => ({
  kind: 'file',
  mode: 0o644,
  read: () => Buffer.from('x\n'),
  write: () => undefined,
  ...over,
});
const number = ({ body }: Reply) => Number(body.getBigUint64(0, true));

describe('a server', () => {
  it('answers every request exactly once, whatever bytes come', async () => {
    const opcodes = [...Object.values(OPCODE), 22, 34, 39, 46, 52, 4711];
    const silent: number[] = [OPCODE.FORGET, OPCODE.BATCH_FORGET, OPCODE.INTERRUPT];
    const asked = fc.record({
      opcode: fc.constantFrom(...opcodes),
      node: fc.nat({ max: 4 }),
      bytes: fc.uint8Array({ maxLength: 120 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(asked, { maxLength: 40 }), async (all) => {
        const { send, replies } = served({ a: file(), b: { kind: 'link', target: 'a' } });
        const expected: bigint[] = [];
        for (const one of all) {
          // A FORGET that is cut off is answered: the kernel ignores it.
          const unique = send(one);
          if (!silent.includes(one.opcode)) expected.push(unique);
        }
        await new Promise((resolve) => setImmediate(resolve)); // nothing in this tree takes time
        const answered = replies.map(({ unique }) => unique).filter((unique) => expected.includes(unique));
        expect(answered.toSorted()).toEqual(expected.toSorted());
      }),
    );
  });

  it('survives a message without a header', () => {
    const { server, replies, reports } = served({});
    server.receive(new Uint8Array(39));
    expect(replies).toEqual([]);
    expect(reports).toHaveLength(1);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('out of order');
      },
      /read of 'a'.*out of order/,
    ],
    ['rejects', () => Promise.reject(new Error('out of order')), /out of order/],
    ['gives an errno that does not exist', () => ({ errno: 'ENOTTHERE' }), /ENOTTHERE/],
  ])('answers EIO for a file that %s, and reports it', async (_, broken, message) => {
    const { ask, reports } = served({ a: file({ read: broken }) });
    const node = number(await ask(lookup('a')));
    const handle = number(await ask(open(node, RDONLY)));
    expect((await ask({ ...read(handle, 0, 10), node })).errno).toBe(EIO);
    expect(reports.map((error) => error.message)).toEqual([expect.stringMatching(message)]);
  });

  it('answers EIO when there is no view', async () => {
    const { ask, reports } = serving({ view: () => Promise.reject(new Error('the log is away')) });
    expect((await ask(lookup('a'))).errno).toBe(EIO);
    expect(reports[0]?.message).toMatch(/the log is away/);
  });

  it('answers EIO when the kernel does not take a reply', async () => {
    const errors: number[] = [];
    const server = new Server(
      { view: () => ({ node: () => undefined }) },
      {
        isLittle: true,
        owner: { uid: 0, gid: 0 },
        send: (message) => {
          const { errno } = reply(message, true);
          if (errno === 0) throw Object.assign(new Error('EINVAL'), { code: 'EINVAL' });
          errors.push(errno);
        },
        report: () => undefined,
      },
    );
    server.receive(request({ opcode: OPCODE.STATFS }, true));
    await expect.poll(() => errors).toEqual([EIO]);
  });

  it('lets an interrupted caller go, and drops what comes too late for him', async () => {
    const result = later<Uint8Array>();
    const { ask, send, replies } = served({ a: file({ read: () => result.promise }) });
    const handle = number(await ask(open(number(await ask(lookup('a'))), RDONLY)));
    const unique = send(read(handle, 0, 10));
    send(interrupt(unique));
    send(interrupt(unique));
    result.resolve(Buffer.from('late'));
    await ask({ opcode: OPCODE.STATFS });
    expect(replies.filter((got) => got.unique === unique).map(({ errno }) => errno)).toEqual([EINTR]);
  });

  it('begins no store for a caller who left before it was his turn', async () => {
    const stores: Uint8Array[] = [];
    const node = file({ write: (data) => void stores.push(data) });
    const tree = { node: (path: string) => (path === 'a' ? node : undefined) };
    let next: Promise<typeof tree> = Promise.resolve(tree);
    const { ask, send } = serving({ view: () => next });
    const handle = number(await ask(open(number(await ask(lookup('a'))), WRONLY)));
    const slow = later<typeof tree>();
    next = slow.promise;
    send(interrupt(send(write(handle, Buffer.from('1')))));
    slow.resolve(tree);
    expect((await ask(write(handle, Buffer.from('2')))).errno).toBe(0);
    expect(stores.map((data) => Buffer.from(data).toString())).toEqual(['2']);
  });

  it('keeps a snapshot for each open file, which a read from 0 renews', async () => {
    let reads = 0;
    const { ask } = served({ a: file({ read: () => Buffer.from(`${++reads}`.repeat(8)) }) });
    const node = number(await ask(lookup('a')));
    const [one, two] = [number(await ask(open(node, RDONLY))), number(await ask(open(node, RDONLY)))];
    const content = async (handle: number, offset: number) => text((await ask(read(handle, offset, 4))).body);
    expect(await content(one, 0)).toBe('1111');
    expect(await content(two, 4)).toBe('2222'); // nothing read before: begins here
    expect(await content(one, 4)).toBe('1111');
    expect(await content(one, 8)).toBe('');
    expect(await content(one, 0)).toBe('3333');
    expect(await content(two, 4)).toBe('2222');
  });

  it('asks again after a read that failed', async () => {
    const answers = [{ errno: 'EBUSY' }, Buffer.from('ready')];
    const { ask } = served({ a: file({ read: () => answers.shift() ?? { errno: 'EIO' } }) });
    const handle = number(await ask(open(number(await ask(lookup('a'))), RDONLY)));
    expect((await ask(read(handle, 0, 10))).errno).toBe(EBUSY);
    expect(text((await ask(read(handle, 2, 10))).body)).toBe('ady');
  });

  it.each([
    ['0o200', RDONLY, EACCES],
    ['0o200', RDWR, EACCES],
    ['0o200', WRONLY, 0],
    ['0o444', WRONLY, EACCES],
    ['0o444', RDWR, EACCES],
    ['0o444', RDONLY, 0],
    ['0o644', RDWR, 0],
    ['0o000', RDONLY, EACCES],
  ])('opens mode %s for access %i with errno %i, root or not', async (mode, flags, errno) => {
    const { ask } = served({ a: file({ mode: Number(mode) }) });
    expect((await ask(open(number(await ask(lookup('a'))), flags))).errno).toBe(errno);
  });

  it('knows what is gone, even if something of its name has come', async () => {
    const { ask, server } = served({ a: file() });
    const node = number(await ask(lookup('a')));
    const handle = number(await ask(open(node, RDWR)));
    expect((await ask(read(handle, 0, 10))).errno).toBe(0);
    server.gone('a');
    expect((await ask(read(handle, 0, 10))).errno).toBe(ENODEV);
    expect((await ask(read(handle, 2, 10))).errno).toBe(ENODEV);
    expect((await ask(write(handle, Buffer.of(1)))).errno).toBe(ENODEV);
    expect((await ask(open(node, RDONLY))).errno).toBe(ENODEV);
    expect(
      (
        await ask({
          opcode: OPCODE.GETATTR,
          node,
          fields: [
            [64, 0],
            [64, 0],
          ],
        })
      ).errno,
    ).toBe(0);
    const again = number(await ask(lookup('a')));
    expect(again).not.toBe(node);
    expect((await ask(open(again, RDONLY))).errno).toBe(0);
  });

  it.each([
    ['CREATE', OPCODE.CREATE, EACCES],
    ['MKDIR', OPCODE.MKDIR, EPERM],
    ['RENAME2', OPCODE.RENAME2, EPERM],
    ['GETXATTR', 22, ENOSYS],
    ['IOCTL', 39, ENOSYS],
    ['POLL', 40, ENOSYS],
  ])('refuses %s', async (_, opcode, errno) => {
    const { ask } = served({});
    expect((await ask({ opcode })).errno).toBe(errno);
  });

  it('has nothing under a name that is no UTF-8, or not there', async () => {
    const { ask } = served({ a: file() });
    expect((await ask(lookup(Buffer.of(0xff)))).errno).toBe(ENOENT);
    expect((await ask(lookup('b'))).errno).toBe(ENOENT);
  });

  it('goes without a kernel of a later major version until it asks in ours', async () => {
    const { ask } = served({});
    const init = (major: number) =>
      ask({
        opcode: OPCODE.INIT,
        fields: [
          [32, major],
          [32, 0],
          [32, 0],
          [32, 0],
        ],
      });
    expect((await init(8)).body.byteLength).toBe(8);
    expect((await init(7)).body.byteLength).toBe(64);
  });
});
