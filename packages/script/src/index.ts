/**
 * The spelling of the kernel's own documentation: what an administrator would type, and a few words for what a shell cannot do
 * (hosts, guests, hardware).
 *
 * `parseScript` reads a whole script and `parseStep` one line of it; `ask` says what a step asks of a host in a state: commands to
 * decide, or an answer that only needs a look. Nothing here decides, keeps a state or does I/O: who runs a script submits the
 * commands, who asks "what if" decides them on a state of his own.
 */
export { type Answer, type Asked, ask, type HostOperation, type Refused } from './ask.ts';
export { errnoText } from './errno-text.ts';
export { type Operation, parseScript, parseStep, ScriptError, type Step } from './parse.ts';
export type { HardwareSettings, HostSettings } from './settings.ts';
export { spell } from './spell.ts';
