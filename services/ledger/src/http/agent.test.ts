/** The agent of a real host over HTTP: who it is, what it says, and the commands that it settles. */
import { A, assignAdapter, create, register } from '@apledger/command-handler/testing';
import { parseFact } from '@apledger/events';
import { HostState } from '@apledger/host';
import { describe, expect, it } from 'vitest';
import { controlled } from './test-access.ts';
import { type Scene, scene } from './test-support.ts';

const AGENT = '11111111-1111-4111-8111-111111111111';
const OTHER = '22222222-2222-4222-8222-222222222222';
const AT = '2026-03-01T08:59:00.000Z';
const HELLO = { boot: 'b1', kernel: '6.12.0', detected: ['6.12: ap_config'], missing: [] };
const ID = '0198a7b1-0000-7000-8000-000000000001';

const commit = (sequence: number, facts: readonly object[] = [], more: object = {}) => ({
  sequence,
  occurredAt: AT,
  actor: 'unattributed',
  facts: [
    {
      type: 'HostObserved',
      data: {
        epoch: 1,
        sequence,
        boot: 'b1',
        notBefore: null,
        notAfter: AT,
        settled: true,
        wasAway: false,
        certainty: 'none',
        evidence: [],
        ...more,
      },
    },
    ...facts,
  ],
});
const created = { type: 'MdevCreated', data: { mdev: A } };
const settledAs = (outcome: string, more: object = {}) => ({
  type: 'CommandSettled',
  data: { request: ID, outcome, explanation: 'seen.', ...more },
});

async function watched(): Promise<Scene> {
  const made = await scene();
  await hello(made, { register: register('zlp1') });
  return made;
}
const hello = ({ post }: Scene, more: object = {}, host = 'zlp1') =>
  post(`/hosts/${host}/agent/hello`, { agent: AGENT, epoch: 0, ...HELLO, ...more });
const send = ({ post }: Scene, commits: readonly object[], more: object = {}) =>
  post('/hosts/zlp1/agent/commits', { agent: AGENT, epoch: 1, commits, ...more });
const typesOf = async ({ log }: Scene) => {
  const types: string[] = [];
  for await (const { type } of log.readStream('host-zlp1')) types.push(type);
  return types;
};
/** A command that is under way, and the answer to come. */
async function asked(made: Scene, command: object, headers: Readonly<Record<string, string>> = {}) {
  const before = (await typesOf(made)).length;
  const answer = made.post('/hosts/zlp1/commands', command, { 'idempotency-key': ID, ...headers });
  const query = `agent=${AGENT}&epoch=1&after=${before - 1}&wait=20`;
  const { body } = await made.get(`/hosts/zlp1/agent/commands?${query}`);
  return { answer, open: body.open as readonly Record<string, unknown>[] };
}

describe('an agent that says hello', () => {
  it('registers a host that nobody knows, and learns its epoch and its state', async () => {
    const made = await scene();
    expect((await hello(made)).body).toMatchObject({ code: 'unknown-host' });
    const { status, body } = await hello(made, { register: register('zlp1') });
    expect([status, body.epoch, body.lastSequence, body.open]).toEqual([200, 1, 0, []]);
    const state = HostState.ofBytes(Buffer.from(String(body.state), 'base64'));
    expect(state?.agentEpoch).toBe(1);
    expect(state?.equals((await made.ledger.state('zlp1')) as HostState)).toBe(true);
    expect(await typesOf(made)).toContain('ObservationBegan');
  });

  it('registers and begins in one: nobody finds the host without its agent, and takes the rules for the kernel', async () => {
    const { log } = await watched();
    const commits: string[] = [];
    for await (const { correlation } of log.readStream('host-zlp1')) commits.push(correlation);
    expect(new Set(commits).size).toBe(1);
  });

  it('of an epoch that this ledger knows nothing of is refused: it has another log', async () => {
    const made = await scene();
    const { status, body } = await hello(made, { epoch: 3, register: register('zlp1') });
    expect([status, body.code]).toEqual([409, 'not-observed']);
    expect(body.detail).toContain('epoch 3');
    expect(await typesOf(made)).toEqual([]);
  });

  it('again, is who it was: nothing is recorded', async () => {
    const made = await watched();
    const before = await typesOf(made);
    expect((await hello(made)).body).toMatchObject({ epoch: 1, lastSequence: 0 });
    await send(made, [commit(1)]);
    expect((await hello(made, { epoch: 1 })).body).toMatchObject({ epoch: 1, lastSequence: 1 });
    expect(await typesOf(made)).toEqual([...before, 'HostObserved']);
  });

  it('begins where its epoch does, whatever was asked for before it heard of that: nobody has begun it', async () => {
    const made = await watched();
    const began = (await typesOf(made)).lastIndexOf('ObservationBegan');
    const { answer, open } = await asked(made, { type: 'CreateMdev', text: A });
    const { body } = await hello(made);
    expect([body.revision, body.open]).toEqual([began, [expect.objectContaining({ request: ID })]]);
    expect(open).toMatchObject([{ request: ID, revision: began + 1 }]);
    // One that knows its epoch may have begun it, and have lost its spool since.
    expect((await hello(made, { epoch: 1 })).body.revision).toBe(began + 1);
    await send(made, [commit(1, [created, settledAs('done')])]);
    expect((await answer).status).toBe(200);
  });

  it('under the name of another one is refused, which is recorded once', async () => {
    const made = await watched();
    const before = await typesOf(made);
    for (const _ of [1, 2]) {
      const { status, body } = await hello(made, { agent: OTHER });
      expect([status, body.code]).toEqual([409, 'fenced']);
      expect(body.detail).toContain(`is watched by agent ${AGENT} of epoch 1`);
    }
    expect(await typesOf(made)).toEqual([...before, 'AgentFenced']);
  });

  it('takes over when it says so: the one before it is fenced', async () => {
    const made = await watched();
    await send(made, [commit(1)]);
    expect((await hello(made, { agent: OTHER, takeOver: true })).body).toMatchObject({
      epoch: 2,
      lastSequence: 0,
    });
    for (const _ of [1, 2]) expect((await send(made, [commit(2)])).body.code).toBe('fenced');
    expect((await hello(made, { epoch: 1 })).body.code).toBe('fenced');
    expect((await typesOf(made)).filter((type) => type === 'AgentFenced')).toHaveLength(1);
  });
});

describe('metrics', () => {
  it('tell how well the agent sees its host', async () => {
    const made = await watched();
    const stalled = { type: 'ObservationStalled', data: { from: AT, to: AT, file: 'sys/x' } };
    const drift = { type: 'DriftDetected', data: { what: 'apmask', predicted: 'a', actual: 'b', step: 's' } };
    await send(made, [commit(1, [stalled, drift]), commit(2, [drift], { settled: false })]);
    const { text } = await made.get('//metrics');
    const of = (name: string) =>
      Number(new RegExp(`^apledger_host_${name}{host="zlp1"} (\\S+)$`, 'm').exec(text)?.[1]);
    expect([of('drifts_total'), of('stalls_total'), of('unsettled_total'), of('dropped_total')]).toEqual([
      2, 1, 1, 0,
    ]);
    expect([of('open_commands'), of('agent_heard_seconds') >= 0]).toEqual([0, true]);
  });
});

describe('commits', () => {
  it('are recorded once, however often they are sent, with the agent as the one who said so', async () => {
    const made = await watched();
    const before = await typesOf(made);
    for (const _ of [1, 2, 3])
      expect((await send(made, [commit(1, [created]), commit(2)])).body).toMatchObject({ lastSequence: 2 });
    expect(await typesOf(made)).toEqual([...before, 'HostObserved', 'MdevCreated', 'HostObserved']);
    expect((await made.ledger.state('zlp1'))?.mdevs.has(A)).toBe(true);
  });

  it('with a gap before them are refused', async () => {
    const made = await watched();
    const { status, body } = await send(made, [commit(2)]);
    expect([status, body.code, body.expected]).toEqual([409, 'wrong-sequence', 1]);
  });

  it('that cannot follow are refused, and those before them are kept', async () => {
    const made = await watched();
    const removed = { type: 'MdevRemoved', data: { mdev: A } };
    for (const wrong of [
      [removed],
      [{ type: 'MdevCreated', data: { mdev: 'x' } }],
      [{ type: 'NoSuchFact', data: {} }],
      [settledAs('done')],
      [{ type: 'ObservationBegan', data: {} }],
    ]) {
      const { status, body } = await send(made, [commit(1), commit(2, wrong)]);
      expect([wrong, status, body.code]).toEqual([wrong, 422, 'impossible-observation']);
    }
    expect((await hello(made, { epoch: 1 })).body.lastSequence).toBe(1);
    expect((await send(made, [commit(2, [created, removed])])).status).toBe(200);
  });

  it('of two agents with one identity: the second is fenced', async () => {
    const made = await watched();
    await send(made, [commit(1)]);
    expect((await send(made, [commit(1, [created])])).body.code).toBe('fenced');
  });
});

describe('a command to a host that an agent watches', () => {
  it('is asked of the agent, and answered when it is settled', async () => {
    const made = await watched();
    const { answer, open } = await asked(made, create(A), { 'apledger-actor': 'anna' });
    expect(open).toMatchObject([{ request: ID, command: create(A), actor: 'anna' }]);
    expect((await made.ledger.state('zlp1'))?.mdevs.has(A)).toBe(false);
    const evidence = [{ source: 'command', actor: 'anna', text: ID }];
    await send(made, [
      commit(1, [created], { evidence, certainty: 'certain' }),
      commit(2, [settledAs('done')]),
    ]);
    const { status, body } = await answer;
    expect(status).toBe(200);
    expect((body.facts as { type: string }[]).map(({ type }) => type)).toEqual([
      'HostObserved',
      'MdevCreated',
      'HostObserved',
      'CommandSettled',
    ]);
    expect(body.settlement).toEqual({ outcome: 'done', explanation: 'seen.' });
    const again = await made.post('/hosts/zlp1/commands', create(A), { 'idempotency-key': ID });
    expect(again.body).toMatchObject({ isDuplicate: true, settlement: { outcome: 'done' } });
  });

  it('that the kernel refused is answered with its errno', async () => {
    const made = await watched();
    const { answer } = await asked(made, assignAdapter(A, 5));
    await send(made, [commit(1, [settledAs('refused', { errno: 'EBUSY' })])]);
    const { status, body } = await answer;
    expect([status, body.code, body.errno]).toEqual([422, 'refused', 'EBUSY']);
  });

  it.each([
    ['unconfirmed', 'unconfirmed'],
    ['expired', 'not-carried-out'],
    ['refused', 'not-carried-out'],
  ])('that ends %s is never answered as done', async (outcome, code) => {
    const made = await watched();
    const { answer } = await asked(made, create(A));
    await send(made, [commit(1, [settledAs(outcome, { found: 'no mdev' })])]);
    expect((await answer).body.code).toBe(code);
    // A second settlement of the same command cannot be.
    expect((await send(made, [commit(2, [settledAs('done')])])).body.code).toBe('impossible-observation');
  });

  it('is not answered for ever: who asks again with its id hears the outcome', async () => {
    const made = await watched();
    const headers = { 'idempotency-key': ID, 'apledger-wait': '0.01' };
    const { status, body } = await made.post('/hosts/zlp1/commands', create(A), headers);
    expect([status, body.code, body.commandId]).toEqual([504, 'not-settled', ID]);
    await send(made, [commit(1, [created, settledAs('done')])]);
    expect((await made.post('/hosts/zlp1/commands', create(A), headers)).status).toBe(200);
    expect((await typesOf(made)).filter((type) => type === 'CommandRequested')).toHaveLength(1);
  });

  it('that no agent can carry out is refused with the reason', async () => {
    const made = await watched();
    const before = await typesOf(made);
    for (const command of [{ type: 'RebootHost' }, register('zlp1'), { type: 'ScanBus' }]) {
      const { status, body } = await made.post('/hosts/zlp1/commands', command);
      expect([status, body.code]).toEqual([422, 'not-on-real-hosts']);
    }
    expect(await typesOf(made)).toEqual(before);
  });
});

describe('where access is controlled', () => {
  it('an agent speaks for its one host, and facts carry who it is', async () => {
    const made = await controlled();
    const headers = await made.program('agent-prod1', ['agent', 'prod1']);
    const say = (host: string) =>
      made.post(`/hosts/${host}/agent/hello`, { agent: AGENT, epoch: 0, ...HELLO }, headers);
    expect((await say('prod1')).body.epoch).toBe(1);
    expect((await say('prod2')).status).toBe(403);
    await made.post('/hosts/prod1/agent/commits', { agent: AGENT, epoch: 1, commits: [commit(1)] }, headers);
    const last = (await made.facts('host-prod1')).at(-1);
    expect([last?.actor, last?.auth?.subject]).toEqual(['unattributed', 'agent-prod1']);
    expect(parseFact(last?.type ?? '', last?.version ?? 0, last?.data).type).toBe('HostObserved');
  });

  it('nobody but an agent may say what was observed', async () => {
    const made = await controlled();
    const headers = await made.program('op', ['operator', 'prod1']);
    const { status } = await made.post(
      '/hosts/prod1/agent/hello',
      { agent: AGENT, epoch: 0, ...HELLO },
      headers,
    );
    expect(status).toBe(403);
  });

  it('a command that gives somebody a queue needs a second person, judged on the observed state', async () => {
    const made = await controlled();
    const agent = await made.program('agent-vault1', ['agent', 'vault1']);
    const operator = await made.program('op', ['operator', 'vault1']);
    await made.post('/hosts/vault1/agent/hello', { agent: AGENT, epoch: 0, ...HELLO }, agent);
    for (const command of [assignAdapter(A, 5), assignAdapter(A, 300)]) {
      const { body } = await made.post('/hosts/vault1/commands', command, operator);
      expect(body.code).toBe('needs-approval');
    }
    expect((await made.facts('host-vault1')).at(-1)?.type).toBe('ObservationBegan');
  });
});

describe('a service that stops', () => {
  it('lets nobody wait: agents and givers of commands ask another one', async () => {
    const made = await watched();
    const { answer } = await asked(made, create(A));
    const poll = made.get(`/hosts/zlp1/agent/commands?agent=${AGENT}&epoch=1&after=1000&wait=25`);
    await made.server.close();
    expect((await answer).body.code).toBe('not-settled');
    expect((await poll).status).toBe(200);
  });
});
