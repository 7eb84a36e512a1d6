/** How well agents see their hosts, for Prometheus. Of hosts whose agents have spoken to this process since it started. */
import type { LogLedger, Watched } from '@apledger/ledger';
import { Counter, Gauge, type Registry } from 'prom-client';

type Observed = LogLedger['observed'];

export function measureAgents(register: Registry, observed: Observed): void {
  /** Undefined = nothing is known of the host's agent. */
  const figure = (
    Kind: typeof Counter<'host'> | typeof Gauge<'host'>,
    name: string,
    help: string,
    figureOf: (watched: Watched) => number | undefined,
  ) =>
    new Kind({
      name,
      help,
      labelNames: ['host'],
      registers: [register],
      collect() {
        this.reset();
        for (const [host, watched] of observed.watched()) {
          const value = figureOf(watched);
          if (value !== undefined) this.inc({ host }, value);
        }
      },
    });
  figure(
    Counter,
    'apledger_host_drifts_total',
    'Times that the host did not do what the rules of its driver say (DriftDetected).',
    ({ troubles }) => troubles.drifts,
  );
  figure(
    Counter,
    'apledger_host_stalls_total',
    'Times that the kernel made the agent wait for more than five seconds (ObservationStalled), as it is said: at the beginning and at the end.',
    ({ troubles }) => troubles.stalls,
  );
  figure(
    Counter,
    'apledger_host_unsettled_total',
    'Commits of looks during which the host did not stand still.',
    ({ troubles }) => troubles.unsettled,
  );
  figure(
    Counter,
    'apledger_host_dropped_total',
    'Commits that the agent had to give up, since it could not keep them.',
    ({ troubles }) => troubles.dropped,
  );
  figure(
    Gauge,
    'apledger_host_agent_heard_seconds',
    'Time since the agent asked this process for something; it asks every 20 seconds at least.',
    ({ heardAt }) => (heardAt === undefined ? undefined : (performance.now() - heardAt) / 1000),
  );
  figure(
    Gauge,
    'apledger_host_open_commands',
    'Commands that the agent has not settled.',
    ({ open }) => open.size,
  );
}
