/**
 * All three matrices (host, mdev, guest) from the first fact on: how fast, in how much memory, against what reading the same facts as JSON
 * costs at least, and against Emmett. Every reader has a process of its own.
 */
import { join } from 'node:path';
import { openSqliteLog } from '@apledger/event-log';
import { memoryStore, openReadModel } from '@apledger/projections';
import { type Bench, sized } from './context.ts';
import type { History } from './history.ts';
import { textOfView } from './json-fold.ts';
import { type Contender, median, progress, type Rounds, ratio, runAlone, takeRounds } from './measure.ts';
import type { EmmettRead, Read } from './reading.ts';
import { aim, grouped, type Row, range, short, times } from './table.ts';

const ROUNDS = 5;
const FACTS = 1_000_000;
const PEAK_AIM_MB = 300;

const APLEDGER = 'apledger';
const PARSE = 'SELECT + JSON.parse';
const PEER = 'Emmett';
type Name = typeof APLEDGER | typeof PARSE | typeof PEER;

export const rebuild: Bench = async (context) => {
  const history = await context.histories.of(sized(context, FACTS));
  const peaks = new Map<Name, number[]>();
  const reader = (name: Name, task: string, input: unknown): Contender<Name> => ({
    name,
    perSecond: async () => {
      const { result, peakMb } = await runAlone<Read>('reading.ts', task, input);
      peaks.set(name, [...(peaks.get(name) ?? []), peakMb]);
      return result.facts / result.seconds;
    },
  });
  const contenders = [reader(APLEDGER, 'rebuild', history), reader(PARSE, 'parse', history)];
  if (!('reason' in (await context.emmett()))) {
    const input = { ...history, file: join(context.scratch, 'emmett.sqlite') };
    progress("filling Emmett's store with the same facts");
    await runAlone('reading.ts', 'fillEmmett', input);
    await compare(history, await runAlone<EmmettRead>('reading.ts', 'foldEmmett', input));
    contenders.push(reader(PEER, 'foldEmmett', input));
  }
  const rounds = await takeRounds(ROUNDS, contenders, 'rebuild');
  return rowsOf(rounds, peaks, history.facts);
};

function rowsOf(
  rounds: Rounds<Name>,
  peaks: ReadonlyMap<Name, readonly number[]>,
  facts: number,
): readonly Row[] {
  const row = (name: Name, what: string, more: Partial<Row> = {}, figures: Row['figures'] = {}): Row[] => {
    const values = rounds.get(name);
    if (values === undefined) return [];
    const perSecond = median(values);
    const value = `${short(perSecond)}/s`;
    return [
      { bench: 'rebuild', what, value, spread: range(values), ...more, figures: { perSecond, ...figures } },
    ];
  };
  const toParse = ratio(rounds, APLEDGER, PARSE);
  const toPeer = ratio(rounds, APLEDGER, PEER);
  const against = (value: number | undefined, of: string, least: number): Partial<Row> => {
    const text = times(value, of);
    return {
      ...(text === undefined ? {} : { ratio: text }),
      ...aim(`>= ${least} x`, value, (figure) => figure >= least),
    };
  };
  const figures = (value: number | undefined): Row['figures'] =>
    value === undefined ? {} : { ratio: value };
  return [
    ...row(
      APLEDGER,
      `apledger, ${grouped(facts)} facts`,
      against(toParse, 'SELECT + parse', 2),
      figures(toParse),
    ),
    ...row(PARSE, 'SELECT + JSON.parse of the same rows'),
    ...row(PEER, 'Emmett, read and fold', against(toPeer, 'as fast is apledger', 20), figures(toPeer)),
    ...peakRow(peaks, APLEDGER, 'apledger, peak memory', true),
    ...peakRow(peaks, PARSE, 'SELECT + JSON.parse, peak memory'),
    ...peakRow(peaks, PEER, 'Emmett, peak memory'),
  ];
}

function peakRow(
  peaks: ReadonlyMap<Name, readonly number[]>,
  name: Name,
  what: string,
  isAimed = false,
): Row[] {
  const values = peaks.get(name);
  if (values === undefined) return [];
  const peakMb = median(values);
  return [
    {
      bench: 'rebuild',
      what,
      value: `${short(peakMb)} MB`,
      spread: range(values),
      ...(isAimed ? aim(`< ${PEAK_AIM_MB} MB`, peakMb, (figure) => figure < PEAK_AIM_MB) : {}),
      figures: { peakMb },
    },
  ];
}

/** Throws when the two folds come to different matrices: then their speeds are not to be compared. */
async function compare(
  { directory, hosts, facts: position }: History,
  { result }: { readonly result: EmmettRead },
): Promise<void> {
  const log = await openSqliteLog({ directory, readOnly: true });
  const readModel = await openReadModel({ log, store: memoryStore() });
  for (const host of hosts) {
    const view = await readModel.hostAt(host, { position });
    const ours = view === undefined ? undefined : textOfView(view);
    if (ours !== result.matrices[host])
      throw new Error(`the folds of ${host} disagree: the comparison is void`);
  }
  readModel.close();
  await log.close();
}
