// The agent of a clone, from the files that infra/programs.mjs made of it when they are current. Needs a Node that runs TypeScript.
import module from 'node:module';
import { join } from 'node:path';
import { program } from '../../../infra/programs.mjs';
import { root } from '../../../infra/toolchain.mjs';

module.enableCompileCache?.(join(root, '.cache', 'compiled'));
await import(program('services/agent/src/main.ts'));
