/** A link to a ledger that comes and goes. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandRequest } from '@apledger/agent-protocol';
import type { Fact } from '@apledger/events';
import { describe, expect, it } from 'vitest';
import { NearLedger } from '../testing/ledger.ts';
import { created, directory, HOST, record, registration, spoolIn, uuid } from '../testing/scene.ts';
import { Link, LinkRefused } from './link.ts';

/** Of a week. */
const COMMITS = process.env.APLEDGER_LONG === '1' ? 5000 : 150;

interface Running {
  readonly spool: Awaited<ReturnType<typeof spoolIn>>['spool'];
  readonly reports: readonly string[];
  readonly offered: CommandRequest[];
  /** Times that the ledger's state was taken. */
  readonly adopted: () => number;
  /** Resolves when the ledger has all that the spool has. */
  sent(): Promise<void>;
  end(): Promise<void>;
  /** Rejects with what ends the link. */
  readonly ended: Promise<void>;
}

async function linked(
  near: NearLedger,
  at: string,
  more: { readonly takeOver?: boolean } = {},
): Promise<Running> {
  const { spool, reports } = await spoolIn(at);
  const offered: CommandRequest[] = [];
  const ending = new AbortController();
  let adoptions = 0;
  const begun = Promise.withResolvers<void>();
  if (spool.known !== undefined) begun.resolve();
  const link = new Link({
    ledger: near.as(HOST),
    spool,
    introduction: async () => ({ boot: 'b1', kernel: '6.12.0', detected: [], missing: [] }),
    registration: async () => registration(),
    onAdopted: async () => {
      adoptions += 1;
      begun.resolve();
    },
    onCommands: (open) => void offered.push(...open),
    report: (line) => reports.push(line),
    longestPauseMs: 5,
    ...more,
  });
  const ended = link.run(ending.signal);
  ended.catch(() => undefined);
  await Promise.race([begun.promise, ended]);
  return {
    spool,
    reports,
    offered,
    ended,
    adopted: () => adoptions,
    sent: async () => {
      while (spool.unsent(1).length > 0)
        await Promise.race([ended, new Promise((resolve) => setImmediate(resolve))]);
    },
    end: async () => {
      ending.abort();
      await ended;
      await spool.close();
    },
  };
}

const mdevsIn = (facts: readonly { readonly fact: Fact }[]): string[] =>
  facts.flatMap(({ fact }) => (fact.type === 'MdevCreated' ? [fact.data.mdev] : []));

describe('a link', () => {
  it('brings everything once and in order after a week without the ledger, though answers are lost', async () => {
    const near = new NearLedger();
    const at = directory();
    const agent = await linked(near, at);
    near.isAway = true;
    const week = Date.parse('2026-03-01T00:00:00.000Z');
    for (let n = 1; n <= COMMITS; n++)
      await record(
        agent.spool,
        [created(n)],
        new Date(week + Math.round((n * 604_800_000) / COMMITS)).toISOString(),
      );
    expect(mdevsIn(await near.facts(HOST))).toEqual([]);
    let asked = 0;
    near.loses = () => asked++ % 3 === 1;
    near.isAway = false;
    await agent.sent();
    const facts = await near.facts(HOST);
    expect(mdevsIn(facts)).toEqual(Array.from({ length: COMMITS }, (_, i) => uuid(i + 1)));
    const sequences = facts.flatMap(({ fact }) => (fact.type === 'HostObserved' ? [fact.data.sequence] : []));
    expect(sequences).toEqual(Array.from({ length: COMMITS }, (_, i) => i + 1));
    expect(agent.reports.filter((line) => line.startsWith('the ledger is away'))).not.toEqual([]);
    await agent.end();
  });

  it('goes on from what the ledger has, when the spool was lost', async () => {
    const near = new NearLedger();
    const at = directory();
    const agent = await linked(near, at);
    await record(agent.spool, [created(1)]);
    await agent.sent();
    await agent.end();
    rmSync(join(at, 'spool'));
    const again = await linked(near, at);
    expect([again.spool.last, again.spool.known?.state.mdevs.has(uuid(1))]).toEqual([1, true]);
    await record(again.spool, [created(2)]);
    await again.sent();
    expect(mdevsIn(await near.facts(HOST))).toEqual([uuid(1), uuid(2)]);
    await again.end();
  });

  it('goes on from what the ledger has, when an older copy of the spool was put back', async () => {
    const near = new NearLedger();
    const at = directory();
    const agent = await linked(near, at);
    await record(agent.spool, [created(1)]);
    const older = JSON.stringify(agent.spool.identity);
    await agent.sent();
    await agent.end();
    rmSync(join(at, 'spool'));
    writeFileSync(join(at, 'identity.json'), older);
    const again = await linked(near, at);
    expect([again.adopted(), again.spool.last]).toEqual([1, 1]);
    await again.end();
  });

  it('of a second agent under the same name is refused; the first one goes on', async () => {
    const near = new NearLedger();
    const first = await linked(near, directory());
    const { spool, ...second } = await linked(near, directory()).catch((error: unknown) => ({
      error,
      spool: undefined,
    }));
    expect(spool).toBeUndefined();
    expect('error' in second && second.error).toBeInstanceOf(LinkRefused);
    await record(first.spool, [created(1)]);
    await first.sent();
    const types = (await near.facts(HOST)).map(({ type }) => type);
    expect(types.filter((type) => type === 'AgentFenced')).toHaveLength(1);
    await first.end();
  });

  it('of an agent that was replaced ends', async () => {
    const near = new NearLedger();
    const first = await linked(near, directory());
    const second = await linked(near, directory(), { takeOver: true });
    await record(first.spool, [created(1)]);
    await expect(first.ended).rejects.toThrow(LinkRefused);
    await record(second.spool, [created(2)]);
    await second.sent();
    expect(mdevsIn(await near.facts(HOST))).toEqual([uuid(2)]);
    await second.end();
  });

  it('begins again from the ledger where that does not record what was sent', async () => {
    const near = new NearLedger();
    const agent = await linked(near, directory());
    await record(agent.spool, [created(1)]);
    await agent.sent();
    // What no agent may say: the spool cannot know.
    await record(agent.spool, [{ type: 'AgentFenced', data: { epoch: 1, agent: 'x', by: 1 } }]);
    await record(agent.spool, [created(2)]);
    while (agent.adopted() < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(agent.spool.known?.state.mdevs.size).toBe(1);
    expect(agent.reports.join()).toMatch(
      /Commit 2 cannot be recorded: AgentFenced is not for an agent to say/,
    );
    await record(agent.spool, [created(3)]);
    await agent.sent();
    const facts = await near.facts(HOST);
    expect(mdevsIn(facts)).toEqual([uuid(1), uuid(3)]);
    expect(
      facts.some(({ fact }) => fact.type === 'ObservationIncomplete' && fact.data.what === 'spool'),
    ).toBe(true);
    await agent.end();
  });

  it('hears of commands as soon as they are given', async () => {
    const near = new NearLedger();
    const agent = await linked(near, directory());
    const command = { type: 'CreateMdev', text: uuid(1) } as const;
    await near.ledger.record({ host: HOST, command, actor: 'anna' });
    while (agent.offered.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(agent.offered[0]).toMatchObject({ command, actor: 'anna' });
    expect(agent.offered[0]?.leftMs).toBeGreaterThan(50_000);
    await agent.end();
  });
});
