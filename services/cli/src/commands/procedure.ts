/** `apledger procedure …`: the plan of a task that comes up again and again; nothing is recorded. */
import { parseApqn } from '@apledger/ap';
import { planProcedure } from '@apledger/changes';
import { command, Failure, type Output } from '@apledger/command-line';
import { DRAIN_ENDS, type Procedure } from '@apledger/events';
import { type Place, validUntil } from '@apledger/ledger';
import { hostAt, withLedger } from '../ledger.ts';
import { MOMENT, parseMoment } from '../moment.ts';
import { json, place } from '../options.ts';
import { outOption, showPlanned, stateAsked } from './plan.ts';

interface ProcedureOptions extends Place {
  readonly host?: string;
  readonly within?: string;
  readonly out?: string;
  readonly json?: boolean;
}

const shared = {
  ...place,
  host: { type: 'string', value: 'name', description: 'the host (default: the only one)' },
  within: {
    type: 'string',
    value: 'length',
    description: 'each wait is given up after this time, like 30m (default: as long as it takes)',
  },
  ...outOption,
  ...json,
} as const;
const stopGuests = {
  stopGuests: {
    type: 'boolean',
    description: 'the plan stops guests; without it, it waits until somebody stops them',
  },
} as const;
const GUEST = { name: 'guest', description: 'the guest, by its name' } as const;

const planned = (procedure: Procedure, options: ProcedureOptions, output: Output): Promise<number> =>
  withLedger(options, output, async (ledger) => {
    const state = await stateAsked(ledger, options.host);
    return showPlanned(planProcedure(state, procedure), state, options, output);
  });

/** Throws Problem for what is no length. */
function within({ within: length }: ProcedureOptions): { withinMs?: number } {
  if (length === undefined) return {};
  const now = new Date().toISOString();
  return { withinMs: Date.parse(validUntil(length, now, MAX_WAIT_MS, '--within')) - Date.parse(now) };
}
const MAX_WAIT_MS = 30 * 86_400_000;

function cardOf(text: string): number {
  if (!/^[0-9a-f]{2}$/i.test(text))
    throw new Failure(2, `${text}: no card; write its two hexadecimal digits, as lszcrypt does: 05`);
  return Number.parseInt(text, 16);
}

const drain = command({
  name: 'procedure drain',
  summary: 'take a card from all guests, and have its queues reset',
  positionals: [{ name: 'card', description: 'as lszcrypt writes it: 05' }],
  options: {
    ...shared,
    ...stopGuests,
    end: {
      type: 'string',
      value: 'end',
      choices: DRAIN_ENDS,
      default: 'assigned-to-nobody',
      description: 'what becomes of the card',
    },
  },
  examples: ['apledger procedure drain 05 --host prod7 --end off --out drain.plan'],
  run: ({ card, end, stopGuests: stopsGuests, ...options }, { output }) =>
    planned(
      { procedure: 'drain', adapter: cardOf(card), end, stopsGuests, ...within(options) },
      options,
      output,
    ),
});

const prepareMigration = command({
  name: 'procedure prepare-migration',
  summary: 'unplug all adapters of a guest, have its queues reset, and wait until the guest has gone',
  positionals: [GUEST],
  options: shared,
  examples: ['apledger procedure prepare-migration web --host prod7 --within 30m --out away.plan'],
  run: ({ guest, ...options }, { output }) =>
    planned({ procedure: 'prepare-migration', guest, ...within(options) }, options, output),
});

const restoreMigration = command({
  name: 'procedure restore-migration',
  summary: 'give a guest that has come without adapters the matrix that it had where it came from',
  positionals: [GUEST],
  options: {
    ...shared,
    mdev: { type: 'string', value: 'uuid', description: 'of its mdev here (default: the one there)' },
    from: { type: 'string', value: 'host', required: true, description: 'the host that it came from' },
    at: {
      type: 'string',
      value: 'moment',
      required: true,
      description: `when it still had its matrix there: ${MOMENT}`,
    },
  },
  examples: ['apledger procedure restore-migration web --host prod8 --from prod7 --at 1042 --out here.plan'],
  run: ({ guest, from, at, mdev, ...options }, { output }) =>
    withLedger(options, output, async (ledger) => {
      const there = await hostAt(ledger, from, await parseMoment('--at', at, ledger));
      const source = there?.mdevs.find((each) => each.guest === guest);
      if (source === undefined) throw new Failure(2, `Guest ${guest} had no mdev open on host ${from} then.`);
      const { adapters, domains, controlDomains } = source;
      const state = await stateAsked(ledger, options.host);
      const procedure: Procedure = {
        procedure: 'restore-migration',
        guest,
        mdev: mdev ?? source.mdev,
        matrix: { adapters, domains, controlDomains },
      };
      return showPlanned(planProcedure(state, procedure), state, options, output);
    }),
});

const moveQueue = command({
  name: 'procedure move-queue',
  summary: 'take a queue from one guest, have it reset, and give it to another',
  positionals: [{ name: 'queue', description: 'as lszcrypt writes it: 05.0047' }],
  options: {
    ...shared,
    from: { type: 'string', value: 'guest', required: true, description: 'the guest that has it' },
    to: { type: 'string', value: 'guest', required: true, description: 'the guest that gets it' },
  },
  examples: ['apledger procedure move-queue 05.0047 --from web --to db --out move.plan'],
  run: ({ queue, from, to, ...options }, { output }) => {
    if (parseApqn(queue) === undefined) throw new Failure(2, `${queue}: no queue; write it like 05.0047`);
    return planned({ procedure: 'move-queue', queue, from, to, ...within(options) }, options, output);
  },
});

const retireGuest = command({
  name: 'procedure retire-guest',
  summary: 'wait until a guest has stopped, remove its mdev, and have its queues reset',
  positionals: [GUEST],
  options: { ...shared, ...stopGuests },
  examples: ['apledger procedure retire-guest web --stop-guests --out retire.plan'],
  run: ({ guest, stopGuests: stopsGuests, ...options }, { output }) =>
    planned({ procedure: 'retire-guest', guest, stopsGuests, ...within(options) }, options, output),
});

export const procedureCommands = [drain, prepareMigration, restoreMigration, moveQueue, retireGuest];
