/** Every random test starts from APLEDGER_SEED, which vitest.config.ts chooses and prints. */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.APLEDGER_SEED) });
