/** What `apledger export` writes is read again, by what reads files of real hosts and scripts, and makes the same host. */
import { equalMatrices, formatMask, idsOf, maskOf } from '@apledger/ap';
import { readImport, STAGES } from '@apledger/capture';
import { exportHost, parseDesired, planFile } from '@apledger/changes';
import { decide } from '@apledger/driver';
import { type Command, GENERATION_NAMES, type Generation } from '@apledger/events';
import { evolve, HostState } from '@apledger/host';
import { ask, parseScript } from '@apledger/script';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sized } from '../support/long.ts';

const NUM_RUNS = sized(30, 1000);
/** Of the whole range, some of them next to each other. */
const IDS = [0, 1, 2, 3, 5, 10, 71, 72, 254, 255];

const matrix = fc.record({
  adapters: fc.subarray(IDS),
  domains: fc.subarray(IDS),
  controlDomains: fc.subarray(IDS),
});
const machine = fc.record({
  driver: fc.constantFrom(...GENERATION_NAMES),
  apmask: fc.subarray(IDS),
  aqmask: fc.subarray(IDS),
  mdevs: fc.uniqueArray(
    fc.record({ uuid: fc.uuid(), matrix, openedBy: fc.constantFrom('guest', 'program', 'nobody') }),
    {
      selector: ({ uuid }) => uuid,
      maxLength: 5,
    },
  ),
});

/** A fresh host of the same machine, of which nothing is reserved for guests. */
function registered(driver: Generation, apmask: readonly number[], aqmask: readonly number[]): HostState {
  const state = new HostState();
  const hardware = { qci: true, apxa: true, maxAdapter: 255, maxDomain: 255, cards: [] };
  carryOut(state, {
    type: 'RegisterHost',
    host: 'lpar1',
    driver,
    hardware: { ...hardware, adapters: IDS, domains: IDS, controlDomains: IDS },
    boot: { apmask: formatMask(maskOf(apmask)), aqmask: formatMask(maskOf(aqmask)) },
  });
  return state;
}

/** Whether the driver carried it out. */
function carryOut(state: HostState, command: Command): boolean {
  const { facts, refusal } = decide(state, command);
  for (const fact of facts) evolve(state, fact);
  return refusal === undefined;
}

/** A host with the mdevs, as far as the driver lets each have what it asks for. */
function hostWith({
  driver,
  apmask,
  aqmask,
  mdevs,
}: typeof machine extends fc.Arbitrary<infer M> ? M : never) {
  const state = registered(driver, apmask, aqmask);
  for (const [index, { uuid: mdev, matrix, openedBy }] of mdevs.entries()) {
    carryOut(state, { type: 'CreateMdev', text: mdev });
    for (const [type, ids] of [
      ['AssignAdapter', matrix.adapters],
      ['AssignDomain', matrix.domains],
      ['AssignControlDomain', matrix.controlDomains],
    ] as const)
      for (const id of ids) carryOut(state, { type, mdev, text: `${id}` });
    if (openedBy !== 'nobody')
      carryOut(state, { type: 'StartGuest', mdev, guest: openedBy === 'guest' ? `g${index}` : null });
  }
  return state;
}

function expectAssigned(made: HostState, wanted: HostState): void {
  expect([...made.mdevs.keys()]).toEqual([...wanted.mdevs.keys()]);
  for (const { uuid, assigned } of wanted.mdevs.values()) {
    const other = made.mdevs.get(uuid)?.assigned;
    expect(other !== undefined && equalMatrices(other, assigned), uuid).toBe(true);
  }
}

describe('a host that was exported', () => {
  it.each(['mdevctl', 'libvirt'] as const)(
    'for %s has the same mdevs when it is imported',
    async (format) => {
      await fc.assert(
        fc.asyncProperty(machine, async (wanted) => {
          const state = hostWith(wanted);
          const text = exportHost(state, format);
          if (state.mdevs.size === 0) {
            expect(text).toBe(format === 'mdevctl' ? '[]\n' : '');
            return;
          }
          const { host, problems } = await readImport(new TextEncoder().encode(text), format);
          expect(problems).toEqual([]);
          const made = registered(wanted.driver, idsOf(state.apmask), idsOf(state.aqmask));
          for (const stage of STAGES)
            for (const command of stage(made, host)) expect(carryOut(made, command), command.type).toBe(true);
          expectAssigned(made, state);
        }),
        { numRuns: NUM_RUNS },
      );
    },
  );

  it('for a shell has the same masks and mdevs when the script has run', () => {
    fc.assert(
      fc.property(machine, (wanted) => {
        const state = hostWith(wanted);
        const made = registered(wanted.driver, IDS, IDS);
        for (const { operation } of parseScript(exportHost(state, 'shell'))) {
          if (operation.kind === 'host') throw new Error('a script for a shell makes no host');
          const asked = ask(made, '', operation);
          if (!('commands' in asked)) throw new Error('it asks for nothing');
          for (const command of asked.commands) expect(carryOut(made, command), command.type).toBe(true);
        }
        expect([made.apmask, made.aqmask]).toEqual([state.apmask, state.aqmask]);
        expectAssigned(made, state);
      }),
      { numRuns: NUM_RUNS },
    );
  });

  it('as a desired state is what nothing has to be done for', () => {
    fc.assert(
      fc.property(machine, (wanted) => {
        const state = hostWith(wanted);
        const read = parseDesired(exportHost(state, 'yaml'));
        if ('problems' in read) throw new Error(JSON.stringify(read.problems));
        expect(planFile(state, read.desired)).toMatchObject({ steps: [], problems: [] });
      }),
      { numRuns: NUM_RUNS },
    );
  });
});
