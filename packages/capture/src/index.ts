/**
 * A real host, from files that it gives.
 *
 * Each reader takes the text of one format and gives an `ObservedHost`, plain data, with the problems that it met: what it did not
 * understand, and where. What a file does not say stays undefined. `readImport` tells the formats apart; `merged` puts several files
 * together. `registrationOf` and `STAGES` turn what was seen into commands, which the rules of the driver then decide; `differences`
 * says where the result is not what was seen. Nothing here does I/O: the command line reads the files and gives the commands.
 */
export { type CapturedFile, type CapturedFiles, MAX_FILE_BYTES, packed, unpacked } from './archive.ts';
export { bootFiles, COMMAND_LINE, KERNEL } from './boot-files.ts';
export { apParameters, readBootParameters } from './boot-parameters.ts';
export { type BootSources, isBootSource, type Kept, readBootSources } from './boot-sources.ts';
export { ABOUT, GUESTS, LSZCRYPT, readCaptured, unreadFiles } from './capture.ts';
export { differences, unsaid } from './compare.ts';
export { type DomainStatus, readDomainStatus } from './domain.ts';
export { detectGeneration } from './generation.ts';
export {
  merged,
  type ObservedCard,
  type ObservedGuest,
  type ObservedHost,
  type ObservedMdev,
  type ObservedQueue,
  type Problem,
  type Reading,
  Unreadable,
} from './observed.ts';
export { readQemuCommandLine } from './qemu.ts';
export { readImport } from './read-file.ts';
export { NEWEST_TYPE, registrationOf } from './registration.ts';
export { commandOf, HARDWARE, STAGES, type Stage } from './steps.ts';
export {
  type MdevOptions,
  mdevsOf,
  TREE_TRIES,
  type TreeOptions,
  type TreeTaker,
  takeBus,
  takeCards,
  takeMdevs,
  takeTree,
  treeWitness,
} from './take-tree.ts';
export { readTree } from './tree.ts';
export { BUS, DEVICES, MDEVS } from './tree-reader.ts';
export { equalProducts, uuidOf } from './values.ts';
