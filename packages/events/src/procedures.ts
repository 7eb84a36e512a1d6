/** Tasks that come up again and again, each planned from the host as it is. */
import Type, { type Static } from 'typebox';
import { AdapterId, GuestName, MatrixIds, MdevUuid, QueueName } from './vocabulary.ts';

const closed = { additionalProperties: false };
const withinMs = {
  withinMs: Type.Optional(
    Type.Integer({
      minimum: 1000,
      description: 'what is waited for has to be so within this time; default: no limit',
    }),
  ),
};
const stopsGuests = {
  stopsGuests: Type.Optional(
    Type.Boolean({
      description: 'guests are stopped by the plan; default: it waits until somebody stops them',
    }),
  ),
};

/** Read, never written to. */
type ReadMatrix = { readonly [Axis in keyof MatrixIds]: readonly number[] };
const Matrix = Type.Unsafe<ReadMatrix>(MatrixIds);

export const DRAIN_ENDS = ['assigned-to-nobody', 'host', 'off'] as const;
type DrainEnd = (typeof DRAIN_ENDS)[number];

export const Procedure = Type.Union([
  Type.Object(
    {
      procedure: Type.Literal('drain'),
      adapter: AdapterId,
      end: Type.Optional(
        Type.Unsafe<DrainEnd>(
          Type.Enum([...DRAIN_ENDS], {
            description:
              'what becomes of the card: assigned to nobody (default), given to the host by apmask, or switched off',
          }),
        ),
      ),
      ...stopsGuests,
      ...withinMs,
    },
    { ...closed, description: 'takes a card from all guests, and has its queues reset' },
  ),
  Type.Object(
    { procedure: Type.Literal('prepare-migration'), guest: GuestName, ...withinMs },
    {
      ...closed,
      description:
        'unplugs all adapters of a guest, has its queues reset, and waits until the guest has gone',
    },
  ),
  Type.Object(
    {
      procedure: Type.Literal('restore-migration'),
      guest: GuestName,
      mdev: MdevUuid,
      matrix: Matrix,
      ...withinMs,
    },
    {
      ...closed,
      description: 'gives a guest that has come without adapters the matrix that it had where it came from',
    },
  ),
  Type.Object(
    { procedure: Type.Literal('move-queue'), queue: QueueName, from: GuestName, to: GuestName, ...withinMs },
    { ...closed, description: 'takes a queue from one guest, has it reset, and gives it to another' },
  ),
  Type.Object(
    { procedure: Type.Literal('retire-guest'), guest: GuestName, ...stopsGuests, ...withinMs },
    { ...closed, description: 'waits until a guest has stopped, removes its mdev, and has its queues reset' },
  ),
]);
export type Procedure = Static<typeof Procedure>;
