/** Commands on a real log: what is recorded, by whom, when, and once. */
import { idsOf } from '@apledger/ap';
import { decide } from '@apledger/driver';
import { openMemoryLog, WrongExpectedRevision } from '@apledger/event-log';
import { parseFact, streamOf } from '@apledger/events';
import { evolve, HostState } from '@apledger/host';
import { describe, expect, it } from 'vitest';
import { CommandHandler, CommandIdUsed } from './index.ts';
import {
  A,
  all,
  assignAdapter,
  assignDomain,
  B,
  create,
  HOST,
  operator,
  register,
  remove,
  scene,
  start,
} from './test-support.ts';

const ID = '11111111-2222-4333-8444-555555555555';
const RUN = '99999999-2222-4333-8444-555555555555';

describe('a command that is carried out', () => {
  it('is answered by its facts, which are in the host`s stream in the same order', async () => {
    const { submit, recorded } = await scene(assignDomain(A, 4), start(A));
    const receipt = await submit(assignAdapter(A, 5));
    expect(receipt.facts.map(({ type }) => type)).toEqual(['AdapterAssigned', 'GuestMatrixChanged']);
    const facts = await recorded();
    expect(facts.slice(-2).map(({ type, data }) => ({ type, data }))).toEqual(receipt.facts);
    expect(facts.map(({ revision }) => revision)).toEqual(facts.map((_, i) => i));
    expect(receipt).toMatchObject({ revision: facts.length - 1, isBlocked: false, isDuplicate: false });
  });

  it('leaves who, why and what it belongs to on every fact', async () => {
    const { submit, recorded } = await scene(assignDomain(A, 4), start(A));
    await submit(assignAdapter(A, 5), { commandId: ID, correlation: RUN, actor: 'anna' });
    for (const fact of (await recorded()).slice(-2))
      expect(fact).toMatchObject({ cause: ID, correlation: RUN, actor: 'anna' });
  });

  it('is its own correlation when it belongs to nothing, and has an id when it was given none', async () => {
    const { submit, recorded } = await scene();
    const { commandId } = await submit(assignAdapter(A, 5));
    expect(commandId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect((await recorded()).at(-1)).toMatchObject({ cause: commandId, correlation: commandId });
  });

  it('is dated by the clock that the handler was given', async () => {
    const { submit, recorded, clock } = await scene();
    clock.now = Date.parse('2031-12-24T18:00:00.123Z');
    await submit(assignAdapter(A, 5));
    clock.now += 1000;
    await submit(assignAdapter(A, 6));
    const assigned = (await recorded()).filter(({ type }) => type === 'AdapterAssigned');
    expect(assigned.map(({ occurredAt }) => occurredAt)).toEqual([
      '2031-12-24T18:00:00.123Z',
      '2031-12-24T18:00:01.123Z',
    ]);
  });

  it('is recorded when it changes nothing, with what was asked', async () => {
    const { submit, recorded } = await scene(assignAdapter(A, 5));
    const before = (await recorded()).length;
    const command = assignAdapter(A, 5);
    const facts = [{ type: 'CommandHadNoEffect', data: { command } }];
    expect(await submit(command)).toMatchObject({ facts, revision: before, isDuplicate: false });
    expect(await recorded()).toMatchObject({ [before]: facts[0] });
  });

  it('that changed nothing is not done later under the same id, though it would change something then', async () => {
    const { submit } = await scene(assignAdapter(A, 5));
    const first = await submit(assignAdapter(A, 5), { commandId: ID });
    await submit({ type: 'UnassignAdapter', mdev: A, text: '5' });
    expect(await submit(assignAdapter(A, 5), { commandId: ID })).toEqual({ ...first, isDuplicate: true });
  });

  it('is bound to the matrices as they were, not to the bare revision', async () => {
    const { submit } = await scene(assignAdapter(A, 5));
    const seen = (await submit({ type: 'ScanBus' })).revision;
    await submit(assignAdapter(A, 5));
    await submit(assignAdapter(A, 300));
    await submit({ type: 'ScanBus' });
    const done = await submit(assignDomain(A, 4), { expected: seen });
    expect(done.facts[0]?.type).toBe('DomainAssigned');
    await expect(submit(assignDomain(A, 5), { expected: seen })).rejects.toThrow(WrongExpectedRevision);
    await expect(submit(assignDomain(A, 5), { expected: done.revision + 1 })).rejects.toThrow(
      WrongExpectedRevision,
    );
    await expect(submit(assignDomain(A, 5), { expected: 'none' })).rejects.toThrow(WrongExpectedRevision);
  });

  it('leads to the state that a fold over the stream gives', async () => {
    const { handler, recorded } = await scene(
      assignAdapter(A, 5),
      assignDomain(A, 4),
      start(A),
      assignAdapter(B, 4),
    );
    const folded = new HostState();
    for (const { type, version, data, revision, position, occurredAt } of await recorded()) {
      evolve(folded, parseFact(type, version, data));
      folded.place(revision, position, Date.parse(occurredAt));
    }
    expect((await handler.state(HOST))?.equals(folded)).toBe(true);
  });
});

describe('a command that is refused', () => {
  it('is recorded, with the command, the errno and the reason', async () => {
    const { submit, recorded } = await scene(assignDomain(A, 4));
    const receipt = await submit(assignAdapter(A, 4), { commandId: ID });
    expect(receipt.refusal).toMatchObject({ errno: 'EADDRNOTAVAIL', conflicts: [{ queue: '04.0004' }] });
    const last = (await recorded()).at(-1);
    expect(last).toMatchObject({
      type: 'CommandRejected',
      cause: ID,
      data: { command: assignAdapter(A, 4), ...receipt.refusal },
    });
    expect(receipt.revision).toBe(last?.revision);
  });

  it('for a host that nobody registered is refused, and nothing is recorded', async () => {
    const log = openMemoryLog();
    const handler = new CommandHandler(log);
    const receipt = await handler.submit(operator({ type: 'ScanBus' }, { commandId: ID }));
    expect(receipt).toMatchObject({ refusal: { errno: 'ENODEV' }, revision: -1, isDuplicate: false });
    expect(await log.heads()).toEqual([]);
    expect(await handler.state(HOST)).toBeUndefined();
    // The id is still free: the host may come to be, and the same command be carried out then.
    await handler.submit(operator(register()));
    expect(await handler.submit(operator({ type: 'ScanBus' }, { commandId: ID }))).toMatchObject({
      isDuplicate: false,
    });
  });

  it('to register a host twice is EEXIST, recorded in the stream of the one that is there', async () => {
    const { submit, recorded } = await scene();
    expect((await submit(register(HOST, '6.12'))).refusal?.errno).toBe('EEXIST');
    expect((await recorded()).at(-1)?.type).toBe('CommandRejected');
  });
});

describe('a command that is submitted twice', () => {
  it('is carried out once, and answered alike', async () => {
    const { submit, recorded } = await scene();
    const first = await submit(assignAdapter(A, 5), { commandId: ID });
    const before = (await recorded()).length;
    const again = await submit(assignAdapter(A, 5), { commandId: ID });
    expect(again).toEqual({ ...first, isDuplicate: true });
    expect(await recorded()).toHaveLength(before);
  });

  it('stays done when the world has moved on meanwhile', async () => {
    const { submit, handler } = await scene();
    const first = await submit(assignAdapter(A, 5), { commandId: ID });
    await submit({ type: 'UnassignAdapter', mdev: A, text: '5' });
    expect(await submit(assignAdapter(A, 5), { commandId: ID })).toEqual({ ...first, isDuplicate: true });
    expect(idsOf((await handler.state(HOST))?.mdevs.get(A)?.assigned.adapters ?? [])).toEqual([]);
  });

  it('stays refused, also when it could be done now', async () => {
    const { submit } = await scene(assignDomain(A, 4));
    const first = await submit(assignAdapter(A, 4), { commandId: ID });
    await submit({ type: 'WriteMask', mask: 'apmask', text: '-4' });
    const again = await submit(assignAdapter(A, 4), { commandId: ID });
    expect(again).toEqual({ ...first, isDuplicate: true });
    expect(again.refusal?.errno).toBe('EADDRNOTAVAIL');
  });

  it('stays blocked, also when the guest has let go meanwhile', async () => {
    const { submit, handler } = await scene(assignDomain(A, 4), start(A));
    const first = await submit(remove(A), { commandId: ID });
    expect(first).toMatchObject({ isBlocked: true });
    await submit({ type: 'StopGuest', mdev: A });
    expect((await handler.state(HOST))?.mdevs.has(A)).toBe(false);
    expect(await submit(remove(A), { commandId: ID })).toEqual({ ...first, isDuplicate: true });
  });

  it('by two handlers at once is carried out by one of them', async () => {
    const { handler, another, recorded } = await scene();
    const before = (await recorded()).length;
    const receipts = await Promise.all(
      [handler, another(), another()].map((one) =>
        one.submit(operator(create(A.replace('1', '3')), { commandId: ID })),
      ),
    );
    expect(receipts.map(({ isDuplicate }) => isDuplicate).filter((isDuplicate) => !isDuplicate)).toHaveLength(
      1,
    );
    expect(new Set(receipts.map(({ revision }) => revision)).size).toBe(1);
    expect(await recorded()).toHaveLength(before + 1);
  });

  it('under an id that was used for another command is refused, and says for what', async () => {
    const { submit, recorded } = await scene();
    await submit(assignAdapter(A, 5), { commandId: ID });
    const before = await recorded();
    const other = submit(assignAdapter(A, 6), { commandId: ID.toUpperCase() });
    await expect(other).rejects.toThrow(
      /was used for AssignAdapter on host lpar1 \(position \d+, 2026-03-01T/,
    );
    await expect(other).rejects.toThrow(CommandIdUsed);
    expect(await recorded()).toEqual(before);
    expect((await submit(assignAdapter(A, 5), { commandId: ID })).isDuplicate).toBe(true);
  });

  it('under an id that was used for another host is refused, too', async () => {
    const { submit, handler } = await scene();
    await submit(assignAdapter(A, 5), { commandId: ID });
    const other = { ...register(), host: 'lpar2' };
    const submission = { host: 'lpar2', command: other, actor: 'operator', commandId: ID };
    await expect(handler.submit(submission)).rejects.toThrow(/was used for AssignAdapter on host lpar1/);
    expect(await handler.state('lpar2')).toBeUndefined();
  });

  it('is answered as before where an earlier version recorded it, which kept no mark of commands', async () => {
    const { log, submit, recorded } = await scene();
    const revision = (await recorded()).length - 1;
    const command = assignAdapter(A, 300);
    const data = { command, errno: 'EINVAL', explanation: 'no', conflicts: [], remedy: '' };
    const occurredAt = '2026-03-01T09:00:00.000Z';
    const facts = [{ type: 'CommandRejected', version: 1, occurredAt, data, packed: new Uint8Array() }];
    const stream = streamOf(HOST);
    await log.append({ stream, expected: revision, commandId: ID, actor: 'a', correlation: ID, facts });
    expect(await submit(assignAdapter(A, 5), { commandId: ID })).toMatchObject({ isDuplicate: true });
  });
});

describe('the stream of a host', () => {
  it('begins with its registration, whose facts are those of the rules', async () => {
    const log = openMemoryLog();
    await new CommandHandler(log).submit(operator(register()));
    const types = (await all(log.readStream(streamOf(HOST)))).map(({ type }) => type);
    expect(types).toEqual(decide(new HostState(), register()).facts.map(({ type }) => type));
    expect((await log.heads()).map(({ stream }) => stream)).toEqual(['host-lpar1']);
  });
});

describe('a handler of more hosts than it keeps', () => {
  it('decides as one that keeps all of them', async () => {
    const ids = [A, B].flatMap((mdev) => [create(mdev), assignAdapter(mdev, 5), assignDomain(mdev, 4)]);
    const played = async (maxHosts: number) => {
      const handler = new CommandHandler(openMemoryLog(), { maxHosts });
      const outcomes: unknown[] = [];
      for (const host of ['a', 'b', 'c', 'a', 'c', 'b', 'a'])
        for (const command of [{ ...register(), host } as const, ...ids]) {
          const { facts, refusal, revision } = await handler.submit({ host, command, actor: 'test' });
          outcomes.push({ facts, refusal, revision });
        }
      return outcomes;
    };
    expect(await played(1)).toEqual(await played(1000));
  });
});
