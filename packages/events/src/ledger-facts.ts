/**
 * Facts about the ledger itself, in streams of their own beside those of the hosts. No rule of a driver knows them, no matrix depends on
 * them, and they have no packed form.
 *
 *     stream          facts of
 *     clock           clocks that jumped
 *     access          identities, roles, denials
 *     change-<id>     one planned change
 *     evidence        signing keys, forks of the log
 */
import Type, { type Static } from 'typebox';
import { accessFactSchemas, Instant } from './access-facts.ts';
import { changeFactSchemas } from './change-facts.ts';
import type { FactType } from './facts.ts';
import { isFactType } from './upcast.ts';

const Reason = Type.String({ minLength: 1, maxLength: 1000, description: 'why, as the operator says' });

/** Stream of facts about keys and forks. */
export const EVIDENCE_STREAM = 'evidence';

/** The schema of the data of each, by its type. */
export const ledgerFactSchemas = {
  ClockJumped: Type.Object(
    {
      process: Type.String({ description: 'the process whose clock it is' }),
      before: Instant,
      after: Instant,
      against: Type.Unsafe<'monotonic' | 'log'>(
        Type.Enum(['monotonic', 'log'], {
          description: 'what `before` is: expected by the running of the process, or recorded in the log',
        }),
      ),
    },
    {
      additionalProperties: false,
      description: 'a clock read `after` where `before` was expected, or had been read already',
    },
  ),
  ...accessFactSchemas,
  ...changeFactSchemas,
  SigningKeyRotated: Type.Object(
    {
      origin: Type.String({ description: 'name of the log in checkpoints' }),
      before: Type.String({ description: 'verifier key that signed until then, c2sp.org/signed-note' }),
      after: Type.String({ description: 'verifier key that signs from then on' }),
      reason: Reason,
    },
    {
      additionalProperties: false,
      description: 'another key signs checkpoints; the one that covers this fact is signed by both',
    },
  ),
  LogForked: Type.Object(
    {
      before: Type.Object(
        {
          origin: Type.String(),
          size: Type.Integer({ minimum: 0, description: 'facts that were signed of it' }),
          root: Type.String({ description: 'root over these, base 64' }),
        },
        { additionalProperties: false, description: 'the log that was signed until then' },
      ),
      origin: Type.String({ description: 'name under which the log goes on' }),
      reason: Reason,
    },
    {
      additionalProperties: false,
      description: 'the log is not the one that was signed, and goes on under another name',
    },
  ),
};

export type LedgerFactType = keyof typeof ledgerFactSchemas;
export type LedgerFactData<T extends LedgerFactType> = Static<(typeof ledgerFactSchemas)[T]>;
/** A fact about the ledger without its envelope. */
export type LedgerFact = {
  [T in LedgerFactType]: { readonly type: T; readonly data: LedgerFactData<T> };
}[LedgerFactType];

export const isLedgerFactType = (type: string): type is LedgerFactType =>
  Object.hasOwn(ledgerFactSchemas, type);

/** The only version so far of facts about the ledger. */
export const LEDGER_FACT_VERSION = 1;

/** Whether this apledger knows facts of the type, of a host or about the ledger. */
export const isRecordedType = (type: string): type is FactType | LedgerFactType =>
  isFactType(type) || isLedgerFactType(type);
