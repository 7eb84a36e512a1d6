/** Redraws the charts in `docs/machines.md`: `node packages/machines/src/write-docs.ts`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { documentUrl, withCharts } from './charts.ts';

writeFileSync(documentUrl, withCharts(readFileSync(documentUrl, 'utf8')));
