/** What proves a fact to somebody who trusts neither the ledger nor its server. docs/evidence.md */
import Type, { type Static } from 'typebox';
import { closed, type Immutable, operation, orNull } from './operation.ts';

const Cosigned = Type.Object({
  name: Type.String({ description: 'of the witness, as the policy calls it' }),
  size: Type.Integer({ description: 'facts of the last checkpoint that it cosigned; 0 = none yet' }),
  at: orNull(Type.String({ description: 'when, RFC 3339' })),
  fault: orNull(Type.String({ description: 'why the last attempt failed' })),
});

/** How far the log is sealed, by whom, and what stands against it. */
export const EvidenceState = Type.Object(
  {
    origin: orNull(
      Type.String({ description: 'name of the log in checkpoints; null = nothing was signed yet' }),
    ),
    size: Type.Integer({ description: 'facts that the newest checkpoint covers' }),
    root: orNull(Type.String({ description: 'root over these facts, base 64' })),
    signedAt: orNull(Type.String({ description: 'when, RFC 3339' })),
    policy: orNull(Type.String({ description: 'key of the log and its witnesses, c2sp.org/tlog-policy' })),
    fault: orNull(Type.String({ description: 'why nothing more is sealed at the moment' })),
    witnessed: Type.Object({
      size: Type.Integer({
        description: 'facts of the newest checkpoint that enough witnesses cosigned; 0 = none',
      }),
      at: orNull(Type.String()),
    }),
    witnesses: Type.Array(Cosigned),
  },
  { description: 'how far the log is sealed' },
);
export type EvidenceState = Immutable<Static<typeof EvidenceState>>;

const evidence = operation({
  name: 'evidence',
  summary: 'How far the log is sealed by a signed checkpoint, and which witnesses cosigned it.',
  scope: 'log',
  http: { method: 'GET', path: '/evidence' },
  request: Type.Object({}, closed),
  reply: EvidenceState,
});

const proof = operation({
  name: 'proof',
  summary: 'The evidence file of a fact: the fact, its place in the Merkle tree, and the signed checkpoint.',
  scope: 'log',
  http: { method: 'GET', path: '/proof' },
  request: Type.Object(
    { position: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: 'of the fact' }) },
    closed,
  ),
  reply: Type.Object({
    position: Type.Integer(),
    index: Type.Integer({ description: 'number of the fact in the log, from 0' }),
    size: Type.Integer({ description: 'facts that the checkpoint covers' }),
    proof: Type.String({ description: 'the evidence file, c2sp.org/tlog-proof@v1' }),
  }),
});

export const evidenceOperations = { evidence, proof };
