/** Logs that commit 8057e45 made, and what it said of them: test/fixtures/make.md. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import type { AuditReport, CardView, Exposure, GuestHistory, MdevView } from '@apledger/api';
import type { Verification } from '@apledger/event-log';
import type { Range } from '@apledger/projections';
import type { HostViewJson } from '@apledger/projections/host';
import { scratch } from '../support/file.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/8057e45');

/** The content of a fixture. */
export const content = (name: string): Buffer =>
  zstdDecompressSync(readFileSync(join(FIXTURES, `${name}.zst`)));

/** A view as the old version gave it: what has been added to views since is not in it. */
export type OldView = Omit<HostViewJson, 'cards' | 'mdevs'> & {
  readonly cards: readonly Omit<CardView, 'notPassable'>[];
  readonly mdevs: readonly Omit<MdevView, 'plug'>[];
};

/** What the old version would have shown of a view. */
export const asOld = <View extends HostViewJson | null>(view: View): OldView | View =>
  view === null
    ? view
    : {
        ...view,
        cards: view.cards.map(({ notPassable: _, ...card }) => card),
        mdevs: view.mdevs.map(({ plug: _, ...mdev }) => mdev),
      };

/** What the old version said of a host. */
export interface HostAnswers {
  readonly host: string;
  /** At the ends of some commits, the last one at the head; ascending. */
  readonly views: readonly OldView[];
  /** Each file and link below /sys at the head: its content, `-> ` and its target, or an errno. */
  readonly sysfs: Readonly<Record<string, string>>;
  readonly audit: AuditReport;
  readonly exposures: { readonly range: Range; readonly exposures: readonly Exposure[] };
  readonly guests: readonly GuestHistory[];
}

export interface Answers {
  readonly verification: Verification;
  readonly hosts: readonly HostAnswers[];
}

export const answersOf = (name: string): Answers => JSON.parse(content(`${name}.json`).toString());

/** A new directory with what is in these archives; it goes with the test file. */
export function unpacked(...names: readonly string[]): string {
  const directory = scratch();
  for (const name of names)
    execFileSync('tar', ['-C', directory, '-x'], { input: content(`${name}.tar`), stdio: 'pipe' });
  return directory;
}
