/**
 * The agent of a real host: it sees what happens there, finds out who did it, sends it to the ledger, and carries out commands.
 *
 * `observer/` sees, `who/` finds evidence, `spool/` keeps what was seen until the ledger has it, `link/` sends it, `commands/` carries out
 * what the ledger asks for, `writer/` is the one process that writes to the kernel.
 */
export { agentCommand } from './command.ts';
