/** What a desired state asks for and nobody can have is said in one sentence each, before a step is planned. */

import { maskOf } from '@apledger/ap';
import { describe, expect, it } from 'vitest';
import { parseDesired } from './desired.ts';
import { planFile } from './planned.ts';
import { hostWith, MDEVS } from './test-support.ts';

const [WEB = '', DB = ''] = MDEVS;

function problemsOf(file: string): string[] {
  const read = parseDesired(file);
  if ('problems' in read) throw new Error(JSON.stringify(read.problems));
  const state = hostWith('6.12', { host: { adapters: maskOf([0]), domains: maskOf([0, 1, 2]) }, mdevs: [] });
  const { problems, steps, plan } = planFile(state, read.desired);
  expect({ steps, plan }).toEqual({ steps: [], plan: null });
  return problems.map(({ problem }) => problem);
}

describe('a desired state', () => {
  it.each([
    [
      'with two names for one UUID',
      `mdevs: { web: { uuid: ${WEB} }, www: { uuid: ${WEB} } }`,
      [`web and www have the same UUID ${WEB}.`],
    ],
    [
      'in which two mdevs have the same queue',
      `mdevs: { web: { uuid: ${WEB}, adapters: [1, 2], domains: 1 }, db: { uuid: ${DB}, adapters: 2, domains: 1-2 } }`,
      ['web and db both have 02.0001.'],
    ],
    [
      'that gives an mdev what the masks give to the host',
      `mdevs: { web: { uuid: ${WEB}, adapters: [0, 1], domains: 1 } }`,
      ['web has 00.0001, which the masks give to the host.'],
    ],
    [
      'with a running mdev that names no guest',
      `mdevs: { web: { uuid: ${WEB}, state: running } }`,
      ['web is running, and names no guest.'],
    ],
  ])('%s says so', (_, mdevs, problems) => {
    expect(problemsOf(`apledger: v1\nhost: lpar1\n${mdevs}\n`)).toEqual(problems);
  });

  it('for another host says so', () => {
    expect(problemsOf('apledger: v1\nhost: lpar2\n')).toEqual([
      'The file is for host lpar2, and this is host lpar1.',
    ]);
  });
});
