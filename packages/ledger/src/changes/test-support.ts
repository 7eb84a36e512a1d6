/** A ledger over a log in memory with one host and a running guest, and plans for it. */
import { type DesiredHost, documentOf, planOf } from '@apledger/changes';
import { A, assignAdapter, assignDomain, B, create, HOST, register } from '@apledger/command-handler/testing';
import { type EventLog, openMemoryLog, type RecordedFact } from '@apledger/event-log';
import { type Command, changeStreamOf, type Generation, type PlanDocument } from '@apledger/events';
import { LogLedger } from '../log-ledger.ts';
import { Mover } from './mover.ts';

export { A, B, HOST };

export interface Scene {
  readonly log: EventLog;
  readonly ledger: LogLedger;
  readonly mover: Mover;
  /** Tells the ledger's clock. */
  now: Date;
  does(...commands: readonly Command[]): Promise<void>;
  /** The plan that gives the guest web also domain 5 and mdev B adapter 6, in several steps. */
  plan(desired?: Partial<DesiredHost>): Promise<PlanDocument>;
  /** Proposes the plan and starts it; nothing is moved yet. */
  begin(plan: PlanDocument, more?: object): Promise<string>;
  facts(stream?: string): Promise<RecordedFact[]>;
  types(change: string): Promise<string[]>;
}

export const WANTED: Partial<DesiredHost> = {
  mdevs: {
    web: { uuid: A, guest: 'web', adapters: ['5'], domains: ['4', '5'] },
    db: { uuid: B, adapters: ['6'], domains: ['4', '5'] },
  },
};

/** Web has 05.0004, and nobody has 6. */
export async function scene(driver: Generation = '6.1', log: EventLog = openMemoryLog()): Promise<Scene> {
  const ledger = new LogLedger({ log, now: () => made.now });
  const made: Scene = {
    log,
    ledger,
    mover: new Mover(ledger),
    now: new Date('2026-11-26T20:00:00.000Z'),
    async does(...commands) {
      for (const command of commands) {
        const { refusal } = await ledger.submit({ host: HOST, command, actor: 'somebody' });
        if (refusal !== undefined) throw new Error(`${command.type}: ${refusal.errno}`);
      }
    },
    async plan(desired = WANTED) {
      const state = await ledger.state(HOST);
      if (state === undefined) throw new Error('no host');
      const planned = planOf(state, { apledger: 'v1', host: HOST, ...desired });
      if (planned.problems.length > 0) throw new Error(JSON.stringify(planned.problems));
      const steps = planned.steps.map(({ text, command }) => ({ text, command }));
      const document = documentOf(state, steps, { purpose: 'test', desired: null });
      if ('obstacle' in document) throw new Error(JSON.stringify(document.obstacle));
      return document.plan;
    },
    async begin(plan, more = {}) {
      const { change } = await ledger.ask('propose', { host: HOST, plan, reason: 'test', ...more } as never);
      await ledger.ask('start', { change, planHash: plan.planHash });
      return change;
    },
    async facts(stream = `host-${HOST}`) {
      const facts: RecordedFact[] = [];
      for await (const fact of log.readStream(stream)) facts.push(fact);
      return facts;
    },
    types: async (change) => (await made.facts(changeStreamOf(change))).map(({ type }) => type),
  };
  await made.does(
    register(HOST, driver),
    create(A),
    assignAdapter(A, 5),
    assignDomain(A, 4),
    { type: 'StartGuest', mdev: A, guest: 'web' },
    create(B),
  );
  return made;
}
