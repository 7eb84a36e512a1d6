/** How well agents see their hosts, for Prometheus. Of hosts whose agents have spoken to this process since it started. */
import type { LogLedger, Watched } from '@apledger/ledger';
import { Counter, Gauge, type Registry } from 'prom-client';

type Observed = LogLedger['observed'];
export function measureAgents(register: Registry, observed: Observed): void {
  const labelNames = ['host'] as const;
  const total = (name: string, help: string, value: (watched: Watched) => number): Counter =>
    new Counter({
      name,
      help,
      labelNames,
      registers: [register],
      collect() {
        this.reset();
        for (const [host, watched] of observed.watched()) this.inc({ host }, value(watched));
      },
    });
  total(
    'apledger_host_drifts_total',
    'Times that the host did not do what the rules of its driver say (DriftDetected).',
    ({ troubles }) => troubles.drifts,
  );
  total(
    'apledger_host_stalls_total',
    'Times that the kernel made the agent wait for more than five seconds (ObservationStalled), as it is said: at the beginning and at the end.',
    ({ troubles }) => troubles.stalls,
  );
  total(
    'apledger_host_unsettled_total',
    'Commits of looks during which the host did not stand still.',
    ({ troubles }) => troubles.unsettled,
  );
  total(
    'apledger_host_dropped_total',
    'Commits that the agent had to give up, since it could not keep them.',
    ({ troubles }) => troubles.dropped,
  );
  const now = (name: string, help: string, value: (watched: Watched) => number | undefined): Gauge =>
    new Gauge({
      name,
      help,
      labelNames,
      registers: [register],
      collect() {
        this.reset();
        for (const [host, watched] of observed.watched()) {
          const is = value(watched);
          if (is !== undefined) this.set({ host }, is);
        }
      },
    });
  now(
    'apledger_host_agent_heard_seconds',
    'Time since the agent asked this process for something; it asks every 20 seconds at least.',
    ({ heardAt }) => (heardAt === undefined ? undefined : (performance.now() - heardAt) / 1000),
  );
  now('apledger_host_open_commands', 'Commands that the agent has not settled.', ({ open }) => open.size);
}
