import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { directory } from '../testing/scene.ts';
import { lockSpool } from './lock.ts';

describe('the lock of a spool', () => {
  it('names the process that has it, and is free when that one gives it up', async () => {
    const at = directory();
    const unlock = await lockSpool(at);
    await expect(lockSpool(at)).rejects.toThrow(`${join(at, 'lock')} is held by process ${process.pid}`);
    await unlock();
    await (await lockSpool(at))();
  });

  it('is free when its process was killed, and when its number belongs to another one now', async () => {
    const at = directory();
    const child = spawn('sleep', ['600'], { stdio: 'ignore' });
    await once(child, 'spawn');
    child.kill('SIGKILL');
    await once(child, 'close');
    writeFileSync(join(at, 'lock'), `${child.pid} 1 boot-1\n`);
    await (await lockSpool(at))();
    writeFileSync(join(at, 'lock'), `${process.pid} 1 boot-1\n`);
    await (await lockSpool(at))();
  });

  it('is free when nobody can say whose it was', async () => {
    const at = directory();
    // Power may fail before what is in the file is on the disk.
    writeFileSync(join(at, 'lock'), '');
    await (await lockSpool(at))();
    writeFileSync(join(at, 'lock'), 'x\n');
    const unlock = await lockSpool(at);
    expect(readFileSync(join(at, 'lock'), 'utf8')).toMatch(
      new RegExp(`^${process.pid} [0-9]+ [0-9a-f-]{36}\n$`),
    );
    await unlock();
  });
});
