/** What the driver's tests share: a small host to command, the commands in short, and the files as lists of lines. */
import { type Apqn, apidOf, apqiOf, formatMatrixFile, idsOf, parseApqn } from '@apledger/ap';
import {
  type Command,
  type CommandOf,
  type Errno,
  type FactData,
  type FactType,
  GENERATION_NAMES,
  type Generation,
  type Hardware,
} from '@apledger/events';
import { driverOf, evolve, HostState, type Mdev, queueOf } from '@apledger/host';
import { type Decision, decide, type Refusal, rulesOf } from './index.ts';

export const GENERATIONS = GENERATION_NAMES;
/** Those in which the matrix of a running guest can change: all but 5.10, which generation-5.10.test.ts looks at. */
export const HOT_PLUG = GENERATIONS.filter((name) => rulesOf(name).hotPlugs);
/** Those with everything that came since 6.12. */
export const MAINLINE = GENERATIONS.filter((name) => rulesOf(name).files.has('mdev/ap_config'));

export const A = 'aaaaaaaa-0000-4000-8000-000000000001';
export const B = 'bbbbbbbb-0000-4000-8000-000000000002';
export const C = 'cccccccc-0000-4000-8000-000000000003';

/** Adapters 4, 5, 6 with domains 4 and 0x47 (71), of which 5 and 6 are for guests. */
const MACHINE: Hardware = {
  qci: true,
  apxa: true,
  maxAdapter: 255,
  maxDomain: 255,
  adapters: [4, 5, 6],
  domains: [4, 0x47],
  controlDomains: [4, 5, 0x47],
  cards: [],
};
const FOR_GUESTS = '+0-255,-5,-6';

export interface Machine extends Partial<Hardware> {
  readonly apmask?: string | null;
  readonly aqmask?: string | null;
}

/** Brings up a host of the generation; unless said otherwise, adapters 5 and 6 belong to vfio_ap. */
export function bring(
  driver: Generation,
  { apmask = FOR_GUESTS, aqmask = null, ...hardware }: Machine = {},
): Host {
  const boot = { apmask, aqmask };
  const host = new Host();
  host.does({
    type: 'RegisterHost',
    host: 'lpar1',
    driver,
    hardware: { ...MACHINE, ...hardware },
    boot,
  });
  return host;
}

/** One host, commanded step by step. */
export class Host {
  /** The last decision. */
  last: Decision = { facts: [] };
  /** After the last decision; a new one for each. */
  state = new HostState();

  /** These commands, each of which must succeed. */
  does(...commands: readonly Command[]): this {
    for (const command of commands) {
      const refusal = this.tries(command);
      if (refusal !== undefined) throw new Error(`${command.type}: ${refusal.errno}, ${refusal.explanation}`);
    }
    return this;
  }

  /** One command, and why it is refused. */
  tries(command: Command): Refusal | undefined {
    const next = this.state.fork();
    this.last = decide(next, command);
    for (const fact of this.last.facts) evolve(next, fact);
    this.state = next;
    return this.last.refusal;
  }

  /** One command, and its errno; undefined = success. */
  errno(command: Command): Errno | undefined {
    return this.tries(command)?.errno;
  }

  mdev(uuid: string): Mdev {
    const mdev = this.state.mdevs.get(uuid);
    if (mdev === undefined) throw new Error(`there is no mdev ${uuid}`);
    return mdev;
  }

  /** The lines of the matrix file. */
  matrix(uuid: string): string[] {
    return lines(formatMatrixFile(this.mdev(uuid).assigned));
  }

  /** The lines of the guest_matrix file; null where reading it is ENODEV. */
  guestMatrix(uuid: string): string[] | null {
    const { guestMatrix } = this.mdev(uuid);
    return guestMatrix === null ? null : lines(formatMatrixFile(guestMatrix));
  }

  /** What the running guest can use; null when none is attached. */
  usable(uuid: string): string[] | null {
    const { effective } = this.mdev(uuid);
    return effective === null ? null : lines(formatMatrixFile(effective));
  }

  /** Control domains that the mdev's guest would get. */
  guestControlDomains(uuid: string): number[] {
    const { guestMatrix } = this.mdev(uuid);
    return guestMatrix === null ? [] : idsOf(guestMatrix.controlDomains);
  }

  driver(name: string): string | null | undefined {
    const queue = named(name);
    const isThere = queueOf(this.state, apidOf(queue), apqiOf(queue)) !== undefined;
    return isThere ? driverOf(this.state, queue) : undefined;
  }

  /** Data of the last command's facts of one type. */
  facts<T extends FactType>(type: T): FactData<T>[] {
    return this.last.facts.flatMap((fact) => (fact.type === type ? [fact.data as FactData<T>] : []));
  }

  /** Types of the last command's facts, in order. */
  get story(): FactType[] {
    return this.last.facts.map(({ type }) => type);
  }

  /** Queues that the last command made vfio_ap reset, `05.0004=1` for a bad answer. */
  get resets(): string[] {
    return this.facts('QueueReset')
      .filter(({ by }) => by === 'vfio_ap')
      .flatMap(({ queues, responseCode }) =>
        queues.map((name) => (responseCode === 0 ? name : `${name}=${responseCode}`)),
      );
  }
}

function named(name: string): Apqn {
  const queue = parseApqn(name);
  if (queue === undefined) throw new Error(`${name} is no queue`);
  return queue;
}

const lines = (text: string): string[] => text.split('\n').slice(0, -1);

export const apmask = (text: string): Command => ({ type: 'WriteMask', mask: 'apmask', text });
export const aqmask = (text: string): Command => ({ type: 'WriteMask', mask: 'aqmask', text });
export const create = (text: string): Command => ({ type: 'CreateMdev', text });
export const remove = (mdev: string, text = '1'): Command => ({ type: 'RemoveMdev', mdev, text });
type MdevWrite = Extract<Command, { mdev: string; text: string }>['type'];
const mdevWrite =
  (type: MdevWrite) =>
  (mdev: string, ...ids: readonly (number | string)[]): Command[] =>
    ids.map((id) => ({ type, mdev, text: String(id) }));
export const assignAdapter = mdevWrite('AssignAdapter');
export const unassignAdapter = mdevWrite('UnassignAdapter');
export const assignDomain = mdevWrite('AssignDomain');
export const unassignDomain = mdevWrite('UnassignDomain');
export const assignControlDomain = mdevWrite('AssignControlDomain');
export const unassignControlDomain = mdevWrite('UnassignControlDomain');
export const configure = (mdev: string, text: string): Command => ({ type: 'ConfigureMdev', mdev, text });
export const start = (mdev: string, guest: string | null = 'guest1'): Command => ({
  type: 'StartGuest',
  mdev,
  guest,
});
export const stop = (mdev: string): Command => ({ type: 'StopGuest', mdev });
export const resetDevice = (mdev: string): Command => ({ type: 'ResetGuestDevice', mdev });
export const migrate = (mdev: string): Command => ({ type: 'MigrateGuest', mdev });
export const bind = (text: string, driver: 'vfio_ap' | 'cex4queue' = 'vfio_ap'): Command => ({
  type: 'BindQueue',
  driver,
  text,
});
export const unbind = (text: string, driver: 'vfio_ap' | 'cex4queue' = 'vfio_ap'): Command => ({
  type: 'UnbindQueue',
  driver,
  text,
});
export const probe = (text: string): Command => ({ type: 'ProbeDevice', text });
export const override = (queue: string, text: string): Command => ({ type: 'OverrideDriver', queue, text });
export const scan: Command = { type: 'ScanBus' };
export const hardware = (change: Omit<CommandOf<'ChangeHardware'>, 'type'>): Command => ({
  type: 'ChangeHardware',
  ...change,
});
export const cardConfig = (adapter: number, text: string): Command => ({
  type: 'ConfigureCard',
  adapter,
  text,
});
export const checkStop = (adapter: number, checkStopped = true): Command => ({
  type: 'SetCheckStop',
  adapter,
  checkStopped,
});
export const fault = (queue: string, ...responseCodes: number[]): Command => ({
  type: 'InjectResetFault',
  queue,
  responseCodes,
});
export const online = (device: string, text: string): Command => ({ type: 'SetOnline', device, text });

/** An mdev with these adapters and domains. */
export const mdevWith = (
  mdev: string,
  adapters: readonly number[],
  domains: readonly number[],
): Command[] => [create(mdev), ...assignAdapter(mdev, ...adapters), ...assignDomain(mdev, ...domains)];
