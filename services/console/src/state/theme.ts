/** Light or dark: what the system prefers, unless somebody chose. */
import { computed, effect, type Signal, signal } from '@preact/signals';

export type Theme = 'light' | 'dark';
const KEY = 'apledger-theme';

const dark = matchMedia('(prefers-color-scheme: dark)');
const preferred: Signal<Theme> = signal(dark.matches ? 'dark' : 'light');
dark.addEventListener('change', () => {
  preferred.value = dark.matches ? 'dark' : 'light';
});

const stored = ((): Theme | undefined => {
  try {
    const theme = localStorage.getItem(KEY);
    return theme === 'light' || theme === 'dark' ? theme : undefined;
  } catch {
    return undefined; // storage may be forbidden
  }
})();
const chosen: Signal<Theme | undefined> = signal(stored);

export const appliedTheme = computed((): Theme => chosen.value ?? preferred.value);

effect(() => {
  document.documentElement.dataset.theme = appliedTheme.value;
});

/** The other one from now on; what the system prefers anyway need not be remembered. */
export function switchTheme(): void {
  const next = appliedTheme.peek() === 'dark' ? 'light' : 'dark';
  chosen.value = next === preferred.peek() ? undefined : next;
  try {
    if (chosen.value === undefined) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, chosen.value);
  } catch {
    // It holds until the page is closed.
  }
}
