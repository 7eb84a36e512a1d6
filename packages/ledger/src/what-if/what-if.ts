/**
 * What would happen: steps in the spelling of scripts, decided one on top of the other on a host as it is, or was at any
 * moment. suppose.ts is the pure part: a state and steps give facts that nobody records. Here state and matrices are
 * fetched as of one revision, and compared before and after. Nothing is appended. The facts are decided by the code that
 * decides commands, and folded by the code that folds the log.
 */
import { setImmediate } from 'node:timers/promises';
import { apqn, formatApqn } from '@apledger/ap';
import { Problem, type Share, type SupposedStep, type ViewChange, type WhatIf } from '@apledger/api';
import type { CommandHandler } from '@apledger/command-handler';
import type { Moment } from '@apledger/event-log';
import type { HostState } from '@apledger/host';
import { diffViews, type HostView, type ReadModel } from '@apledger/projections';
import { outOfService } from './out-of-service.ts';
import { BadStep, parseSteps, type ReadStep, Scene } from './suppose.ts';

interface WhatIfQuestion {
  readonly handler: CommandHandler;
  readonly readModel: ReadModel;
  readonly host: string;
  /** Each a line in the spelling of scripts, docs/scripts.md. */
  readonly steps: readonly string[];
  /** Default: now. */
  readonly moment?: Moment;
  /** How many facts the steps may give together; default: those of all queues of a 256 x 256 host that go at once. */
  readonly maxFacts?: number;
  /** Bytes of the facts as JSON; default: no limit. */
  readonly maxBytes?: number;
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
  const supposed = await suppose(now, steps, question);
  const facts = supposed.flatMap((step) => step.facts);
  const views = await readModel.supposing(host, now.revision, facts);
  if (views === undefined) return undefined;
  const { before, after } = views;
  const { revision, position, occurredAt } = before;
  const changes = diffViews(before, after);
  return {
    host,
    at: { revision, position, occurredAt },
    steps: supposed,
    lost: shares(changes, 'guestLost'),
    gained: shares(changes, 'guestGained'),
    hostQueues: { lost: hostQueues(before, after), gained: hostQueues(after, before) },
    outOfService: outOfService(supposed, after),
    changes,
    before,
    after,
  };
}

/** Some seconds of deciding. */
const MAX_FACTS = 250_000;

/** Lets others have their turn between two steps. Throws BadStep, or Problem `reply-too-large`, for the one with which it becomes too much. */
async function suppose(
  state: HostState,
  steps: readonly ReadStep[],
  { maxFacts = MAX_FACTS, maxBytes = Number.POSITIVE_INFINITY }: WhatIfQuestion,
): Promise<SupposedStep[]> {
  const scene = new Scene(state);
  const supposed: SupposedStep[] = [];
  let facts = 0;
  let bytes = 0;
  for (const [index, step] of steps.entries()) {
    const carriedOut = scene.carryOut(step);
    supposed.push(carriedOut);
    facts += carriedOut.facts.length;
    if (facts > maxFacts)
      throw new BadStep(
        index + 1,
        step.text,
        `up to here ${facts} facts, and no more than ${maxFacts} are decided at a time: ask for less`,
      );
    if (maxBytes < Number.POSITIVE_INFINITY) bytes += JSON.stringify(carriedOut).length;
    if (bytes > maxBytes)
      throw new Problem(
        413,
        'reply-too-large',
        `Up to step ${index + 1}, the answer has ${bytes} bytes; ${maxBytes} are the most. Ask with fewer steps.`,
      );
    await setImmediate();
  }
  return supposed;
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
