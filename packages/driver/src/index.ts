/**
 * The rules of the AP bus and of vfio_ap, as pure functions over one host's state.
 *
 * ## A decision
 *
 * `decide(state, command)` says what a command does to a host. A command is what somebody wrote (`{ type: 'AssignAdapter', mdev, text:
 * '5' }`); the decision is a list of facts in the order in which the kernel does things, and for a refused command the reason:
 *
 * - **Done**: `facts`, perhaps none when nothing changes (assigning what is assigned).
 * - **Refused**: `refusal` has the errno, an explanation, what is in the way and a remedy. The last fact is `CommandRejected` with the
 *   same words. Facts before it are what the kernel did before it gave up.
 * - **Blocked**: `isBlocked`; the facts are recorded, and the writer sleeps until the guest closes the mdev (driver-rules 5.6).
 *
 * `decide` does no I/O and reads no clock. It does not throw for bad input: that is a refusal. The same state and command give the same
 * decision. The state is the same before and after, so it may be asked any number of times.
 *
 * ## How it is made
 *
 * 1. `decide` calls `state.begin()` and makes a `Transaction` of the state and the rules of the generation that the host runs.
 * 2. A function in `commands/` carries the command out. It checks in the kernel's order and returns a refusal, or calls
 *    `tx.emit(type, data)`. `emit` applies the fact to the state at once, with the fold that every reader uses
 *    (`packages/host/src/evolve.ts`), so the next check sees the host after this fact. A decision cannot disagree with the fold.
 * 3. What differs between generations is asked through `tx.rules`, one interface (`generation.ts`). `generations/` implements it, one
 *    file each, out of parts that lie in `rules/`. Commands never ask for a generation's name.
 * 4. What may follow in the life of a guest, a queue or an adapter is asked from the machines of `@apledger/machines`, through
 *    `lifecycle.ts`. The rules give the event and its conditions, and do what the answer says. The fold takes the same steps.
 * 5. `decide` calls `state.rollback()`. The host is what it was; only the facts remain.
 *
 * Imports go one way: decide.ts, commands/, generations/, rules/.
 *
 * ## Holding it
 *
 * The caller appends the facts to a log, and applies them to its state when the log has taken them; `@apledger/command-handler` does
 * both. Do not call `decide` between `begin` and `rollback` of your own: there is one try at a time. To try several commands in a row,
 * fork the state and `evolve` the fork.
 *
 * @example
 * ```ts
 * import { decide } from '@apledger/driver';
 * import { evolve } from '@apledger/host';
 *
 * const { facts, refusal } = decide(state, { type: 'AssignAdapter', mdev: uuid, text: '5' });
 * if (refusal !== undefined) console.log(refusal.errno, refusal.explanation); // EADDRINUSE 05.0047 would be in the matrix, but ...
 * for (const fact of facts) evolve(state, fact); // once they are recorded
 * ```
 *
 * The rules are described in docs/driver-rules.md and docs/driver-rules-older.md; comments cite their sections. To add a generation,
 * see CONTRIBUTING.md.
 */
export { entitledDriver } from './commands/binding.ts';
export { type Decision, decide } from './decide.ts';
export type { GenerationRules } from './generation.ts';
export { rulesOf } from './generations/index.ts';
export { compatibleType, tapq } from './hardware.ts';
export type { Refusal } from './refusal.ts';
