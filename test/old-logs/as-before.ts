/** What holds for an old log, whatever stores it. */
import { CommandHandler } from '@apledger/command-handler';
import {
  type EventLog,
  type Head,
  packedFacts,
  type RecordedFact,
  type Verification,
  verify,
} from '@apledger/event-log';
import { type Fact, pack, packRecorded, parseFact, streamOf } from '@apledger/events';
import { memoryStore, openCustody, openReadModel, readFacts } from '@apledger/projections';
import {
  applyFact,
  type HostState,
  type HostViewJson,
  stateOfView,
  viewOf,
} from '@apledger/projections/host';
import { nodeAt } from '@apledger/sysfs';
import { expect, it } from 'vitest';
import { type Answers, asOld, type HostAnswers } from './support.ts';

const repack = ({ type, version, data }: RecordedFact, stored: Uint8Array): Uint8Array =>
  packRecorded(parseFact(type, version, data), version, stored);

/** Walks the whole log. */
export async function verified(log: EventLog, noted: readonly Head[]): Promise<Verification> {
  const walk = verify(log, { repack, noted });
  for (;;) {
    const step = await walk.next();
    if (step.done) return step.value;
  }
}

/** What that version read otherwise than the kernels do, from the same state: mended since. */
const MENDED = /\/depth$|\.[0-9a-f]{4}\/ap_functions$/;
const withoutMended = (files: Readonly<Record<string, string>>) =>
  Object.entries(files).filter(([path]) => !MENDED.test(path));

/** As it goes over the wire. */
const json = <T>(value: T): T => JSON.parse(JSON.stringify(value ?? null));

/** Tests of a log that only look at it. `open` gives a log for the length of a test. */
export function itReadsAsBefore(answers: Answers, open: () => Promise<EventLog>): void {
  it('gives every host the matrices that it had, at each position', async () => {
    const model = await openReadModel({ log: await open(), store: memoryStore() });
    await model.catchUp();
    for (const { host, views } of answers.hosts) {
      for (const view of views)
        expect(asOld(json((await model.hostAt(host, { position: view.position })) ?? null))).toEqual(view);
      expect(asOld(json((await model.now(host)) ?? null))).toEqual(views.at(-1));
    }
  });

  it('gives the files below /sys the content that they had', async () => {
    const handler = new CommandHandler(await open());
    for (const { host, sysfs } of answers.hosts) {
      const state = await handler.state(host);
      if (state === undefined) throw new Error(`${host} is gone`);
      const files = Object.fromEntries(filesOf(state));
      expect(Object.keys(files)).toEqual(Object.keys(sysfs));
      expect(withoutMended(files)).toEqual(withoutMended(sysfs));
    }
  });

  it('says the same of the custody of every queue', async () => {
    const custody = openCustody({ log: await open() });
    for (const { host, audit, exposures, guests } of answers.hosts) {
      expect(json(await custody.audit(audit.scope))).toMatchObject(audit);
      const found = await custody.exposures(host, exposures.range);
      expect(json(found?.exposures)).toEqual(exposures.exposures);
      for (const history of guests)
        expect(json(await custody.guestHistory(host, history.guest))).toMatchObject(history);
    }
  });

  it('finds nothing wrong with it, and the heads that were noted', async () => {
    const { verification } = answers;
    expect(await verified(await open(), verification.heads)).toEqual({ ...verification, clockJumps: [] });
  });

  it('says of each fact whether it was the last of its command', async () => {
    const log = await open();
    const ends = new Map<number, boolean>();
    const before = new Map<string, RecordedFact>();
    for await (const fact of log.readAll()) {
      const last = before.get(fact.stream);
      if (last !== undefined) ends.set(last.position, last.cause !== fact.cause);
      before.set(fact.stream, fact);
    }
    for (const { position } of before.values()) ends.set(position, true);
    const found = new Map<number, boolean | undefined>();
    for await (const page of readFacts(log))
      for (const { position, isLast } of packedFacts(page)) found.set(position, isLast);
    expect(found).toEqual(ends);
  });

  it('lets a page go on from the view of a moment with the facts after it', async () => {
    const log = await open();
    const model = await openReadModel({ log, store: memoryStore() });
    await model.catchUp();
    for (const { host, views } of answers.hosts) {
      const now: HostViewJson[] = [];
      for (const { position } of views) {
        const view = await model.hostAt(host, { position });
        if (view !== undefined) now.push(json(view));
      }
      expect(now.map(asOld)).toEqual(views);
      for (const [n, view] of now.entries()) await followed(log, host, view, now[n + 1]);
    }
  });
}

/** Folds in the page's way from one view to the next. */
async function followed(log: EventLog, host: string, from: HostViewJson, to = from): Promise<void> {
  const state = stateOfView(from);
  const range = { from: from.revision + 1, to: to.revision };
  if (to !== from)
    for await (const { revision, position, occurredAt, type, version, data } of log.readStream(
      streamOf(host),
      range,
    )) {
      const bytes = pack(parseFact(type, version, data));
      const place = { revision, position, occurredAt: Date.parse(occurredAt) };
      applyFact(state, { ...place, bytes, offset: 0, length: bytes.length });
    }
  expect(json(viewOf(host, state))).toEqual(to);
}

function* filesOf(state: HostState, path = ''): Generator<readonly [string, string]> {
  const node = nodeAt(state, path);
  if (node?.kind === 'directory')
    for (const name of node.list()) yield* filesOf(state, path === '' ? name : `${path}/${name}`);
  else if (node?.kind === 'link') yield [path, `-> ${node.target}`];
  else if (node !== undefined) {
    const text = node.read();
    yield [path, typeof text === 'string' ? text : text.errno];
  }
}

const NEW_MDEV = 'dddddddd-0000-4000-8000-000000000004';

/** Tests of a log that goes on; `reopen` closes it and opens it again as another process would. */
export function itGoesOn(
  answers: Answers,
  open: () => Promise<EventLog>,
  reopen: (log: EventLog) => Promise<EventLog>,
): void {
  it('decides new commands on it, and folds old and new facts together', async () => {
    const log = await open();
    const handler = new CommandHandler(log);
    const added = new Map<string, readonly Fact[]>();
    for (const { host } of answers.hosts) {
      const { facts } = await handler.submit({
        host,
        actor: 'test',
        command: { type: 'CreateMdev', text: NEW_MDEV },
      });
      expect(facts.map(({ type }) => type)).toEqual(['MdevCreated']);
      const assigned = { type: 'AssignControlDomain', mdev: NEW_MDEV, text: '4' } as const;
      await handler.submit({ host, actor: 'test', command: assigned });
      const start = { type: 'StartGuest', mdev: NEW_MDEV, guest: 'new' } as const;
      const started = await handler.submit({ host, actor: 'test', command: start });
      expect(started.refusal).toBeUndefined();
      added.set(host, [...facts, ...started.facts]);
    }
    const again = await reopen(log);
    for (const answer of answers.hosts) await expectNewMdev(again, answer);
    const found = await verified(again, answers.verification.heads);
    expect(found.problems).toEqual([]);
    expect(found.facts).toBeGreaterThan(answers.verification.facts + 2 * answers.hosts.length);
  });
}

/** The host is as it was, and has the new mdev beside its old ones. */
async function expectNewMdev(log: EventLog, { host, views, audit }: HostAnswers): Promise<void> {
  const before = views.at(-1);
  const model = await openReadModel({ log, store: memoryStore() });
  await model.catchUp();
  const now = asOld(json((await model.now(host)) ?? null));
  expect(now?.mdevs.map(({ mdev }) => mdev)).toEqual([
    ...(before?.mdevs.map(({ mdev }) => mdev) ?? []),
    NEW_MDEV,
  ]);
  expect(now?.mdevs.slice(0, -1)).toEqual(before?.mdevs);
  expect(now?.mdevs.at(-1)).toMatchObject({ controlDomains: [4], open: true, guest: 'new' });
  expect(now?.cards).toEqual(before?.cards);
  const runs = (await openCustody({ log }).audit({ ...audit.scope }))?.hosts[0]?.runs.length;
  expect(runs).toBe((audit.hosts[0]?.runs.length ?? 0) + 1);
}
