/** This process on NATS: the micro service, and the relay that publishes the facts. */
import { join } from 'node:path';
import type { LogLedger } from '@apledger/ledger';
import { noteInFile, noteName, relay } from '@apledger/messages/nats';
import { connectNats, placeOf, type ServerOptions } from '@apledger/nats';
import { errorText } from '@apledger/text';
import type { Edge } from '../access/edge.ts';
import type { RelayStanding } from './relay-standing.ts';
import { LedgerService } from './service.ts';

export interface MembershipOptions {
  readonly ledger: LogLedger;
  readonly broker: ServerOptions;
  readonly trustsRequestInfo: boolean;
  readonly edge?: Edge | undefined;
  /** Publish the facts as well. */
  readonly relays: boolean;
  /** The JetStream stream that the facts go to; the usual one without it. */
  readonly stream?: string | undefined;
  /** Told what the relay does. */
  readonly standing: RelayStanding;
  /** Where the relay notes how far it has got. */
  readonly directory?: string | undefined;
  readonly report: (line: string) => void;
}

export interface Membership {
  /** As discovery knows the service. */
  readonly id: string;
  /** The broker's servers, without credentials. */
  readonly place: string;
  /** Resolves when the service has ended; with a reason when nobody asked it to. */
  ended(): Promise<string | undefined>;
  /** Takes no more requests, answers those that came, publishes what is on its way, and leaves. */
  drain(): Promise<void>;
}

/** Registers the service and starts the relay. Throws BrokerError when the broker is away, or does not let us. */
export async function joinBroker(options: MembershipOptions): Promise<Membership> {
  const { ledger, broker, trustsRequestInfo, edge, relays, report } = options;
  const connection = await connectNats(broker, 'ledger');
  const service = await LedgerService.serve({ ledger, connection, trustsRequestInfo, edge, report }).catch(
    async (error: unknown) => {
      await connection.close();
      throw error;
    },
  );
  const end = new AbortController();
  const publishing = relays ? publish(options, end.signal) : Promise.resolve();
  return {
    id: service.id,
    place: placeOf(broker),
    ended: () => service.ended(),
    async drain() {
      end.abort();
      await Promise.all([service.drain(), publishing]);
    },
  };
}

/** A relay that cannot go on ends alone: commands and queries need none. */
async function publish(
  { ledger, broker, report, directory, stream, standing }: MembershipOptions,
  signal: AbortSignal,
): Promise<void> {
  let last = '';
  try {
    await relay({
      log: ledger.log,
      server: broker,
      signal,
      ...(stream !== undefined && { stream }),
      ...(directory !== undefined && { note: noteInFile(join(directory, noteName(stream))) }),
      onState: (state) => {
        standing.take(state);
        const reason = state.state === 'waiting' ? state.reason : '';
        if (reason !== '' && reason !== last) report(`relay: waiting: ${reason}`);
        last = reason;
      },
    });
  } catch (error) {
    const reason = errorText(error);
    standing.end(reason);
    report(`relay: ended: ${reason}; requests go on being answered. Another stream is named by --stream.`);
  }
}
