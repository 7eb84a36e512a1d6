/** The sealer under crashes, rivals and damage; keys of every kind; witnesses; rotation and forks. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { generateKeyPairSync, hash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { openMemoryLog } from '@apledger/event-log';
import {
  base64Of,
  checkEndorsement,
  parseCheckpoint,
  parsePolicy,
  verifierText,
  verifyProof,
} from '@apledger/evidence';
import {
  forkLog,
  openKey,
  Prover,
  rebuildTiles,
  rotateKey,
  Sealer,
  Signer,
  TileFiles,
  TileReader,
  Witness,
  Witnesses,
} from '@apledger/sealer';
import { afterAll, describe, expect, it } from 'vitest';
import { scratch } from '../support/file.ts';
import { sized } from '../support/long.ts';
import { addFacts, place, seal } from './support.ts';

/** Every file below a directory, by its path. */
function contents(directory: string): Readonly<Record<string, string>> {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    files.map((path) => [path.slice(directory.length), hash('sha256', readFileSync(path))]),
  );
}

const policyOfLog = async (signer: Signer) =>
  parsePolicy(`log ${verifierText((await signer.open()).key.verifier)}\nquorum none\n`);

describe('a sealer', () => {
  it.each([1, 255, 256, 300, sized(1500, 66_000)])(
    'makes the same tiles in %i facts at once and in many steps',
    async (count) => {
      const log = openMemoryLog();
      const [many, single] = [place(), place()];
      const sealer = await Sealer.open({ log, files: many.files, signer: many.signer });
      const steps = count > 1000 ? [count - 300, 257, 43] : [Math.ceil(count / 2), Math.floor(count / 2)];
      for (const step of steps.filter((each) => each > 0)) {
        await addFacts(log, step);
        await sealer.step();
      }
      await seal(log, single);
      const [a, b] = [contents(many.tlog), contents(single.tlog)].map((files) =>
        Object.entries(files).filter(
          ([path]) => path.startsWith('/tile') && (!path.includes('.p/') || path in contents(single.tlog)),
        ),
      );
      expect(a).toEqual(b);
      expect(parseCheckpoint((await many.files.readCheckpoint()) ?? '').root).toEqual(
        parseCheckpoint((await single.files.readCheckpoint()) ?? '').root,
      );
    },
  );

  it('goes on from whatever a crash has left', async () => {
    const log = openMemoryLog();
    const there = place();
    await addFacts(log, 700);
    await seal(log, there);
    const good = contents(there.tlog);
    const losses: ((tlog: string) => void)[] = [
      (tlog) => rmSync(join(tlog, 'checkpoint')),
      (tlog) => rmSync(join(tlog, 'positions')),
      (tlog) => writeFileSync(join(tlog, 'positions'), readFileSync(join(tlog, 'positions')).subarray(0, 11)),
      (tlog) => rmSync(join(tlog, 'tile/0/001')),
      (tlog) => writeFileSync(join(tlog, 'tile/0/000'), 'torn'),
      (tlog) => writeFileSync(join(tlog, 'tile/0/000'), Buffer.alloc(8192)),
      (tlog) => writeFileSync(join(tlog, 'checkpoint'), ''),
      (tlog) => rmSync(tlog, { recursive: true }),
    ];
    for (const lose of losses) {
      lose(there.tlog);
      await seal(log, there);
      expect(contents(there.tlog), String(lose)).toEqual(good);
    }
  });

  it('signs again what it announced before a crash, and no other tree of that size', async () => {
    const log = openMemoryLog();
    const there = place();
    await addFacts(log, 10);
    const before = await seal(log, there);
    await addFacts(log, 5);
    // The signer's memory was advanced; the process ended before the checkpoint was written.
    const copy = place();
    cpSync(there.signerDirectory, copy.signerDirectory, { recursive: true });
    await seal(log, copy);
    rmSync(there.signerDirectory, { recursive: true });
    cpSync(copy.signerDirectory, there.signerDirectory, { recursive: true });
    expect(await there.files.readCheckpoint()).toBe(before);
    expect(await seal(log, there)).toBe(await copy.files.readCheckpoint());
  });

  it('does not go on with another key where a log was signed, until it is forked', async () => {
    const log = openMemoryLog();
    const there = place();
    await addFacts(log, 10);
    const before = parseCheckpoint(await seal(log, there));
    // The data came to another machine, and the signer did not.
    const signer = new Signer({ directory: join(scratch(), 'signer'), origin: 'ledger.example/another' });
    const moved = { ...there, signer };
    await expect(seal(log, moved)).rejects.toThrow(
      /key is of ledger\.example\/another, and ledger\.example\/test was signed last.*log fork --reason/,
    );
    expect(parseCheckpoint((await there.files.readCheckpoint()) ?? '')).toEqual(before);
    const { checkpoint } = await forkLog({ log, files: there.files, signer }, async () => {});
    expect(parseCheckpoint(checkpoint).extensions).toEqual([
      `forked ledger.example/test 10 ${Buffer.from(before.root).toString('base64')}`,
    ]);
  });

  it('that has lost its memory holds the log to the checkpoint that it signed', async () => {
    const [log, forged] = [openMemoryLog(), openMemoryLog()];
    await addFacts(log, 10);
    await addFacts(forged, 10);
    const there = place();
    await seal(log, there);
    for (const name of readdirSync(there.signerDirectory))
      if (name.startsWith('signed-')) rmSync(join(there.signerDirectory, name));
    await expect(seal(forged, there)).rejects.toThrow(/differs from what was signed/);
    await addFacts(log, 2);
    expect(parseCheckpoint(await seal(log, there)).size).toBe(12);
  });

  it('and a rival on another machine sign one history', async () => {
    const [log, forged] = [openMemoryLog(), openMemoryLog()];
    await addFacts(log, 300);
    await addFacts(forged, 300);
    const signer = join(scratch(), 'shared');
    const at = (): { files: TileFiles; signer: Signer } => ({
      files: new TileFiles(join(scratch(), 'tlog')),
      signer: new Signer({ directory: signer, origin: 'ledger.example/shared' }),
    });
    const [a, b, other] = [at(), at(), at()];
    const sealers = await Promise.all([a, b].map((each) => Sealer.open({ log, ...each })));
    const rival = await Sealer.open({ log: forged, ...other });
    await Promise.all(sealers.map((sealer) => sealer.step()));
    for (let round = 0; round < 20; round++) {
      await addFacts(log, 7);
      await Promise.all(sealers.map((sealer) => sealer.step()));
      await expect(rival.step()).rejects.toThrow(/(ends before|differs from) what was signed/);
    }
    expect(await other.files.readCheckpoint()).toBeUndefined();
    expect(await a.files.readCheckpoint()).toBe(await b.files.readCheckpoint());
    expect(parseCheckpoint((await a.files.readCheckpoint()) ?? '').size).toBe(440);
  });

  it('of two with different logs, only the first to sign ever signs', async () => {
    const signer = join(scratch(), 'shared');
    const logs = [openMemoryLog(), openMemoryLog()];
    for (const log of logs) await addFacts(log, 20);
    const outcomes = await Promise.allSettled(
      logs.map(async (log) => {
        const files = new TileFiles(join(scratch(), 'tlog'));
        return (
          await Sealer.open({ log, files, signer: new Signer({ directory: signer, origin: 'x' }) })
        ).step();
      }),
    );
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('writes its tiles anew, bytewise, or not at all', async () => {
    const [log, forged] = [openMemoryLog(), openMemoryLog()];
    const there = place();
    await addFacts(log, 600);
    await addFacts(forged, 600);
    await seal(log, there);
    const good = contents(there.tlog);
    rmSync(join(there.tlog, 'tile'), { recursive: true });
    expect(await rebuildTiles(log, there.files)).toHaveLength(4);
    expect(contents(there.tlog)).toEqual(good);
    await expect(rebuildTiles(forged, there.files)).rejects.toThrow('is not what its checkpoint');
    expect(contents(there.tlog)).toEqual(good);
  });

  it('proves every fact, also where positions have gaps', async () => {
    const dense = openMemoryLog();
    await addFacts(dense, 520);
    // As KurrentDB numbers them.
    const sparse: typeof dense = {
      ...dense,
      readAll: async function* ({ after = 0, upTo = Number.MAX_SAFE_INTEGER } = {}) {
        for await (const fact of dense.readAll({
          after: Math.floor(after / 100),
          upTo: Math.floor(upTo / 100),
        }))
          yield { ...fact, position: fact.position * 100 };
      },
      readStream: (stream, range) => dense.readStream(stream, range),
    };
    const there = place();
    await seal(sparse, there);
    const prover = new Prover(sparse, there.files);
    const policy = await policyOfLog(there.signer);
    for (const index of [0, 255, 256, 511, 512, 519]) {
      const { text } = await prover.prove((index + 1) * 100);
      expect((await verifyProof(text, policy)).index).toBe(index);
    }
    await expect(prover.prove(150)).rejects.toThrow('there is no fact at position 150');
  });
});

describe('a key', () => {
  it('in a file is for its owner only, and stays the same', async () => {
    const directory = join(scratch(), 'signer');
    const made = await openKey({ directory, kind: 'log' });
    expect(statSync(join(directory, 'key')).mode & 0o777).toBe(0o600);
    expect(made).toMatchObject({ isNew: true });
    const found = await openKey({ directory, kind: 'log' });
    expect([found.isNew, found.key.verifier]).toEqual([false, made.key.verifier]);
    expect(readFileSync(join(directory, 'key.pub'), 'utf8').trim()).toBe(verifierText(made.key.verifier));
    rmSync(join(directory, 'key'));
    await expect(openKey({ directory, kind: 'log' })).rejects.toThrow('elsewhere');
  });

  it('in a program signs', async () => {
    const directory = scratch();
    const program = join(directory, 'hsm');
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    writeFileSync(join(directory, 'pem'), privateKey.export({ format: 'pem', type: 'pkcs8' }));
    const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
    writeFileSync(
      program,
      `#!/bin/sh\nif [ "$1" = public-key ]; then echo ${raw}; else cat > ${directory}/in; openssl pkeyutl -sign -rawin -inkey ${directory}/pem -in ${directory}/in | base64 -w0; fi\n`,
    );
    chmodSync(program, 0o755);
    const log = openMemoryLog();
    await addFacts(log, 3);
    const signer = new Signer({
      directory: join(directory, 'signer'),
      origin: 'hsm.example',
      signWith: `command:${program}`,
    });
    const files = new TileFiles(join(directory, 'tlog'));
    await (await Sealer.open({ log, files, signer })).step();
    const { text } = await new Prover(log, files).prove(2);
    expect((await verifyProof(text, await policyOfLog(signer))).index).toBe(1);
    expect(readdirSync(join(directory, 'signer'))).not.toContain('key');
    const failing = new Signer({ directory: join(directory, 'signer'), signWith: 'command:/bin/false' });
    await expect(failing.open()).rejects.toThrow('/bin/false public-key');
  });

  const agents: ChildProcess[] = [];
  afterAll(() => {
    for (const agent of agents) agent.kill();
  });
  const noAgent =
    spawnSync('ssh-keygen', ['--version']).error !== undefined ||
    spawnSync('ssh-agent', ['-h']).error !== undefined;
  it.skipIf(noAgent)('in an ssh-agent signs', async () => {
    const directory = scratch();
    const socket = join(directory, 's');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
    agents.push(agent);
    await once(agent.stdout, 'data'); // it prints its variables once it listens
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(directory, 'id')]);
    const signer = new Signer({
      directory: join(directory, 'signer'),
      origin: 'agent.example',
      signWith: `agent:${socket}`,
    });
    await expect(signer.open()).rejects.toThrow('holds 0 Ed25519 keys');
    execFileSync('ssh-add', ['-q', join(directory, 'id')], {
      env: { ...process.env, SSH_AUTH_SOCK: socket },
    });
    const log = openMemoryLog();
    await addFacts(log, 3);
    const files = new TileFiles(join(directory, 'tlog'));
    await (await Sealer.open({ log, files, signer })).step();
    const { text } = await new Prover(log, files).prove(3);
    expect((await verifyProof(text, await policyOfLog(signer))).index).toBe(2);
    execFileSync('ssh-add', ['-q', '-D'], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
    await addFacts(log, 1);
    await expect((await Sealer.open({ log, files, signer })).step()).rejects.toThrow('does it hold the key?');
  });

  it('is rotated by a fact, and a checkpoint that both sign', async () => {
    const log = openMemoryLog();
    const there = place();
    await addFacts(log, 3);
    await seal(log, there);
    const old = await policyOfLog(there.signer);
    const rotated = await rotateKey({ log, files: there.files, signer: there.signer }, undefined, () =>
      addFacts(log, 1, ['evidence']),
    );
    const now = await policyOfLog(there.signer);
    expect(now.logs[0]?.key).not.toEqual(old.logs[0]?.key);
    const both = parseCheckpoint(rotated.checkpoint);
    for (const policy of [old, now]) await checkEndorsement(both, policy);
    expect(both.size).toBe(4);
    await addFacts(log, 1);
    const next = parseCheckpoint(await seal(log, there));
    await checkEndorsement(next, now);
    await expect(checkEndorsement(next, old)).rejects.toThrow('no key that is trusted');
  });
});

it('a fork has another name, which every checkpoint explains', async () => {
  const [log, restored] = [openMemoryLog(), openMemoryLog()];
  const there = place();
  await addFacts(log, 300);
  const before = parseCheckpoint(await seal(log, there));
  await addFacts(restored, 290);
  await expect(seal(restored, there)).rejects.toThrow(
    'this log ends before what was signed: it has 290 facts, and 300',
  );
  const running = await Sealer.open({ log: restored, files: there.files, signer: there.signer });
  await expect(running.step()).rejects.toThrow('ends before');
  const { origin, aside } = await forkLog({ log: restored, files: there.files, signer: there.signer }, () =>
    addFacts(restored, 1, ['evidence']),
  );
  expect(origin).toBe('ledger.example/test-fork-1');
  expect(parseCheckpoint(readFileSync(join(aside, 'checkpoint'), 'utf8')).size).toBe(300);
  await addFacts(restored, 300);
  await running.step();
  const after = parseCheckpoint((await there.files.readCheckpoint()) ?? '');
  expect(after).toMatchObject({
    origin,
    size: 591,
    extensions: [`forked ledger.example/test 300 ${base64Of(before.root)}`],
  });
  expect(await new TileReader(there.files, after.size).root()).toEqual(Buffer.from(after.root));
});

describe('a witness', () => {
  async function scene() {
    const log = openMemoryLog();
    const there = place();
    await addFacts(log, 10);
    const checkpoint = await seal(log, there);
    const directory = scratch();
    const { key } = await openKey({ directory, kind: 'witness', name: 'witness.example/w' });
    const logs = [(await there.signer.open()).key.verifier];
    const stateFile = join(directory, 'witness.sqlite');
    const open = () => new Witness({ logs, key, stateFile, now: () => new Date(1_700_000_000_000) });
    const proof = async (old: number, size: number) =>
      (await new TileReader(there.files, size).consistency(old))
        .map((hash) => `${base64Of(hash)}\n`)
        .join('');
    return { log, there, checkpoint, open, key, proof };
  }

  it('answers as c2sp.org/tlog-witness says', async () => {
    const { log, there, checkpoint, open, proof } = await scene();
    const it = open();
    const size = (answer: { status: number; type: string; body: string }) => [
      answer.status,
      answer.type,
      answer.body,
    ];
    expect((await it.addCheckpoint('nonsense')).status).toBe(400);
    expect((await it.addCheckpoint(`old 11\n\n${checkpoint}`)).status).toBe(400);
    expect(
      (await it.addCheckpoint(`old 0\n\n${checkpoint.replaceAll('ledger.example/test', 'other.example')}`))
        .status,
    ).toBe(404);
    expect((await it.addCheckpoint(`old 0\n\n${checkpoint.replace('\n10\n', '\n11\n')}`)).status).toBe(403);
    expect((await it.addCheckpoint(`old 0\nQUJD\n\n${checkpoint}`)).status).toBe(422);
    expect(size(await it.addCheckpoint(`old 5\n\n${checkpoint}`))).toEqual([409, 'text/x.tlog.size', '0\n']);
    expect((await it.addCheckpoint(`old 0\n\n${checkpoint}`)).status).toBe(200);
    expect((await it.addCheckpoint(`old 10\n\n${checkpoint}`)).status).toBe(200);
    expect(size(await it.addCheckpoint(`old 0\n\n${checkpoint}`))).toEqual([409, 'text/x.tlog.size', '10\n']);
    await addFacts(log, 5);
    const next = await seal(log, there);
    expect((await it.addCheckpoint(`old 10\n\n${next}`)).status).toBe(422);
    expect((await it.addCheckpoint(`old 10\n${await proof(10, 15)}\n${next}`)).status).toBe(200);
    it.close();
    // Persisted before it answered.
    const again = open();
    expect(size(await again.addCheckpoint(`old 10\n${await proof(10, 15)}\n${next}`))).toEqual([
      409,
      'text/x.tlog.size',
      '15\n',
    ]);
    again.close();
  });

  it('does not cosign a second history of a log whose key was stolen, nor roll back, whatever comes at the same time', async () => {
    const { log, there, checkpoint, open, proof } = await scene();
    const witnesses = [open(), open()]; // two processes over one file
    await witnesses[0]?.addCheckpoint(`old 0\n\n${checkpoint}`);
    const requests: string[] = [];
    for (let size = 11; size <= 20; size++) {
      await addFacts(log, 1);
      const note = await seal(log, there);
      requests.push(`old 10\n${await proof(10, size)}\n${note}`);
    }
    const answers = await Promise.all(requests.map((request, i) => witnesses[i % 2]?.addCheckpoint(request)));
    expect(answers.filter((answer) => answer?.status === 200)).toHaveLength(1);
    expect(answers.filter((answer) => answer?.status === 409)).toHaveLength(9);
    const forged = openMemoryLog();
    const stolen = place();
    mkdirSync(stolen.signerDirectory, { recursive: true });
    cpSync(join(there.signerDirectory, 'key'), join(stolen.signerDirectory, 'key'));
    await addFacts(forged, 30);
    const note = await seal(forged, stolen);
    const size = Number(answers.find((answer) => answer?.status === 409)?.body);
    const lines = (await new TileReader(stolen.files, 30).consistency(size))
      .map((hash) => `${base64Of(hash)}\n`)
      .join('');
    expect((await witnesses[0]?.addCheckpoint(`old ${size}\n${lines}\n${note}`))?.status).toBe(422);
    for (const each of witnesses) each.close();
  });

  it('cosigns behind the sealer, and its silence is seen', async () => {
    const { log, there, open, key } = await scene();
    const it = open();
    let isDown = false;
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request
        .on('data', (part) => parts.push(part))
        .on('end', async () => {
          if (isDown) return response.writeHead(503).end('closed');
          const { status, type, body } = await it.addCheckpoint(Buffer.concat(parts).toString());
          return response.writeHead(status, { 'content-type': type }).end(body);
        });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    const vkey = verifierText((await there.signer.open()).key.verifier);
    const policy = await parsePolicy(
      `log ${vkey}\nwitness w ${verifierText(key.verifier)} ${url}\nquorum w\n`,
    );
    const witnesses = new Witnesses(there.files, policy, new AbortController().signal);
    for (const more of [0, 300]) {
      await addFacts(log, more);
      witnesses.offer(await seal(log, there));
      await witnesses.settled();
    }
    const witnessed = parseCheckpoint((await there.files.readCheckpoint('checkpoint.witnessed')) ?? '');
    expect(witnessed.size).toBe(310);
    expect(await checkEndorsement(witnessed, policy)).toMatchObject({
      witnesses: [{ name: 'w', time: 1_700_000_000 }],
    });
    expect(await there.files.readCheckpoint()).toBe(await there.files.readCheckpoint('checkpoint.witnessed'));
    isDown = true;
    await addFacts(log, 1);
    witnesses.offer(await seal(log, there));
    await witnesses.settled();
    expect(witnesses.states).toMatchObject([{ name: 'w', size: 310, fault: 'it answers 503: closed' }]);
    expect(parseCheckpoint((await there.files.readCheckpoint()) ?? '').size).toBe(311);
    server.close();
    server.closeAllConnections();
    it.close();
  });
});
