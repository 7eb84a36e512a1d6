/** A refusal for people. */
import { line } from '@apledger/command-line';
import type { Refusal } from '@apledger/driver';

/** Why a command was refused and what would help, below the message that a shell prints. */
export const refusalLines = ({ errno, explanation, remedy }: Refusal): string =>
  [`    ${errno}: ${explanation}`, ...(remedy === '' ? [] : [`    ${remedy}`])].map(line).join('');
