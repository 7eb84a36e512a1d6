/** Changes: the list of them, and one in detail. Who proposes, judges and starts them is in the files beside this one. */
import { type Change, isOpenChange } from '@apledger/access';
import type { ChangeView } from '@apledger/api';
import { changeStreamOf } from '@apledger/events';
import type { Answer } from '../answer.ts';
import { judge } from '../changes/judge.ts';
import { commandsIn, known, unknownChange } from '../changes/known.ts';
import { changeView, runView } from '../changes/view.ts';
import { approve, refuse, withdraw } from './judgements.ts';
import { propose } from './propose.ts';
import { confirm, resume, start } from './start-and-resume.ts';

const DEFAULT_PAGE = 100;

const changes: Answer<'changes'> = async (
  ledger,
  { host, status, limit = DEFAULT_PAGE, after },
  { caller, sees },
) => {
  const isSeen = ({ proposal }: Change): boolean =>
    (host === undefined || proposal.host === host) &&
    sees?.({ stream: changeStreamOf(proposal.change), host: proposal.host }) !== false;
  const seen = (await ledger.changes.all()).filter(isSeen);
  const last = after === undefined ? -1 : seen.findIndex(({ proposal }) => proposal.change === after);
  if (after !== undefined && last < 0) throw unknownChange(after);
  const found: ChangeView[] = [];
  for (const change of seen.slice(last + 1)) {
    if (status !== undefined && status !== 'expired' && change.status !== status) continue;
    const view = await changeView(ledger, change, caller);
    if (status !== undefined && view.status !== status) continue;
    if (found.length === limit) return { changes: found, next: found.at(-1)?.change ?? null };
    found.push(view);
  }
  return { changes: found, next: null };
};

const change: Answer<'change'> = async (ledger, request, { caller }) => {
  const { change: found } = await known(ledger, request.change, caller);
  const { host, effect } = found.proposal;
  const view = await changeView(ledger, found, caller);
  const run = runView(found);
  if (!isOpenChange(found, ledger.access.at)) return { change: view, now: null, run };
  const { grants: _, revision: __, ...now } = await judge(ledger, host, await commandsIn(ledger, found));
  return { change: view, now: { ...now, isAsProposed: now.effect === effect }, run };
};

export const changesAnswers = {
  propose,
  changes,
  change,
  approve,
  refuse,
  withdraw,
  start,
  confirm,
  resume,
};
