/** One mdev of a captured sysfs. */
import { EMPTY_MASK } from '@apledger/ap';
import type { ObservedMdev } from './observed.ts';
import { MDEVS, type TreeReader } from './tree-reader.ts';
import { shownApConfig, shownDomains, shownMatrix } from './values.ts';

/**
 * Reads one mdev from `ap_config`, else from `matrix` and `control_domains`. An mdev whose removal waits for its guest has none of them.
 */
export function readMdev(tree: TreeReader, uuid: string): ObservedMdev | undefined {
  const folder = `${MDEVS}/${uuid}`;
  const where = folder;
  const config = tree.value(`${folder}/ap_config`, shownApConfig);
  const matrix = config ?? tree.value(`${folder}/matrix`, shownMatrix);
  const controlDomains = config?.controlDomains ?? tree.value(`${folder}/control_domains`, shownDomains);
  const removing = tree.linkName(`${folder}/mdev_type`) !== undefined;
  const guestMatrix = tree.value(`${folder}/guest_matrix`, shownMatrix);
  if (matrix !== undefined)
    return { uuid, assigned: { ...matrix, controlDomains: controlDomains ?? EMPTY_MASK }, guestMatrix };
  tree.problems.push({
    where,
    what:
      removing || controlDomains === undefined
        ? 'it has no matrix: its removal waits for its guest'
        : 'its matrix was not read (the kernel has no ap_config, and reading matrix may be dangerous there): only its control domains are known',
  });
  return { uuid, assigned: undefined, guestMatrix, removing };
}
