/** The bus of a lab's host looks for changes by itself, every `config_time` seconds (driver-rules 2, 6.6). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandHandler } from '@apledger/command-handler';
import { decide } from '@apledger/driver';
import type { HostState } from '@apledger/host';

export interface BusTimerOptions {
  readonly handler: Pick<CommandHandler, 'state' | 'submit'>;
  readonly host: string;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Resolves after a second; rejects when the signal comes first. */
  readonly second?: (signal: AbortSignal) => Promise<unknown>;
}

const aSecond = (signal: AbortSignal): Promise<unknown> => sleep(1000, undefined, { signal, ref: false });

/**
 * Scans whenever the time is up and a scan would find something; one that finds nothing is not recorded. A new `config_time` counts from
 * the moment that it is seen. Ends with the signal, or with the host; throws what the log throws.
 */
export async function scanRegularly(options: BusTimerOptions): Promise<void> {
  const { handler, host, signal, second = aSecond } = options;
  let elapsed = 0;
  let before: number | undefined;
  while (!signal.aborted) {
    const state = await handler.state(host);
    if (state === undefined) return;
    const { config_time: time } = state.attributes;
    elapsed = time === before ? elapsed + 1 : 0;
    before = time;
    if (elapsed >= time) {
      elapsed = 0;
      if (findsSomething(state))
        await handler.submit({ host, command: { type: 'ScanBus' }, actor: 'ap bus' });
    }
    if (!(await isThen(second(signal)))) return;
  }
}

/** False when it was cut short. */
const isThen = (second: Promise<unknown>): Promise<boolean> =>
  second.then(
    () => true,
    () => false,
  );

const findsSomething = (state: HostState): boolean =>
  decide(state, { type: 'ScanBus' }).facts.some(({ type }) => type !== 'BusScanned');
