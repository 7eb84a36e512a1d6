/** The rules of each driver generation. */
import type { Generation } from '@apledger/events';
import type { GenerationRules } from '../generation.ts';
import { linux510 } from './5.10.ts';
import { linux61 } from './6.1.ts';
import { linux68 } from './6.8.ts';
import { linux612 } from './6.12.ts';
import { linux73 } from './7.3.ts';
import { patches2019 } from './2019-v2.ts';

const generations: Readonly<Record<Generation, GenerationRules>> = {
  '2019-v2': patches2019,
  '5.10': linux510,
  '6.1': linux61,
  '6.8': linux68,
  '6.12': linux612,
  '7.3': linux73,
};

/** The rules of a generation. */
export const rulesOf = (driver: Generation): GenerationRules => generations[driver];
