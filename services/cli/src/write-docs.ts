/** `npm run docs`: the manual page, from the definitions of the commands. */
import { writeFileSync } from 'node:fs';
import { manualPage } from '@apledger/command-line';
import { program } from './main.ts';

writeFileSync(new URL('../man/apledger.1', import.meta.url), manualPage(program));
