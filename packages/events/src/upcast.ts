/**
 * Versions of the facts: the log keeps what was written, so old shapes are brought up to date when they are read.
 *
 * A type's version is 1 plus the number of its steps; step `i` makes version `i + 2` of version `i + 1`. Steps are pure, know nothing
 * but data, and are never edited: a new shape is a new step at the end.
 */
import { type FactType, factSchemas } from './facts.ts';

type Data = { readonly [key: string]: unknown };
type Step = (data: Data) => Data;

const steps: { readonly [T in FactType]?: readonly Step[] } = {
  // Version 1 knew only the resets that vfio_ap asks for; version 2 had no packed form.
  QueueReset: [(data) => ({ by: 'vfio_ap', ...data }), (data) => data],
};

/** Whether this apledger knows facts of the type. */
export const isFactType = (type: string): type is FactType => Object.hasOwn(factSchemas, type);

/** The version in which facts of the type are written now, from 1. */
export const factVersion = (type: FactType): number => 1 + (steps[type]?.length ?? 0);

/**
 * The data of an older fact in the shape of `factVersion(type)`. Data that is no object comes back as it is: telling so is the
 * validator's work. `version` must be between 1 and the current one.
 */
export function upcast(type: FactType, version: number, data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data;
  return (steps[type] ?? []).slice(version - 1).reduce<Data>((older, step) => step(older), { ...data });
}
