/** The root of the tree, and the way from a path to what lies there. */
import { type HostState, rulesOf } from '@apledger/driver';
import { busFolder } from './bus.ts';
import { apFolder } from './devices.ts';
import { type Folder, folder, link, readable } from './folder.ts';
import { groupsFolder, matrixFolder, mdevBusFolder } from './mdevs.ts';
import type { Node } from './node.ts';

/** As many links as the kernel follows in one path. */
const MAX_LINKS = 40;

function root(state: HostState): Folder {
  return folder({
    bus: () =>
      folder({
        ap: () => busFolder(state),
        matrix: () =>
          folder({ devices: () => folder({ matrix: () => link('../../../devices/vfio_ap/matrix') }) }),
        mdev: () => mdevBusFolder(state),
      }),
    class: () => folder({ mdev_bus: () => folder({ matrix: () => link('../../devices/vfio_ap/matrix') }) }),
    devices: () =>
      folder({ ap: () => apFolder(state), vfio_ap: () => folder({ matrix: () => matrixFolder(state) }) }),
    kernel: () => folder({ iommu_groups: () => groupsFolder(state) }),
    module: () =>
      folder({ ap: () => folder({ parameters: () => parametersFolder(state) }), vfio_ap: () => folder({}) }),
  });
}

/** Kernel parameters as given; the kernel prints a null pointer so (driver-rules 2). */
function parametersFolder(state: HostState): Folder {
  const { parameterMode } = rulesOf(state.driver);
  const parameter = (name: 'apmask' | 'aqmask') => () =>
    readable(() => `${state.bootParameters[name] ?? '(null)'}\n`, parameterMode);
  return folder({ apmask: parameter('apmask'), aqmask: parameter('aqmask') });
}

/**
 * The node at a path below the root (`bus/ap/apmask`, '' is the root itself); undefined = ENOENT. Links on the way
 * are followed, a final one is not.
 */
export function nodeAt(state: HostState, path: string): Node | undefined {
  return walk(state, path, false)?.node;
}

/** The path with every link, `.` and `..` followed; undefined when something on it is missing, or it is a loop. */
export function resolvePath(state: HostState, path: string): string | undefined {
  return walk(state, path, true)?.names.join('/');
}

interface Place {
  readonly node: Node;
  readonly names: readonly string[];
}

function walk(state: HostState, path: string, followLast: boolean): Place | undefined {
  const top = root(state);
  let folders: Folder[] = [top];
  let names: string[] = [];
  let node: Node | Folder = top;
  let links = 0;
  const rest = path.split('/').reverse();
  for (let name = rest.pop(); name !== undefined; name = rest.pop()) {
    if (name === '' || name === '.') continue;
    // Only a directory has anything below it.
    if (node !== folders.at(-1)) return undefined;
    if (name === '..') {
      folders = folders.length > 1 ? folders.slice(0, -1) : folders;
      names = names.slice(0, -1);
      node = folders.at(-1) ?? top;
      continue;
    }
    const found: Node | Folder | undefined = folders.at(-1)?.entry(name);
    if (found === undefined) return undefined;
    const isLast = rest.every((part) => part === '' || part === '.');
    if (found.kind === 'link' && (followLast || !isLast)) {
      if (++links > MAX_LINKS) return undefined;
      rest.push(...found.target.split('/').reverse());
      continue;
    }
    names = [...names, name];
    node = found;
    if ('entry' in found) folders = [...folders, found];
  }
  return { node, names };
}
