/** What Prometheus is told. */
import type { Caller, LogLedger, Watch } from '@apledger/ledger';
import type { SealerState, WitnessState } from '@apledger/sealer';
import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { RelayStanding } from '../nats/relay-standing.ts';
import { measureAgents } from './agent-metrics.ts';
import type { Streams } from './streams.ts';

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** Counts every answer by its route, and serves /metrics. */
export function measure(
  server: FastifyInstance,
  streams: Streams,
  watch: Watch,
  { sealerState: sealer, handler, observed }: LogLedger,
  permitted: (caller: Caller | undefined) => Promise<void>,
  relay: Pick<RelayStanding, 'state' | 'position'>,
): void {
  const { health } = watch;
  const register = new Registry();
  collectDefaultMetrics({ register });
  const labelNames = ['method', 'route', 'status'] as const;
  const requests = new Histogram({
    name: 'apledger_http_request_seconds',
    help: 'Time from the request to the end of its answer.',
    labelNames,
    buckets: SECONDS,
    registers: [register],
  });
  const problems = new Counter({
    name: 'apledger_http_server_errors_total',
    help: 'Answers of status 500 and above.',
    labelNames: ['route'],
    registers: [register],
  });
  new Gauge({
    name: 'apledger_streams',
    help: 'Clients of the stream of facts.',
    registers: [register],
    collect() {
      this.set(streams.count);
    },
  });
  new Gauge({
    name: 'apledger_log_position',
    help: 'Position of the last fact that the feed has seen.',
    registers: [register],
    collect() {
      this.set(streams.position);
    },
  });
  new Gauge({
    name: 'apledger_read_model_position',
    help: 'Position up to which the read model is kept, -1 before it was compared with the log.',
    registers: [register],
    collect() {
      this.set(watch.keptPosition);
    },
  });
  new Gauge({
    name: 'apledger_log_readable',
    help: '1 when the log can be read, 0 while it is away.',
    registers: [register],
    collect() {
      this.set(health.reading === undefined ? 1 : 0);
    },
  });
  new Gauge({
    name: 'apledger_log_writable',
    help: '1 when commands can be recorded, as far as is known.',
    registers: [register],
    collect() {
      this.set((health.reading ?? health.writing) === undefined ? 1 : 0);
    },
  });
  measureSealer(register, sealer);
  measureRelay(register, relay);
  measureAgents(register, observed);
  new Counter({
    name: 'apledger_clock_jumps_total',
    help: "Jumps of this process's clock that it has recorded in the log.",
    registers: [register],
    collect() {
      this.reset();
      this.inc(handler.clockJumps);
    },
  });
  const inFlight = new Gauge({
    name: 'apledger_commands_in_flight',
    help: 'Commands that have come and are not answered yet.',
    registers: [register],
  });
  // A client that does not wait for its answer has none, and is counted out all the same.
  server.addHook('onRequest', async ({ method, routeOptions }, reply) => {
    if (method !== 'POST' || routeOptions.url?.endsWith('/commands') !== true) return;
    inFlight.inc();
    reply.raw.once('close', () => inFlight.dec());
  });
  server.addHook('onResponse', async ({ method, routeOptions }, reply) => {
    const route = routeOptions.url ?? 'none';
    requests.observe({ method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
    if (reply.statusCode >= 500) problems.inc({ route });
  });
  server.get('/metrics', async (request, reply) => {
    await permitted(request.caller);
    return reply.header('content-type', register.contentType).send(await register.metrics());
  });
}

/** How far the facts are published. Behind = apledger_log_position less apledger_relay_position; nothing is said where this process has no relay. */
function measureRelay(register: Registry, relay: Pick<RelayStanding, 'state' | 'position'>): void {
  const gauge = (name: string, help: string, value: () => number): Gauge =>
    new Gauge({
      name,
      help,
      registers: [register],
      collect() {
        if (relay.state === 'off') this.remove();
        else this.set(value());
      },
    });
  gauge('apledger_relay_publishing', '1 while the relay publishes, 0 while it waits or has ended.', () =>
    relay.state === 'publishing' ? 1 : 0,
  );
  gauge(
    'apledger_relay_position',
    'Position of the last fact that the broker has acknowledged.',
    () => relay.position,
  );
}

/** How far the log is sealed. Behind = apledger_log_position less apledger_evidence_position. */
function measureSealer(register: Registry, sealer: () => SealerState | undefined): void {
  const gauge = (name: string, help: string, value: (state: SealerState) => number): Gauge =>
    new Gauge({
      name,
      help,
      registers: [register],
      collect() {
        const state = sealer();
        if (state !== undefined) this.set(value(state));
      },
    });
  gauge('apledger_evidence_size', 'Facts that the newest signed checkpoint covers.', ({ size }) => size);
  gauge('apledger_evidence_position', 'Position of the last of these facts.', ({ position }) => position);
  gauge('apledger_evidence_fault', '1 while the log cannot be sealed.', ({ fault }) =>
    fault === null ? 0 : 1,
  );
  const witness = (name: string, help: string, value: (state: WitnessState) => number): Gauge =>
    new Gauge({
      name,
      help,
      labelNames: ['witness'],
      registers: [register],
      collect() {
        for (const state of sealer()?.witnesses ?? []) this.set({ witness: state.name }, value(state));
      },
    });
  witness(
    'apledger_evidence_witness_size',
    'Facts of the last checkpoint that the witness cosigned.',
    ({ size }) => size,
  );
  witness(
    'apledger_evidence_witness_age_seconds',
    'Time since then; +Inf = it has cosigned none.',
    ({ at }) => (at === null ? Number.POSITIVE_INFINITY : (Date.now() - Date.parse(at)) / 1000),
  );
}
