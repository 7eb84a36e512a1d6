/** The root of the tree, and the way from a path to what lies there. */
import { rulesOf } from '@apledger/driver';
import { MAX_WRITE, type MaskName } from '@apledger/events';
import type { HostState } from '@apledger/host';
import { busFolder } from './bus.ts';
import { apFolder } from './cards.ts';
import { constant, type Folder, folder, link, readable } from './folder.ts';
import { iommuGroupsFolder } from './iommu-groups.ts';
import { matrixBusFolder, mdevBusFolder, vfioApFolder } from './mdevs.ts';
import type { Attribute, Node } from './node.ts';

/** As many links as the kernel follows in one path. */
const MAX_LINKS = 40;

function root(state: HostState): Folder {
  /** What vfio_ap brings, and mdev, which nothing else needs here. */
  const ofVfioAp = (entry: () => Folder): (() => Folder) | undefined =>
    state.isVfioApLoaded ? entry : undefined;
  return folder({
    bus: () =>
      folder({
        ap: () => busFolder(state),
        matrix: ofVfioAp(matrixBusFolder),
        mdev: ofVfioAp(() => mdevBusFolder(state)),
      }),
    class: () =>
      folder({
        mdev_bus: ofVfioAp(() => folder({ matrix: () => link('../../devices/vfio_ap/matrix') })),
      }),
    devices: () => folder({ ap: () => apFolder(state), vfio_ap: ofVfioAp(() => vfioApFolder(state)) }),
    kernel: () => folder({ iommu_groups: () => iommuGroupsFolder(state) }),
    module: () =>
      folder({
        ap: () => folder({ parameters: () => parametersFolder(state) }),
        vfio_ap: ofVfioAp(() => folder({ initstate: () => constant('live\n') })),
      }),
  });
}

/** Kernel parameters as given; the kernel prints a null pointer so (driver-rules 2). */
function parametersFolder(state: HostState): Folder {
  const { parameterMode } = rulesOf(state.driver);
  const parameter = (name: MaskName) => () =>
    readable(() => `${state.bootParameters[name] ?? '(null)'}\n`, parameterMode);
  return folder({ apmask: parameter('apmask'), aqmask: parameter('aqmask') });
}

/**
 * The node at a path below the root (`bus/ap/apmask`, '' is the root itself); undefined = ENOENT. Links on the way
 * are followed, a final one is not, unless a `/` follows.
 */
export function nodeAt(state: HostState, path: string): Node | undefined {
  const place = walk(state, path, false);
  return place?.node.kind === 'attribute' ? recording(place.node, place.names.join('/')) : place?.node;
}

/** The attribute, of which every write that arrives is a command: none that is accepted may go by unrecorded. */
const recording = (attribute: Attribute, path: string): Attribute => ({
  ...attribute,
  write: (text) =>
    attribute.write(text) ??
    (text === '' ? undefined : { command: { type: 'WriteAttribute', path, text: text.slice(0, MAX_WRITE) } }),
});

/** The path with every link, `.` and `..` followed; undefined when something on it is missing, or it is a loop. */
export function resolvePath(state: HostState, path: string): string | undefined {
  return walk(state, path, true)?.names.join('/');
}

/** An absolute path below the root: `/sys/bus/ap` is `bus/ap`; undefined when it does not lie in /sys. */
export function pathInSys(path: string): string | undefined {
  const match = /^\/+sys(?:\/+|$)/.exec(path);
  return match === null ? undefined : path.slice(match[0].length);
}

interface Found {
  readonly node: Node;
  /** The names that lead to it without any link. */
  readonly names: readonly string[];
}

/** Follows a path from the root. `..` at the root stays there. */
function walk(state: HostState, path: string, followLast: boolean): Found | undefined {
  const folders = [root(state)];
  const names: string[] = [];
  let links = 0;
  // A stack: the next name is the last. An empty name, as in `a//b` or `a/`, means the folder itself, as `.` does.
  const ahead = path.split('/').reverse();
  for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (folders.length > 1) folders.pop();
      names.pop();
      continue;
    }
    const found = folders.at(-1)?.entry(name);
    if (found === undefined) return undefined;
    const isLast = ahead.length === 0;
    if ('entry' in found) {
      folders.push(found);
      names.push(name);
    } else if (found.kind === 'link' && !(isLast && !followLast)) {
      if (++links > MAX_LINKS) return undefined;
      ahead.push(...found.target.split('/').reverse());
    } else {
      // A file, or the link that was asked for: nothing can lie below.
      return isLast ? { node: found, names: [...names, name] } : undefined;
    }
  }
  const node = folders.at(-1);
  return node === undefined ? undefined : { node, names };
}
