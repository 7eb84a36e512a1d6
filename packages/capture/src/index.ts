/**
 * A real host, from files that it gives.
 *
 * Each reader takes the text of one format and gives an `ObservedHost`, plain data, with the problems that it met: what it did not
 * understand, and where. What a file does not say stays undefined. `readImport` tells the formats apart; `merged` puts several files
 * together. `registrationOf` and `STAGES` turn what was seen into commands, which the rules of the driver then decide; `differences`
 * says where the result is not what was seen. Nothing here does I/O: the command line reads the files and gives the commands.
 */
export { type CapturedFile, type CapturedFiles, MAX_FILE_BYTES, packed, unpacked } from './archive.ts';
export {
  AP_RULE,
  type AutostartedGuest,
  bootFiles,
  COMMAND_LINE,
  DEFINITIONS,
  type FileSource,
  KERNEL,
} from './boot-files.ts';
export { apParameters, readBootParameters } from './boot-parameters.ts';
export { type BootSources, isBootSource, type Kept, readBootSources } from './boot-sources.ts';
export { ABOUT, GUESTS, LSZCRYPT, readCapture, readCaptured, unreadFiles } from './capture.ts';
export { differences, unsaid } from './compare.ts';
export { type DomainStatus, readDomainStatus } from './domain.ts';
export { type Detected, detectGeneration } from './generation.ts';
export { readLszcrypt } from './lszcrypt.ts';
export { readMdevctlList } from './mdevctl.ts';
export { readNodeDevices } from './node-device.ts';
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
export { type QemuGuest, readQemuCommandLine } from './qemu.ts';
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
export { readApRule } from './udev-rule.ts';
export { equalProducts, queueCount, shownApConfig, shownMatrix, uuidOf } from './values.ts';
