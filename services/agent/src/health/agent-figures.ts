/** What there is to count in an agent. */
import type { Link } from '../link/link.ts';
import type { Observer } from '../observer/index.ts';
import type { Spool } from '../spool/spool.ts';
import type { Figure } from './figures.ts';

/** Counters begin at 0 with each start of the agent. */
export function figuresOf(
  { figures: { looks, unsettled, stalls, drifts }, isAlive }: Pick<Observer, 'figures' | 'isAlive'>,
  spool: Pick<Spool, 'figures'>,
  { isDown }: Pick<Link, 'isDown'>,
  now = Date.now(),
): readonly Figure[] {
  const { commits, bytes, oldestAt } = spool.figures;
  const age = oldestAt === undefined ? 0 : Math.max(0, (now - Date.parse(oldestAt)) / 1000);
  const counter = (name: string, help: string, value: number): Figure => ({
    name: `apledger_agent_${name}_total`,
    help,
    type: 'counter',
    value,
  });
  const gauge = (name: string, help: string, value: number): Figure => ({
    name: `apledger_agent_${name}`,
    help,
    type: 'gauge',
    value,
  });
  return [
    counter('looks', 'Looks at the host.', looks),
    counter('unsettled_looks', 'Looks during which the host did not stand still.', unsettled),
    counter('stalls', 'Looks for which the kernel took more than five seconds.', stalls),
    counter('drifts', 'Times that the host did not do what the rules of its driver say.', drifts),
    gauge('spool_commits', 'Commits that the ledger has not got.', commits),
    gauge('spool_bytes', 'Their size.', bytes),
    gauge('spool_age_seconds', 'Age of the oldest of them; 0 = there is none.', age),
    gauge('ledger_reachable', '0 while the ledger is away.', isDown ? 0 : 1),
    gauge('observer_alive', '0 when the observer does not look any more.', isAlive ? 1 : 0),
  ];
}
