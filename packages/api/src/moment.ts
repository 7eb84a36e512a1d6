/** "As of": a position of the log, or a time. */
import Type, { type Static } from 'typebox';

/** RFC 3339; the zone is required, because the asker's is not the ledger's. */
const RFC3339 = '^\\d{4}-\\d{2}-\\d{2}[Tt]\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?([Zz]|[+-]\\d{2}:\\d{2})$';

/** Properties of a request about a moment; none of them = now. */
export const atMoment = {
  position: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'as of this position of the log',
    }),
  ),
  time: Type.Optional(
    Type.String({ pattern: RFC3339, description: 'as of this time, like 2026-11-17T09:14:00Z' }),
  ),
};
const AtMoment = Type.Object(atMoment);
export type AtMoment = Readonly<Static<typeof AtMoment>>;

/** Either form in one text, for requests about two moments: digits are a position. */
export const MomentText = Type.String({
  pattern: `^\\d{1,15}$|${RFC3339}`,
  description: 'a position of the log, or a time like 2026-11-17T09:14:00Z',
});

/** Properties of a request about a span of the log. */
export const span = { from: Type.Optional(MomentText), to: Type.Optional(MomentText) };
const Span = Type.Object(span);
export type Span = Readonly<Static<typeof Span>>;
