/** Work on the whole log: one of each kind at a time. */
import { Problem } from '@apledger/api';

const underWay = new WeakMap<object, Set<string>>();

/** Throws Problem `overloaded` while the same work is under way for somebody else. */
export async function alone<T>(owner: object, name: string, work: () => Promise<T>): Promise<T> {
  const names = underWay.get(owner) ?? new Set();
  underWay.set(owner, names);
  if (names.has(name))
    throw new Problem(503, 'overloaded', `A ${name} is under way already; ask again when it is done.`);
  names.add(name);
  try {
    return await work();
  } finally {
    names.delete(name);
  }
}
