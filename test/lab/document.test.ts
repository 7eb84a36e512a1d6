/** docs/lab.md: its session, typed from beginning to end. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inRepository, objects } from '../cli/support.ts';
import { bin, noClients } from './clients.ts';
import { environment, Lab } from './support.ts';
import { readTranscript, timeless, typed } from './transcript.ts';

const text = readFileSync(inRepository('docs/lab.md'), 'utf8');
const blocks = (language: string): string[] =>
  [...text.matchAll(/^```(\w+)\n(.*?)^```/gms)].flatMap(([, is, block = '']) =>
    is === language ? [block] : [],
  );
const [first, ...session] = blocks('console').flatMap(readTranscript);

/** s390-tools 2.43 prints a queue's depth where older ones print one more. */
const comparable = (output: string): string => timeless(output).replace(/ 08 (?=[-A-Z]{10} )/g, ' 09 ');

describe.skipIf(noClients !== undefined)('docs/lab.md', () => {
  let lab: Lab;
  beforeAll(async () => {
    const [, host, settings = ''] =
      /^apledger lab mount (\S+) (.*) --over-sys -- bash$/.exec(first?.command ?? '') ?? [];
    expect(host).toBe('zlp1');
    lab = await Lab.start({ settings: settings.split(' '), bin });
  });
  afterAll(() => lab?.end());

  it('shows what appears', async () => {
    const steps = session.slice(0, -1);
    expect(steps.length).toBeGreaterThan(10);
    const promised = steps.map((step) => ({ ...step, output: comparable(step.output) }));
    const appeared = await typed(lab, steps);
    expect(appeared.map((step) => ({ ...step, output: comparable(step.output) }))).toEqual(promised);
    expect(session.at(-1)?.command).toBe('exit');
    expect(await lab.end()).toBe(0);
  });

  it('has a test of your own that works', async () => {
    const script = `apledger() { ${process.execPath} ${inRepository('services/cli/bin/apledger.mjs')} "$@"; }\n${blocks('sh').join('')}`;
    const { stdout } = await promisify(execFile)('bash', ['-ec', script], { env: environment(bin) });
    expect(objects(stdout)).toMatchObject([
      {
        type: 'MaskChanged',
        actor: expect.stringContaining('comm=sh'),
        data: { mask: 'apmask', written: '-5\n' },
      },
    ]);
  });
});
