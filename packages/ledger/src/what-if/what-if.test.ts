/** What would happen is what happens when it is done; and nothing is. */
import type { WhatIf } from '@apledger/api';
import { CommandHandler } from '@apledger/command-handler';
import { type EventLog, openMemoryLog } from '@apledger/event-log';
import { type Command, type Fact, type Generation, streamOf } from '@apledger/events';
import { memoryStore, openReadModel } from '@apledger/projections';
import { ask } from '@apledger/script';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadStep, parseSteps } from './suppose.ts';
import { whatIf } from './what-if.ts';

const A = 'aaaaaaaa-0000-4000-8000-000000000001';
const B = 'bbbbbbbb-0000-4000-8000-000000000002';
const MATRIX = '/sys/devices/vfio_ap/matrix';

const register = (driver: Generation): Command => ({
  type: 'RegisterHost',
  host: 'box',
  driver,
  hardware: {
    qci: true,
    apxa: true,
    maxAdapter: 15,
    maxDomain: 15,
    adapters: [4, 5, 6],
    domains: [4, 5],
    controlDomains: [4],
    cards: [],
  },
  boot: { apmask: '+0-255,-5,-6', aqmask: null },
});

/** Guest `web` has 05.0004 and 05.0005 in mdev A; mdev B has domain 4 and no adapter. */
const opening: readonly string[] = [
  `echo ${A} > ${MATRIX}/mdev_supported_types/vfio_ap-passthrough/create`,
  `echo ${B} > ${MATRIX}/mdev_supported_types/vfio_ap-passthrough/create`,
  `echo 5 > ${MATRIX}/${A}/assign_adapter`,
  `echo 4 > ${MATRIX}/${A}/assign_domain`,
  `echo 5 > ${MATRIX}/${A}/assign_domain`,
  `echo 4 > ${MATRIX}/${A}/assign_control_domain`,
  `echo 4 > ${MATRIX}/${B}/assign_domain`,
  `guest start web ${A}`,
];

interface Scene {
  readonly log: EventLog;
  readonly handler: CommandHandler;
  ask(steps: readonly string[], revision?: number, maxBytes?: number): Promise<WhatIf>;
  /** Carries the steps out; resolves with the facts of each. */
  does(steps: readonly string[]): Promise<Fact[][]>;
}

async function scene(driver: Generation = '7.3', steps = opening): Promise<Scene> {
  const log = openMemoryLog();
  const handler = new CommandHandler(log);
  const readModel = await openReadModel({ log, store: memoryStore() });
  const submit = (command: Command) => handler.submit({ host: 'box', command, actor: 'test' });
  const made: Scene = {
    log,
    handler,
    async ask(texts, revision, maxBytes = Number.POSITIVE_INFINITY) {
      const moment = revision === undefined ? {} : { moment: { revision } };
      const answer = await whatIf({ handler, readModel, host: 'box', steps: texts, maxBytes, ...moment });
      if (answer === undefined) throw new Error('no such host');
      return answer;
    },
    async does(texts) {
      const all: Fact[][] = [];
      for (const { operation } of parseSteps(texts)) {
        const state = await handler.state('box');
        const asked = state && ask(state, '', operation);
        const facts: Fact[] = [];
        for (const command of asked && 'commands' in asked ? asked.commands : []) {
          const receipt = await submit(command);
          facts.push(...receipt.facts);
          if (receipt.refusal !== undefined) break;
        }
        all.push(facts);
      }
      return all;
    },
  };
  await submit(register(driver));
  await made.does(steps);
  return made;
}

const matrices = (view: object) => {
  const { revision, position, occurredAt, ...rest } = JSON.parse(JSON.stringify(view));
  return rest;
};

describe('what if', () => {
  it('says who would lose and gain what, and appends nothing', async () => {
    const { ask, log } = await scene();
    const end = await log.lastPosition();
    const answer = await ask([`echo 5 > ${MATRIX}/${A}/unassign_adapter`, 'echo +6 > /sys/bus/ap/apmask']);
    expect(answer.steps.map(({ outcome }) => outcome)).toEqual(['done', 'done']);
    expect(answer.lost).toEqual([
      { guest: 'web', mdev: A, queues: ['05.0004', '05.0005'], controlDomains: [] },
    ]);
    expect(answer.gained).toEqual([]);
    expect(answer.hostQueues).toEqual({ lost: [], gained: ['06.0004', '06.0005'] });
    expect(answer.changes.map(({ change }) => change)).toContain('adaptersUnassigned');
    expect(await log.lastPosition()).toBe(end);
    expect(answer.at).toMatchObject({ revision: answer.before.revision, position: end });
  });

  it('ends where its answer becomes larger than the asker can take', async () => {
    const { ask } = await scene();
    const steps = Array.from({ length: 100 }, (_, n) => `echo ${n % 2 ? '+' : '-'}6 > /sys/bus/ap/apmask`);
    await expect(ask(steps, undefined, 20_000)).rejects.toMatchObject({
      status: 413,
      code: 'reply-too-large',
      message: expect.stringMatching(/^Up to step \d+, the answer has \d+ bytes; 20000 are the most\./),
    });
    await expect(ask(steps.slice(0, 5), undefined, 20_000)).resolves.toMatchObject({ host: 'box' });
  });

  it('decides each step on what the ones before it would leave', async () => {
    const { ask } = await scene();
    const { steps, gained, lost } = await ask([
      'guest stop web',
      `guest start db ${A}`,
      'cd /sys/devices/vfio_ap/matrix',
      `cat ${A}/matrix`,
      'guest stop web',
    ]);
    expect(steps.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'nothing', 'nothing', 'refused']);
    expect(steps[3]?.output).toBe('05.0004\n05.0005\n');
    expect(steps[4]?.refusal).toMatchObject({
      errno: 'ENODEV',
      remedy: expect.stringContaining('guest start'),
    });
    expect([gained, lost].map(([share]) => share?.guest)).toEqual(['db', 'web']);
  });

  it('says what would be refused, who is in the way, and what would help', async () => {
    const { ask } = await scene();
    const { steps, changes } = await ask([`echo 5 > ${MATRIX}/${B}/assign_adapter`, 'echo 1 > /sys/nowhere']);
    expect(steps[0]).toMatchObject({
      outcome: 'refused',
      facts: [{ type: 'CommandRejected' }],
      refusal: {
        errno: 'EADDRINUSE',
        conflicts: [{ queue: '05.0004', holder: `mdev ${A} (guest web)` }],
        remedy: expect.stringContaining('Unassign'),
      },
    });
    expect(steps[1]).toMatchObject({ outcome: 'refused', facts: [], refusal: { errno: 'ENOENT' } });
    expect(changes).toEqual([]);
  });

  it('says what would make its writer sleep', async () => {
    const { ask } = await scene();
    const { steps } = await ask([`echo 1 > ${MATRIX}/${A}/remove`, 'guest stop web']);
    expect(steps.map(({ outcome }) => outcome)).toEqual(['blocked', 'done']);
  });

  it('can be asked of the past', async () => {
    const { ask, does, log } = await scene();
    const { revision = 0 } = (await log.head(streamOf('box'))) ?? {};
    await does(['guest stop web']);
    expect((await ask(['guest stop web'])).steps[0]?.outcome).toBe('refused');
    const then = await ask(['guest stop web'], revision);
    expect(then.steps[0]?.outcome).toBe('done');
    expect(then.lost).toHaveLength(1);
    expect(then.at.revision).toBe(revision);
  });

  it('has no answer for a host that was not there', async () => {
    const { handler, log } = await scene();
    const readModel = await openReadModel({ log, store: memoryStore() });
    const question = { handler, readModel, steps: ['scan'] };
    expect(await whatIf({ ...question, host: 'nobody' })).toBeUndefined();
    expect(await whatIf({ ...question, host: 'box', moment: { position: 0 } })).toBeUndefined();
  });

  it('has an answer on the largest host, too', async () => {
    const all = Array.from({ length: 256 }, (_, id) => id);
    const log = openMemoryLog();
    const handler = new CommandHandler(log);
    const command = register('7.3');
    if (command.type !== 'RegisterHost') throw new Error('not a registration');
    const hardware = { ...command.hardware, maxAdapter: 255, maxDomain: 255, adapters: all, domains: all };
    await handler.submit({ host: 'box', command: { ...command, hardware }, actor: 'test' });
    const readModel = await openReadModel({ log, store: memoryStore() });
    const steps = ['hardware adapters=', 'scan'];
    const answer = await whatIf({ handler, readModel, host: 'box', steps });
    expect(answer?.steps[1]?.facts.length).toBeGreaterThan(256);
    expect(answer?.hostQueues.lost).toHaveLength(254 * 256);
    expect(answer?.after.cards).toEqual([]);
  });

  it('decides no more than it may, and names the step with which it becomes too much', async () => {
    const { log, handler } = await scene();
    const readModel = await openReadModel({ log, store: memoryStore() });
    const steps = ['scan', 'guest stop web', 'echo -6 > /sys/bus/ap/apmask'];
    const asked = { handler, readModel, host: 'box', steps };
    const facts = (await whatIf(asked))?.steps.flatMap((step) => step.facts).length ?? 0;
    await expect(whatIf({ ...asked, maxFacts: facts })).resolves.toBeDefined();
    const tooMuch = whatIf({ ...asked, steps: [...steps, 'scan'], maxFacts: facts });
    await expect(tooMuch).rejects.toThrow(/^step 4, "scan": up to here \d+ facts/);
  });

  it('is what happens when it is done', async () => {
    const adapter = fc.constantFrom(4, 5, 6, 7);
    const mdev = fc.constantFrom(A, B);
    const write = (file: string) =>
      fc.tuple(adapter, mdev).map(([id, u]) => `echo ${id} > ${MATRIX}/${u}/${file}`);
    const step = fc.oneof(
      ...['assign_adapter', 'unassign_adapter', 'assign_domain', 'unassign_domain', 'remove'].map(write),
      adapter.map((id) => `echo -${id} > /sys/bus/ap/apmask`),
      adapter.map((id) => `echo +${id} > /sys/bus/ap/apmask`),
      fc.tuple(fc.constantFrom('web', 'db'), mdev).map(([guest, u]) => `guest start ${guest} ${u}`),
      fc.constantFrom('web', 'db').map((guest) => `guest stop ${guest}`),
      fc.subarray([4, 5, 6]).map((ids) => `hardware adapters=${ids}`),
      fc.constantFrom('card 05 config=0', 'card 05 config=1', 'card 06 chkstop=1', 'scan', 'scan'),
      mdev.map((u) =>
        `echo 05.0004 > /sys/bus/ap/drivers/vfio_ap/unbind`.replace('05', u === A ? '05' : '06'),
      ),
    );
    const driver = fc.constantFrom<Generation>('2019-v2', '6.12', '7.3');
    await fc.assert(
      fc.asyncProperty(
        driver,
        fc.array(step, { minLength: 1, maxLength: 12, size: 'max' }),
        async (made, steps) => {
          const { ask, does, log } = await scene(made);
          const end = await log.lastPosition();
          const answer = await ask(steps);
          expect(await log.lastPosition()).toBe(end);
          expect(answer.steps.map(({ facts }) => facts)).toEqual(await does(steps));
          const readModel = await openReadModel({ log, store: memoryStore() });
          const now = await readModel.now('box');
          expect(now && matrices(now)).toEqual(matrices(answer.after));
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('a step', () => {
  it.each([
    ['dance', /^step 2, "dance": dance: no such command/],
    ['', /asks for nothing/],
    ['! scan', /leave out the !/],
    ['host other adapters=1 domains=1', /about one host/],
    ['scan\nscan', /one line/],
    [`echo ${'5'.repeat(70_000)} > f`, /^step 2, "echo 5+\.\.\.": longer/],
  ])('that is none is named: %j', (text, told) => {
    expect(() => parseSteps(['scan', text])).toThrow(BadStep);
    expect(() => parseSteps(['scan', text])).toThrow(told);
  });
});
