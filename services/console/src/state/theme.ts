/** Light or dark: what the system prefers, unless the reader chose. Paper is always light. */
import { computed, effect, type Signal, signal } from '@preact/signals';
import { kept } from './kept.ts';

type Theme = 'light' | 'dark';

const dark = matchMedia('(prefers-color-scheme: dark)');
const preferred: Signal<Theme> = signal(dark.matches ? 'dark' : 'light');
dark.addEventListener('change', () => {
  preferred.value = dark.matches ? 'dark' : 'light';
});

const chosen = kept<Theme | 'preferred'>('theme', ['preferred', 'light', 'dark']);

/** The page is being printed: what is drawn has to be drawn anew, at once. */
export const isPrinting = signal(false);
addEventListener('beforeprint', () => {
  isPrinting.value = true;
});
addEventListener('afterprint', () => {
  isPrinting.value = false;
});

export const appliedTheme = computed((): Theme => {
  if (isPrinting.value) return 'light';
  return chosen.value === 'preferred' ? preferred.value : chosen.value;
});

effect(() => {
  document.documentElement.dataset.theme = appliedTheme.value;
});

/** The other one from now on; what the system prefers anyway need not be kept. */
export function switchTheme(): void {
  const next = appliedTheme.peek() === 'dark' ? 'light' : 'dark';
  chosen.value = next === preferred.peek() ? 'preferred' : next;
}
