/** Roles as sets of verbs, and which verb each command takes. */
import type { CommandType, Role, Verb } from '@apledger/events';

const VERBS_OF: Readonly<Record<Role, readonly Verb[]>> = {
  viewer: ['read'],
  auditor: ['read', 'report'],
  operator: ['read', 'propose', 'command', 'simulate'],
  approver: ['read', 'approve'],
  agent: ['read', 'agent'],
  'access-admin': ['administer'],
  // Only to be taken: what it then allows is in `may`.
  'break-glass': ['read'],
};

/** What a role allows where it is bound. */
export const verbsOf = (role: Role): readonly Verb[] => VERBS_OF[role];

/** What somebody who broke the glass may do. */
export const BREAK_GLASS_VERBS: readonly Verb[] = ['read', 'propose', 'command', 'simulate'];

/**
 * Duties that are kept apart (NIST SP 800-53 AC-5): who administers access, or audits, does nothing else. The first role of
 * this list that somebody has on any host decides.
 */
export const APART: readonly { readonly role: Role; readonly verbs: readonly Verb[] }[] = [
  { role: 'access-admin', verbs: ['administer', 'read', 'report'] },
  { role: 'auditor', verbs: ['read', 'report'] },
];

/** What changes the simulated hardware below a host, not the host. */
const SIMULATIONS: ReadonlySet<CommandType> = new Set([
  'RegisterHost',
  'ChangeHardware',
  'SetCheckStop',
  'InjectResetFault',
  'ZeroizeQueues',
]);

/** The verb that the command takes. */
export const verbOfCommand = (type: CommandType): Verb => (SIMULATIONS.has(type) ? 'simulate' : 'command');
