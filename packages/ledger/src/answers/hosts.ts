/** Which hosts there are, each with its head. */
import { type HostHead, MAX_HOSTS, Problem } from '@apledger/api';
import { factAt, type Head, type Moment } from '@apledger/event-log';
import type { Answer } from '../answer.ts';
import { momentOf, placeAt, usedOf } from '../moment.ts';

export const hosts: Answer<'hosts'> = async (ledger, request, { sees }) => {
  const { after = '', limit = MAX_HOSTS, find = '' } = request;
  // Asked first: what comes while the heads are read is left out by it.
  const moment = await momentOf(ledger, request);
  const last = await ledger.log.lastPosition();
  const heads = await ledger.heads.after(after, limit + 1, last, find);
  const page: HostHead[] = [];
  for (const [host, head] of heads.slice(0, limit)) {
    if (sees?.(head) === false) continue;
    const place = isThen(head, moment) ? undefined : await placeAt(ledger, head.stream, moment);
    const end = place === undefined ? head : await factAt(ledger.log, head.stream, place.revision);
    if (end === undefined) continue;
    const { revision, position, hash, occurredAt } = end;
    const mayReach = place?.mayReach;
    page.push({ host, revision, position, hash, occurredAt, ...(mayReach !== undefined && { mayReach }) });
  }
  const next = heads.length > limit ? (heads[limit - 1]?.[0] ?? null) : null;
  return { hosts: page, next, asOf: usedOf(moment), position: 'position' in moment ? moment.position : null };
};

/** Whether a host had ended so at the moment already; for a time, its readings say. */
const isThen = ({ position }: Head, moment: Moment): boolean =>
  'position' in moment && position <= moment.position;

/** 404; `when` follows the name, as ` at position 5`. */
export const unknownHost = (host: string, when = ''): Problem =>
  new Problem(
    404,
    'unknown-host',
    `There is no host ${host}${when}; ask for the hosts to see those that there are.`,
  );
