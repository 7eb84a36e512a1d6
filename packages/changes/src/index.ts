/**
 * Planned changes of one host: from a desired state to the steps that reach it. Pure: nothing here reads a file or changes a host.
 *
 * `parseDesired` reads the YAML file. `planOf` resolves it on a host's state, puts the steps in an order in which nobody loses a queue that
 * he keeps, and tries them by the rules of the host's driver. `exportDesired` writes a host as such a file, and the other exporters as
 * what other tools read.
 */
export { carriedOutIn } from './back.ts';
export { DesiredHost, parseDesired } from './desired.ts';
export { desiredSchemaDocument } from './desired-schema.ts';
export { checkedPlan, commandsOf, documentOf, predicted, readPlan, whyStale } from './document.ts';
export { EXPORT_FORMATS, type ExportFormat, exportHost } from './export.ts';
export { digestOf, matricesDigest } from './matrices.ts';
export { type Move, nextMove, type Scene, type StepOutcome } from './next.ts';
export { type Plan, planOf } from './plan.ts';
export { type Planned, planFile, planProcedure, type ShownStep } from './planned.ts';
export { type Target, targetOf } from './target.ts';
export type { CarriedOut } from './touched.ts';
export { type Differs, type RefusedStep, rehearseUpgrade } from './upgrade.ts';
export { isOver, waitsOn } from './waits.ts';
