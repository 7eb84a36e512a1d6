/** A choice of the reader's that the browser keeps; where it may not keep anything, for as long as the page is open. */
import { effect, type Signal, signal } from '@preact/signals';

/** Kept under the name. What is kept and is none of the choices counts as the first, and the first is not kept. */
export function kept<T extends string>(name: string, choices: readonly [T, ...T[]]): Signal<T> {
  const key = `apledger-${name}`;
  const [first] = choices;
  const choice = signal(choices.find((each) => each === read(key)) ?? first);
  effect(() => write(key, choice.value === first ? undefined : choice.value));
  return choice;
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage may be forbidden
  }
}

function write(key: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // It holds until the page is closed.
  }
}
