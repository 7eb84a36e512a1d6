/** The set-up file of tests of the system: see file.ts. */
import { afterAll, afterEach, beforeEach } from 'vitest';
import { beginTest, endFile, endTest } from './file.ts';

beforeEach(beginTest);
afterEach(endTest);
afterAll(endFile);
