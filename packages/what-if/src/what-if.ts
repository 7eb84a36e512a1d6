/** The question, and its answer as plain data: what steps would do to a host and to those who use it. */
import { apqn, formatApqn } from '@apledger/ap';
import type { CommandHandler } from '@apledger/command-handler';
import type { Moment } from '@apledger/event-log';
import { diffViews, type HostView, type ReadModel, type ViewChange } from '@apledger/projections';
import { parseSteps, type SupposedStep, suppose } from './suppose.ts';

export interface WhatIfQuestion {
  readonly handler: CommandHandler;
  readonly readModel: ReadModel;
  readonly host: string;
  /** Each a line in the spelling of scripts, docs/scripts.md. */
  readonly steps: readonly string[];
  /** Default: now. */
  readonly moment?: Moment;
}

/** What a guest loses or gains: queues like 05.0047, and control domains. */
export interface Share {
  readonly guest: string | null;
  readonly mdev: string;
  readonly queues: readonly string[];
  readonly controlDomains: readonly number[];
}

export interface WhatIf {
  readonly host: string;
  /** The host's last fact that counts. */
  readonly at: { readonly revision: number; readonly position: number; readonly occurredAt: string };
  readonly steps: readonly SupposedStep[];
  readonly lost: readonly Share[];
  readonly gained: readonly Share[];
  /** Queues that the host's own driver would let go of, and get. */
  readonly hostQueues: { readonly lost: readonly string[]; readonly gained: readonly string[] };
  /** All that differs between `before` and `after`, both as of `at`. */
  readonly changes: readonly ViewChange[];
  readonly before: HostView;
  readonly after: HostView;
}

/**
 * What the steps would do, one on top of the other; undefined when the host was not registered at the moment. Throws BadStep for a step
 * that cannot be read, and what the log throws.
 */
export async function whatIf(question: WhatIfQuestion): Promise<WhatIf | undefined> {
  const { handler, readModel, host, moment } = question;
  const steps = parseSteps(question.steps);
  const now = await handler.stateAt(host, moment);
  if (now === undefined) return undefined;
  const supposed = suppose(now.state, steps);
  const facts = supposed.steps.flatMap((step) => step.facts);
  const views = await readModel.supposing(host, now.revision, facts);
  if (views === undefined) return undefined;
  const { before, after } = views;
  const { revision, position, occurredAt } = before;
  const changes = diffViews(before, after);
  return {
    host,
    at: { revision, position, occurredAt },
    steps: supposed.steps,
    lost: shares(changes, 'guestLost'),
    gained: shares(changes, 'guestGained'),
    hostQueues: { lost: hostQueues(before, after), gained: hostQueues(after, before) },
    changes,
    before,
    after,
  };
}

const shares = (changes: readonly ViewChange[], kind: 'guestLost' | 'guestGained'): Share[] =>
  changes.flatMap((each) => {
    if (each.change !== kind) return [];
    const { guest, mdev, queues, controlDomains } = each;
    return [{ guest, mdev, queues, controlDomains }];
  });

/** The queues that zcrypt drives in the first view and not in the second. */
function hostQueues(first: HostView, second: HostView): string[] {
  const others = new Map(second.cards.map(({ adapter, zcrypt }) => [adapter, new Set(zcrypt)]));
  return first.cards.flatMap(({ adapter, zcrypt }) =>
    zcrypt
      .filter((apqi) => others.get(adapter)?.has(apqi) !== true)
      .map((apqi) => formatApqn(apqn(adapter, apqi))),
  );
}
