// The writer of a clone, from the files that infra/programs.mjs made of it when they are current. Needs a Node that runs TypeScript.
import { load } from '../../../infra/programs.mjs';

await load('services/agent/src/writer/main.ts');
