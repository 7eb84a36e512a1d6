/** Commands, against a kernel that is a host state with the driver's rules. */
import type { CommandRequest } from '@apledger/agent-protocol';
import { decide } from '@apledger/driver';
import { attributeOf, type Command, type FactOf } from '@apledger/events';
import { evolve, HostState } from '@apledger/host';
import type { Known } from '@apledger/observe';
import { describe, expect, it } from 'vitest';
import type { Spool } from '../spool/spool.ts';
import { AT, create, directory, draft, registration, spoolIn, uuid } from '../testing/scene.ts';
import type { WriteAnswer, WriteRequest, Writer } from '../writer/protocol.ts';
import { Commander } from './commander.ts';

const registered = (): HostState => {
  const state = new HostState();
  for (const fact of decide(state, registration()).facts) evolve(state, fact);
  return state;
};

class Scene {
  readonly kernel = registered();
  readonly writes: WriteRequest[] = [];
  spool!: Spool;
  at = directory();
  /** What is written next. */
  command: Command | undefined;
  /** Instead of the kernel's answer. */
  answer: ((rules: WriteAnswer) => WriteAnswer) | undefined;
  /** The kernel takes the write and does nothing. */
  isIdle = false;
  canLook = true;

  static async open(): Promise<Scene> {
    const scene = new Scene();
    await scene.start();
    await scene.spool.adopt({
      epoch: 1,
      lastSequence: 0,
      revision: 10,
      state: scene.kernel.fork(),
      open: new Set(),
    });
    return scene;
  }

  async start(): Promise<void> {
    this.spool = (await spoolIn(this.at)).spool;
  }

  get commander(): Commander {
    const writer: Writer = {
      write: async (request) => {
        this.writes.push(request);
        const answer = this.#kernelTakes();
        return this.answer?.(answer) ?? answer;
      },
    };
    const looker = {
      look: async () => {
        if (!this.canLook) throw new Error('the kernel does not answer');
        await this.#look();
      },
    };
    const witness = { begin: () => ({ written: () => {}, end: () => {} }) };
    return new Commander({ spool: this.spool, writer, looker, witness, report: () => {}, lookMs: 1000 });
  }

  /** Offers the command and waits until it is settled. */
  async give(
    command: Command,
    more: Partial<CommandRequest> = {},
  ): Promise<FactOf<'CommandSettled'>['data'] | undefined> {
    this.command = command;
    const commander = this.commander;
    commander.offer([request(command, more)]);
    await commander.idle();
    return this.settlements().at(-1);
  }

  settlements(): FactOf<'CommandSettled'>['data'][] {
    return this.spool
      .unsent(1e9)
      .flatMap(({ facts }) => facts.flatMap((fact) => (fact.type === 'CommandSettled' ? [fact.data] : [])));
  }

  #kernelTakes(): WriteAnswer {
    if (this.command === undefined || this.isIdle) return { outcome: 'written', bytes: 1 };
    const { facts, refusal } = decide(this.kernel, this.command);
    for (const fact of facts) evolve(this.kernel, fact);
    return refusal === undefined
      ? { outcome: 'written', bytes: 1 }
      : { outcome: 'failed', errno: refusal.errno };
  }

  /** An observer that knows everything. */
  async #look(): Promise<void> {
    const known = this.spool.known as Known;
    if (this.command === undefined || known.state.hasMatricesOf(this.kernel)) return;
    const { facts } = decide(known.state, this.command);
    await this.spool.record([draft(facts)], { state: this.kernel, seenAt: AT, boot: 'b1' });
  }
}

const request = (command: Command, more: Partial<CommandRequest> = {}): CommandRequest => ({
  request: 'one',
  command,
  requestedAt: AT,
  until: AT,
  leftMs: 60_000,
  actor: 'anna',
  revision: 11,
  ...more,
});

describe('a command', () => {
  it('is done when it was written and read back', async () => {
    const scene = await Scene.open();
    expect(await scene.give(create(1))).toMatchObject({
      outcome: 'done',
      explanation: 'Written, and read back.',
    });
    expect(scene.writes).toMatchObject([{ file: attributeOf(create(1))?.file, text: uuid(1) }]);
    expect(scene.spool.begun).toEqual([]);
  });

  it('is refused with the errno of the kernel and the explanation of the rules', async () => {
    const scene = await Scene.open();
    await scene.give(create(1));
    const settled = await scene.give(create(1), { request: 'two' });
    expect(settled).toMatchObject({ outcome: 'refused', errno: 'EEXIST' });
    expect(settled?.explanation).toMatch(/There is an mdev .* already/);
    scene.answer = () => ({ outcome: 'failed', errno: 'EBUSY' });
    const other = await scene.give(create(2), { request: 'three' });
    expect(other?.explanation).toMatch(
      /refused the write with EBUSY. By the rules of driver 6.12 it would be accepted/,
    );
  });

  it('that the kernel took without doing it is not done', async () => {
    const scene = await Scene.open();
    scene.isIdle = true;
    expect(await scene.give(create(1))).toMatchObject({
      outcome: 'unconfirmed',
      found: `there is no mdev ${uuid(1)}`,
    });
  });

  it('that cannot be read back is not done', async () => {
    const scene = await Scene.open();
    scene.canLook = false;
    expect(await scene.give(create(1))).toMatchObject({ outcome: 'unconfirmed' });
  });

  it('that changes nothing is done', async () => {
    const scene = await Scene.open();
    const same: Command = { type: 'WriteMask', mask: 'apmask', text: '+5' };
    expect(await scene.give(same)).toMatchObject({ outcome: 'done', explanation: /nothing to change/ });
  });

  it('whose writer cannot be reached was certainly not written', async () => {
    const scene = await Scene.open();
    scene.answer = () => ({ outcome: 'not-begun', reason: 'no writer' });
    scene.isIdle = true;
    const settled = await scene.give(create(1));
    expect(settled).toMatchObject({ outcome: 'refused', explanation: 'Nothing was written: no writer.' });
    expect(settled).not.toHaveProperty('errno');
  });

  it('whose write does not return is done only where its effect is there', async () => {
    const scene = await Scene.open();
    scene.answer = () => ({ outcome: 'unknown', reason: 'the kernel did not return' });
    expect(await scene.give(create(1))).toMatchObject({ outcome: 'done' });
    scene.isIdle = true;
    expect(await scene.give(create(2), { request: 'two' })).toMatchObject({ outcome: 'unconfirmed' });
  });

  it('that was begun by an agent which was killed is never written again, nor taken for done', async () => {
    const scene = await Scene.open();
    const begun = { request: 'one', command: create(1), begunAt: AT };
    await scene.spool.begin(begun);
    await scene.spool.close();
    await scene.start();
    expect(await scene.give(create(1))).toMatchObject({ outcome: 'unconfirmed' });
    expect(scene.writes).toEqual([]);
    expect(scene.spool.begun).toEqual([]);
  });

  it('of which nothing is known since the spool was lost is not written', async () => {
    const scene = await Scene.open();
    expect(await scene.give(create(1), { revision: 10 })).toMatchObject({ outcome: 'unconfirmed' });
    expect(scene.writes).toEqual([]);
  });

  it('that was settled by an agent which was killed before it could send that is not done again', async () => {
    const scene = await Scene.open();
    await scene.give(create(1));
    await scene.spool.close();
    await scene.start();
    await scene.give(create(1));
    expect([scene.writes.length, scene.settlements().length]).toEqual([1, 1]);
  });

  it('is begun by what is left of its time, whatever the clocks say', async () => {
    const scene = await Scene.open();
    expect(await scene.give(create(1), { until: '1999-01-01T00:00:00.000Z' })).toMatchObject({
      outcome: 'done',
    });
    const late = await scene.give(create(2), {
      request: 'two',
      until: '2999-01-01T00:00:00.000Z',
      leftMs: -1,
    });
    expect(late).toMatchObject({ outcome: 'expired' });
    expect(scene.writes).toHaveLength(1);
  });

  it('is settled once, however often it is offered', async () => {
    const scene = await Scene.open();
    scene.command = create(1);
    const { commander } = scene;
    for (const _ of [1, 2, 3]) commander.offer([request(create(1))]);
    await commander.idle();
    commander.offer([request(create(1))]);
    await commander.idle();
    expect([scene.writes.length, scene.settlements().length]).toEqual([1, 1]);
  });
});
