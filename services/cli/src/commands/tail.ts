/** `apledger tail`: facts as a relay publishes them, from any machine that reaches the NATS server. */
import { command, line, type Output } from '@apledger/command-line';
import { isFactType } from '@apledger/events';
import { subscribe, type Unreadable } from '@apledger/messages/nats';
import { connectNats } from '@apledger/nats';
import { parseTime, usedText } from '../moment.ts';
import { type NatsOptions, natsOptions, serverOf } from '../nats.ts';
import { host, json, types } from '../options.ts';
import { parseTypes, printFact } from './events.ts';

interface TailOptions extends NatsOptions {
  readonly host?: string;
  readonly mdev?: string;
  readonly guest?: string;
  readonly type?: string;
  readonly since?: string;
  readonly json?: boolean;
}

/** Prints what comes until `signal`; with `since`, first what was recorded from that time on. */
async function tail(options: TailOptions, output: Output, signal: AbortSignal): Promise<number> {
  const { host, mdev, guest, stream, since, json = false } = options;
  const types = parseTypes(options.type, isFactType);
  const time = since === undefined ? undefined : parseTime('--since', since);
  const onUnreadable = ({ recorded, subject, sequence, reason }: Unreadable): void => {
    // A fact from the future has an envelope to show; anything else is none of ours.
    if (recorded !== undefined) printFact(recorded, json, output);
    else output.err(line(`apledger tail: message ${sequence} on ${subject}: ${reason}`));
  };
  const connection = await connectNats(serverOf(options), 'tail');
  try {
    const facts = await subscribe({
      connection,
      from: time === undefined ? 'new' : { time: new Date(time) },
      onUnreadable,
      signal,
      ...(host !== undefined && { host }),
      ...(mdev !== undefined && { mdev }),
      ...(guest !== undefined && { guest }),
      ...(stream !== undefined && { stream }),
      ...(types !== undefined && { types }),
    });
    // By when they were recorded: the broker keeps its messages in that order.
    const begin = usedText({ time: time ?? new Date().toISOString() });
    output.err(line(`Facts recorded from ${begin} on:`));
    output.progress('waiting for facts');
    for await (const { recorded } of facts) printFact(recorded, json, output);
    return 0;
  } finally {
    await connection.close();
  }
}

export const tailCommand = command({
  name: 'tail',
  summary: 'print facts as a relay publishes them on NATS, until Ctrl-C',
  options: {
    ...natsOptions,
    ...host,
    mdev: { type: 'string', value: 'uuid', description: 'only facts about this mdev' },
    guest: {
      type: 'string',
      value: 'name',
      description: 'only facts about the mdev that this guest has open, while it has',
    },
    ...types,
    since: { type: 'string', value: 'time', description: 'first what was recorded from this time on' },
    ...json,
  },
  examples: ['apledger tail --nats nats://127.0.0.1:4222 --type CommandRejected'],
  run: (options, { output, signal }) => tail(options, output, signal),
});
