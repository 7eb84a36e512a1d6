/**
 * Who may do what, as of any moment.
 *
 * Facts of the stream `access` fold into an `AccessState`; `may(state, subject, verb, host, at)` is the one answer to "may this
 * subject do this". A subject is an issuer and a name within it, a role is a set of verbs, a binding gives a subject a role on the
 * hosts that a pattern names. Nobody is above this: no role has every verb, who administers access commands nothing, and an auditor
 * writes nothing. Facts of a stream `change-<id>` fold into a `Change`; `judgement.ts` says who may approve it, and `effect.ts` reads
 * off the facts of a decision whether they give anybody a queue. Everything here is pure.
 */
export { allowsFact, type Change, foldChange, isOpenChange, isOverChange } from './change.ts';
export type { ChangeRun, Held, StartedStep, StepRecord } from './change-run.ts';
export { type Effect, effectOf, type Grants, givesBeyond, hasGrants } from './effect.ts';
export { approversFrom, fourEyesOf, needsSecondPerson } from './four-eyes.ts';
export { handsOf, whyNotApprove, whyNotGo, whyNotGoOn } from './judgement.ts';
export {
  allowedOf,
  bindingProblem,
  may,
  openGlass,
  rolesOn,
  type Standing,
  standingOf,
  whoCan,
  whyNot,
} from './may.ts';
export { coversEverything, matchesHost } from './pattern.ts';
export { verbOfCommand, verbsOf } from './roles.ts';
export {
  AccessState,
  type Binding,
  type BreakGlass,
  type Credential,
  foldAccess,
  type RecordedAccess,
} from './state.ts';
export { PROGRAMS, parseSubject, sameSubject, X509 } from './subject.ts';
