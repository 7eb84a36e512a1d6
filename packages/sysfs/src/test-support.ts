/** Hosts to look at, and ways to look at them. */
import { decide } from '@apledger/driver';
import { type Command, type CommandOf, GENERATION_NAMES, type Generation } from '@apledger/events';
import { evolve, HostState } from '@apledger/host';
import { type Attribute, type Node, nodeAt } from './index.ts';

export const GENERATIONS = GENERATION_NAMES;
export const UUID = '8f2d6f1c-6d1e-4a64-9a61-0c8e9f0a1b2c';
export const MDEV = `devices/vfio_ap/matrix/${UUID}`;
export const TYPE = 'devices/vfio_ap/matrix/mdev_supported_types/vfio_ap-passthrough';

/** The state after a command, whether it was refused or not. */
export function after(state: HostState, command: Command): HostState {
  const next = state.fork();
  for (const fact of decide(next, command).facts) evolve(next, fact);
  return next;
}

type Hardware = CommandOf<'RegisterHost'>['hardware'];
type Boot = CommandOf<'RegisterHost'>['boot'];

/** Cards 05 (CCA), 06 (EP11) and 07 (accelerator) in domains 4, 0x47 and 0xff; all queues belong to zcrypt. */
export function bareHost(
  driver: Generation,
  hardware: Partial<Hardware> = {},
  boot: Partial<Boot> = {},
): HostState {
  return after(new HostState(), {
    type: 'RegisterHost',
    host: 'box',
    driver,
    hardware: {
      qci: true,
      apxa: true,
      maxAdapter: 255,
      maxDomain: 255,
      adapters: [5, 6, 7],
      domains: [4, 0x47, 0xff],
      controlDomains: [4, 0x47],
      cards: [
        { adapter: 5, type: 14, mode: 'C' },
        { adapter: 6, type: 13, mode: 'P' },
        { adapter: 7, type: 10, mode: 'A' },
      ],
      ...hardware,
    },
    boot: { apmask: null, aqmask: null, ...boot },
  });
}

/** `bareHost` with domain 0x47 for guests, and an mdev that has 05.0047. */
export function hostWithMdev(driver: Generation): HostState {
  const given: Command[] = [
    { type: 'WriteMask', mask: 'aqmask', text: '-0x47' },
    { type: 'CreateMdev', text: UUID },
    { type: 'AssignAdapter', mdev: UUID, text: '5' },
    { type: 'AssignDomain', mdev: UUID, text: '0x47' },
    { type: 'AssignControlDomain', mdev: UUID, text: '4' },
  ];
  return given.reduce(after, bareHost(driver));
}

/** Every path from the root, links not followed. */
export function paths(state: HostState, path = ''): string[] {
  const node = nodeAt(state, path);
  const below =
    node?.kind === 'directory'
      ? node.list().flatMap((name) => paths(state, path === '' ? name : `${path}/${name}`))
      : [];
  return [path, ...below];
}

/** The paths of all nodes of a kind, with the nodes. */
export function nodesOf<K extends Node['kind']>(
  state: HostState,
  kind: K,
): { readonly path: string; readonly node: Extract<Node, { kind: K }> }[] {
  const isWanted = (node: Node | undefined): node is Extract<Node, { kind: K }> => node?.kind === kind;
  return paths(state).flatMap((path) => {
    const node = nodeAt(state, path);
    return isWanted(node) ? [{ path, node }] : [];
  });
}

/** The attribute at a path, links in the middle followed. */
export function attributeAt(state: HostState, path: string): Attribute {
  const node = nodeAt(state, path);
  if (node?.kind !== 'attribute') throw new Error(`${path} is ${node?.kind ?? 'not there'}`);
  return node;
}

/** What `cat` says: the content, or the errno. */
export function cat(state: HostState, path: string): string {
  const node = nodeAt(state, path);
  if (node === undefined) return 'ENOENT';
  if (node.kind !== 'attribute') return node.kind;
  const content = node.read();
  return typeof content === 'string' ? content : content.errno;
}

/** The state after `echo -n text > path`; throws when the file itself refuses. */
export function store(state: HostState, path: string, text: string): HostState {
  const wanted = attributeAt(state, path).write(text);
  if (wanted === undefined) return state;
  if ('errno' in wanted) throw new Error(`${path}: ${wanted.errno}`);
  return after(state, wanted.command);
}
