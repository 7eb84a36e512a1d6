/** The colours of the matrix, as the style sheet has them at this moment. */
import { MARK_COLOURS } from '../model/marks.ts';

export interface Ink {
  readonly fill: string;
  /** What can be read on it. */
  readonly text: string;
}

export interface GridTheme {
  readonly surface: string;
  readonly heading: string;
  readonly line: string;
  /** Thinner than a line. */
  readonly rule: string;
  readonly text: string;
  readonly faint: string;
  readonly accent: string;
  readonly alarm: string;
  readonly host: Ink;
  readonly marks: readonly Ink[];
  readonly font: string;
}

/** Reads the custom properties that count for the element. */
export function themeOf(element: Element): GridTheme {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const ink = (name: string): Ink => ({ fill: colour(name), text: colour(`${name}-ink`) });
  return {
    surface: colour('surface'),
    heading: colour('heading'),
    line: colour('line-strong'),
    rule: colour('line'),
    text: colour('text'),
    faint: colour('muted'),
    accent: colour('accent'),
    alarm: colour('alarm'),
    host: ink('host'),
    marks: Array.from({ length: MARK_COLOURS }, (_, i) => ink(`mark-${i}`)),
    font: style.fontFamily,
  };
}
