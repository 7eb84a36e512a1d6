/** /etc/udev/rules.d/41-ap.rules, in which chzdev keeps the masks for the next boot. */
import { type Mask256, parseAbsoluteMask } from '@apledger/ap';
import { MASK_NAMES, type MaskName } from '@apledger/events';
import { NOTHING, type Problem, type Reading } from './observed.ts';

/** `ATTR{../../bus/ap/apmask}="0x..."`: an assignment, not the match `==`. */
const ASSIGNMENT = /ATTR\{[^}]*\b(apmask|aqmask)\}\s*=\s*"([^"]*)"/g;

/** Whether a text is a udev rule that sets a mask. */
export const isApRule = (text: string): boolean => /ATTR\{[^}]*\b(?:apmask|aqmask)\}\s*=\s*"/.test(text);

/** Reads the masks that the rule sets. A mask that it does not set stays as it was at boot. */
export function readApRule(text: string, where: string): Reading {
  const kept: Partial<Record<MaskName, Mask256>> = {};
  const problems: Problem[] = [];
  text.split('\n').forEach((line, at) => {
    if (line.trimStart().startsWith('#')) return;
    for (const [, name, value = ''] of line.matchAll(ASSIGNMENT)) {
      const mask = value === '' ? undefined : parseAbsoluteMask(value);
      if (mask === undefined)
        problems.push({
          where: `${where}, line ${at + 1}`,
          what: `${name} is set to no mask: ${value.slice(0, 80)}`,
        });
      // udev carries all matching rules out: the last write stands.
      else kept[name as MaskName] = mask;
    }
  });
  for (const name of MASK_NAMES)
    if (kept[name] === undefined)
      problems.push({ where, what: `it does not set ${name}: that stays as it is at boot` });
  return { host: { ...NOTHING, kept }, problems };
}
