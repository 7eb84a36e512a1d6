/** A simulated host as an agent sees it: by its files alone, and by fakes of what a simulation does not have. */
import { apqn, formatApConfigFile, formatApqn, formatCard, formatMask, formatMatrixFile } from '@apledger/ap';
import {
  type CapturedFile,
  KERNEL,
  readTree,
  type TreeTaker,
  takeBus,
  takeCards,
  takeMdevs,
} from '@apledger/capture';
import { decide } from '@apledger/driver';
import { type Command, type Fact, GENERATIONS } from '@apledger/events';
import { busLimits, driverOf, evolve, HostState, isOpen } from '@apledger/host';
import { explain, type Hint, type MdevUse, registered, type Signs, type Snapshot } from '@apledger/observe';
import { type Node, nodeAt } from '@apledger/sysfs';

/** Reads the files of a state, without any file system. */
class StateTaker implements TreeTaker {
  readonly files = new Map<string, CapturedFile>();
  readonly problems: { readonly where: string; readonly what: string }[] = [];
  readonly #state: HostState;

  constructor(state: HostState) {
    this.#state = state;
  }

  read(path: string): string | undefined {
    if (path === KERNEL) return `${GENERATIONS[this.#state.driver].kernelPrefix}0-test\n`;
    const node = this.#node(path);
    const content = node?.kind === 'attribute' && (node.mode & 0o444) !== 0 ? node.read() : undefined;
    return typeof content === 'string' ? content : undefined;
  }

  take(path: string): string | undefined {
    const text = this.read(path);
    if (text !== undefined) this.files.set(path, { text });
    return text;
  }

  takeLink(path: string): void {
    const node = this.#node(path);
    if (node?.kind === 'link') this.files.set(path, { target: node.target });
  }

  names(path: string): readonly string[] {
    const node = this.#node(path);
    return node?.kind === 'directory' ? [...node.list()] : [];
  }

  problem(where: string, what: string): void {
    this.problems.push({ where, what });
  }

  #node(path: string): Node | undefined {
    return path.startsWith('sys/') ? nodeAt(this.#state, path.slice('sys/'.length)) : undefined;
  }
}

/** What the files of the state show. */
export function snapshotOf(state: HostState, attached: ReadonlySet<string> = new Set()): Snapshot {
  const taker = new StateTaker(state);
  takeBus(taker);
  takeCards(taker);
  takeMdevs(taker, { readsUnbounded: true, isFirst: true });
  const { host, problems } = readTree(taker.files);
  const open = [...state.mdevs.values()].filter(isOpen);
  const use = (guest: string | null, uuid: string): MdevUse => ({
    guest,
    source: 'process',
    fromStart: !attached.has(uuid),
    evidence: { source: 'process', text: 'a descriptor' },
  });
  return {
    host: { ...host, kernel: taker.read(KERNEL)?.trim(), boot: bootOf(state) },
    problems,
    boot: 'boot-1',
    settled: true,
    recreated: new Set(),
    guests: {
      uses: new Map(open.map(({ uuid, guest }) => [uuid, use(guest, uuid)])),
      unknown: new Set(),
      running: new Set(),
    },
  };
}

/** As the kernel's command line has it. */
function bootOf({ bootParameters: { apmask, aqmask } }: HostState): Snapshot['host']['boot'] {
  return { ...(apmask === null ? {} : { apmask }), ...(aqmask === null ? {} : { aqmask }) };
}

/** Files that say nothing of what a host is, or of which an agent reads nothing. */
const LEFT_OUT =
  /(?:^|\/)(?:scans|ap_functions|mkvps|interrupt|request_count|bindings_complete_count|uevent)$/;

/** Every readable file and link of the host, by its path. */
export function filesOf(state: HostState): Map<string, string> {
  const files = new Map<string, string>();
  takeFiles(state, '', files);
  return files;
}

function takeFiles(state: HostState, path: string, files: Map<string, string>): void {
  const node = nodeAt(state, path);
  if (node?.kind === 'directory')
    for (const name of node.list()) takeFiles(state, path === '' ? name : `${path}/${name}`, files);
  else if (node?.kind === 'link') files.set(path, node.target);
  else if (node !== undefined && !LEFT_OUT.test(path) && (node.mode & 0o444) !== 0) {
    const content = node.read();
    files.set(path, typeof content === 'string' ? content : JSON.stringify(content));
  }
}

/** What files show of a host, without making the files: the same in a hundredth of the time. */
function shown(state: HostState): Map<string, string> {
  const all = new Map<string, string>();
  for (const mask of ['apmask', 'aqmask'] as const) all.set(mask, formatMask(state[mask]));
  // Without QCI no file shows it.
  all.set('config', state.hardware.qci ? formatApConfigFile(state.config) : '');
  all.set('attributes', JSON.stringify(state.attributes));
  all.set('boot', JSON.stringify([state.bootParameters, busLimits(state), state.isVfioApLoaded]));
  for (const [apid, card] of state.cards) {
    const { type, mode, functions, configured, checkStopped, online } = card;
    all.set(formatCard(apid), [type, mode, functions, configured, checkStopped, online].join(' '));
    for (const [apqi, queue] of card.queues) {
      const driver = driverOf(state, apqn(apid, apqi));
      const isOnline = queue.state === 'zcrypt' && queue.online;
      const fields = [driver, queue.driverOverride, queue.configured, queue.checkStopped, isOnline];
      all.set(formatApqn(apqn(apid, apqi)), fields.join(' '));
    }
  }
  for (const mdev of state.mdevs.values()) {
    const { uuid, assigned, guestMatrix, guest, removing } = mdev;
    const matrix = guestMatrix === null || removing ? 'none' : formatMatrixFile(guestMatrix);
    const fields = [guest, isOpen(mdev), removing, mdev.attached, matrix];
    all.set(uuid, [...fields, removing ? '' : formatApConfigFile(assigned)].join(' '));
  }
  return all;
}

/** Where one of the hosts shows something else than the other; at most a few places. */
export function unlike(observed: HostState, actual: HostState, by: typeof shown = shown): string[] {
  const [mine, theirs] = [by(observed), by(actual)];
  return [...new Set([...mine.keys(), ...theirs.keys()])]
    .filter((key) => mine.get(key) !== theirs.get(key))
    .slice(0, 5)
    .map((key) => `${key}: ${mine.get(key)} is not ${theirs.get(key)}`);
}

/** A simulated host, and an observer of its files. */
export class Pair {
  readonly actual = new HostState();
  observed: HostState | undefined;
  /** All facts that the observer has concluded, but for those at its first look. */
  readonly facts: Fact[] = [];
  /** What happened at the last look. */
  seen: readonly Fact[] = [];
  readonly #attached = new Set<string>();

  /** Carries a command out on the simulated host. */
  command(command: Command): ReturnType<typeof decide> {
    const decision = decide(this.actual, command);
    for (const fact of decision.facts) {
      evolve(this.actual, fact);
      if (fact.type === 'MdevAttached') this.#attached.add(fact.data.mdev);
      if (fact.type === 'GuestStarted') this.#attached.delete(fact.data.mdev);
    }
    return decision;
  }

  look(
    hints: readonly Hint[] = [],
    { sentUevents = false, ...change }: Partial<Snapshot & Signs> = {},
  ): readonly Fact[] {
    const seen = { ...snapshotOf(this.actual, this.#attached), ...change };
    const known = this.observed ?? registered(seen, this.actual.name).state;
    const { state, steps } = explain(known, seen, { hints, sentUevents });
    this.seen = steps.flatMap(({ facts }) => facts);
    if (this.observed !== undefined) this.facts.push(...this.seen);
    this.observed = state;
    return this.seen;
  }

  /** Where the observed host is not the simulated one. */
  differences(by?: typeof filesOf): string[] {
    return this.observed === undefined ? ['not observed'] : unlike(this.observed, this.actual, by);
  }
}
