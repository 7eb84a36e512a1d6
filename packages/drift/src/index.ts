/**
 * What a reboot would give, and where that is not what the host has now. Pure.
 *
 * `nowOfObserved` and `nowOfState` say what a host is now: by its files, or by the ledger. `driftOf` puts what is kept for the next boot
 * (`BootSources` of the package `capture`) through the rules of the host's driver, in the order of a boot, and compares:
 *
 * 1. the kernel boots with the masks of its parameters (all ones without any), and finds today's hardware;
 * 2. vfio_ap is loaded, if anything loads it, and udev writes the masks of its rules;
 * 3. driver overrides of driverctl;
 * 4. mdevs that mdevctl starts, in no defined order: where two want the same queue, every order is tried;
 * 5. guests that libvirt starts.
 */
export { type Difference, type Drift, driftOf, type MdevConflict } from './drift.ts';
export { type Now, nowOfObserved, nowOfState } from './now.ts';
