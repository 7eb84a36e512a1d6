/** `apledger tail`: facts as a relay publishes them, from any machine that reaches the NATS server. */
import { connectBroker, subscribe, type Unreadable } from '@apledger/subscriber';
import { connectionOptions, type NatsOptions, natsUrl } from './nats.ts';
import { line, type Output } from './output.ts';
import { parseTypes, printFact } from './queries/events.ts';
import { parseTime } from './queries/moment.ts';

export interface TailOptions extends NatsOptions {
  readonly host?: string;
  readonly mdev?: string;
  readonly guest?: string;
  readonly type?: string;
  readonly since?: string;
  readonly json?: boolean;
}

/** Prints what comes until `signal`; with `since`, first what was recorded from that time on. */
export async function tail(options: TailOptions, output: Output, signal: AbortSignal): Promise<number> {
  const { host, mdev, guest, stream, since, json = false } = options;
  const types = parseTypes(options.type);
  const from = since === undefined ? 'new' : { time: new Date(parseTime('--since', since)) };
  const onUnreadable = ({ recorded, subject, sequence, reason }: Unreadable): void => {
    // A fact from the future has an envelope to show; anything else is none of ours.
    if (recorded !== undefined) printFact(recorded, json, output);
    else output.err(line(`apledger tail: message ${sequence} on ${subject}: ${reason}`));
  };
  const connection = await connectBroker(natsUrl(options), connectionOptions(options));
  try {
    const facts = await subscribe({
      connection,
      from,
      onUnreadable,
      signal,
      ...(host !== undefined && { host }),
      ...(mdev !== undefined && { mdev }),
      ...(guest !== undefined && { guest }),
      ...(stream !== undefined && { stream }),
      ...(types !== undefined && { types }),
    });
    for await (const { recorded } of facts) printFact(recorded, json, output);
    return 0;
  } finally {
    await connection.close();
  }
}
