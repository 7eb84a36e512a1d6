// A vitest reporter that only counts, into the file named by APLEDGER_COUNTS: see `test` in bootstrap.mjs.
import { writeFileSync } from 'node:fs';

export default class CountsReporter {
  onTestRunEnd(files) {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const file of files) {
      const before = counts.failed;
      for (const test of file.children.allTests()) counts[test.result().state] += 1;
      // A file that does not load, or whose hooks throw, fails without any failed test in it.
      if (file.state() === 'failed' && counts.failed === before) counts.failed += 1;
    }
    writeFileSync(process.env.APLEDGER_COUNTS, JSON.stringify(counts));
  }
}
