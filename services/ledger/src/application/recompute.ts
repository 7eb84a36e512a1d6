/** Work on the whole log: recomputing all hashes, and folding the read model anew. One of each at a time. */
import { setImmediate } from 'node:timers/promises';
import { type Head, type RecordedFact, verify as verifyLog } from '@apledger/event-log';
import { packRecorded, parseFact } from '@apledger/events';
import Type from 'typebox';
import type { Ledger } from './ledger.ts';
import { operation } from './operation.ts';
import { Problem } from './problem.ts';

const MAX_HEADS = 1000;

export const recompute = operation(
  {
    name: 'recompute',
    does: 'Recomputes every hash and packed form of the log, and compares it with heads noted earlier. Takes seconds for a million facts.',
  },
  {
    request: Type.Object(
      {
        heads: Type.Optional(
          Type.Array(
            Type.Object({
              stream: Type.String({ maxLength: 80 }),
              revision: Type.Integer({ minimum: 0, maximum: 0xffff_ffff }),
              hash: Type.String({ maxLength: 64 }),
            }),
            { maxItems: MAX_HEADS, description: 'from an earlier recompute, or a report' },
          ),
        ),
      },
      { additionalProperties: false },
    ),
    reply: Type.Object({
      facts: Type.Integer(),
      streams: Type.Integer(),
      problems: Type.Array(
        Type.Object({
          stream: Type.String(),
          revision: Type.Integer(),
          position: Type.Integer(),
          problem: Type.String(),
        }),
        { description: 'none = this log is the one that was written' },
      ),
      heads: Type.Array(
        Type.Object({
          stream: Type.String(),
          revision: Type.Integer(),
          position: Type.Integer(),
          hash: Type.String(),
          occurredAt: Type.String(),
        }),
        { description: 'note them elsewhere for the next time' },
      ),
    }),
  },
  (ledger, { heads = [] }) =>
    alone(ledger, 'recompute', async () => {
      const noted = heads.map((head): Head => ({ position: 0, occurredAt: '', ...head }));
      const walk = verifyLog(ledger.log, { repack, noted });
      let step = await walk.next();
      while (!step.done) {
        await setImmediate(); // others have questions meanwhile
        step = await walk.next();
      }
      return step.value;
    }),
);

const repack = ({ type, version, data }: RecordedFact, stored: Uint8Array): Uint8Array =>
  packRecorded(parseFact(type, version, data), version, stored);

export const rebuild = operation(
  { name: 'rebuild', does: 'Forgets the read model and folds the whole log again.' },
  {
    request: Type.Object({}, { additionalProperties: false }),
    reply: Type.Object({ position: Type.Integer(), hosts: Type.Integer(), milliseconds: Type.Integer() }),
  },
  (ledger) =>
    alone(ledger, 'rebuild', async () => {
      const started = performance.now();
      await ledger.readModel.rebuild();
      const position = await ledger.log.lastPosition();
      const hosts = (await ledger.readModel.hosts()).length;
      return { position, hosts, milliseconds: Math.round(performance.now() - started) };
    }),
);

const underWay = new WeakMap<Ledger, Set<string>>();

/** Throws Problem `overloaded` while the same work is under way for somebody else. */
async function alone<T>(ledger: Ledger, name: string, work: () => Promise<T>): Promise<T> {
  const names = underWay.get(ledger) ?? new Set();
  underWay.set(ledger, names);
  if (names.has(name))
    throw new Problem(503, 'overloaded', `A ${name} is under way already; ask again when it is done.`);
  names.add(name);
  try {
    return await work();
  } finally {
    names.delete(name);
  }
}
