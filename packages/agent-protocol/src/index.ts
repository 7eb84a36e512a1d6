/**
 * What goes between the agent of an observed host and the ledger: one schema each.
 *
 * An agent says hello, and learns its epoch, the last commit that the ledger has of it, the host's state, and the commands that wait for
 * it. Then it sends *commits*, in order and without gaps, and asks for commands. The ledger records each commit once under an id that
 * follows from host, epoch and sequence, however often it is sent. This package does no I/O.
 */
export { whyNotCarriedOut } from './carried-out.ts';
export { type CommandRequest, CommandRequestSchema } from './command-request.ts';
export { Commit, MAX_COMMITS, MAX_FACTS } from './commit.ts';
export { Hello, HelloReply } from './hello.ts';
export { fencedId, observationId } from './observation-id.ts';
