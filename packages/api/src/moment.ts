/** "As of": a position of the log, or a time. */
import Type, { type Static } from 'typebox';

/** What packages/moment reads, which refuses the rest with what to write instead. */
const text = { minLength: 1, maxLength: 100 } as const;
const FORMS =
  'like 2026-11-17T09:14:00Z, or 2026-11-17 09:14 Europe/Zurich, or -2h (docs/moments.md); without a zone it is UTC';

/** Properties of a request about a moment; none of them = now. */
export const atMoment = {
  position: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'as of this position of the log',
    }),
  ),
  time: Type.Optional(Type.String({ ...text, description: `as of this time, ${FORMS}` })),
};
const AtMoment = Type.Object(atMoment);
export type AtMoment = Readonly<Static<typeof AtMoment>>;

const EITHER_FORM = `digits are a position of the log, anything else is a time ${FORMS}`;

/** Either form in one text, for requests about two moments: digits are a position. `what` says what it is the moment of. */
export const momentText = (what: string) => Type.String({ ...text, description: `${what}; ${EITHER_FORM}` });
export const MomentText = Type.String({ ...text, description: EITHER_FORM });

/** Properties of a request about a span of the log. */
export const span = { from: Type.Optional(MomentText), to: Type.Optional(MomentText) };
const Span = Type.Object(span);
export type Span = Readonly<Static<typeof Span>>;

/** The moment that an answer used. */
export const AsOf = Type.Unsafe<{ readonly position: number } | { readonly time: string }>(
  Type.Unknown({ description: 'the moment that was used: { position }, or { time } in UTC' }),
);

/**
 * With an answer as of a time, where clocks jumped: the facts behind the one that the answer goes by, up to this one, may have
 * happened by then as well. They are dated by their neighbours only.
 */
const MayReach = Type.Object(
  { revision: Type.Integer(), position: Type.Integer() },
  {
    description:
      'clocks jumped, and leave open whether the facts behind this one, up to there, had happened: they are dated by their neighbours (docs/moments.md)',
  },
);
export type MayReach = Readonly<Static<typeof MayReach>>;
export const mayReach = { mayReach: Type.Optional(MayReach) };
