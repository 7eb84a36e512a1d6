/** A plan for the largest host, 16 adapters x 85 domains with 60 mdevs and running guests, each of which gets another matrix. */
import { formatMask, maskOf } from '@apledger/ap';
import { parseDesired, planFile } from '@apledger/changes';
import { decide } from '@apledger/driver';
import { type Command, GENERATION_NAMES, type Generation } from '@apledger/events';
import { evolve, HostState } from '@apledger/host';
import type { Bench } from './context.ts';
import { median, progress } from './measure.ts';
import { aim, type Row, range } from './table.ts';

const ROUNDS = 21;
const AIM_MS = 200;
const HOST = 'large';
const DOMAINS = Array.from({ length: 85 }, (_, index) => index);
/** Adapter 0 is the host's; on each of the others four mdevs have 20 domains each. */
const ADAPTERS = Array.from({ length: 15 }, (_, index) => index + 1);
const SLOTS = [0, 1, 2, 3];
const SLOT = 20;
/** By so many domains each slot moves: most of them are kept. */
const SHIFT = 3;

export const plan: Bench = async () => GENERATION_NAMES.map(row);

function row(driver: Generation): Row {
  const state = hostBefore(driver);
  const text = desiredText(SHIFT);
  const times: number[] = [];
  let steps = 0;
  for (let round = 0; round < ROUNDS; round++) {
    progress(`plan, round ${round + 1} of ${ROUNDS}: ${driver}`);
    const before = process.cpuUsage();
    const read = parseDesired(text);
    if ('problems' in read) throw new Error(JSON.stringify(read.problems));
    const made = planFile(state, read.desired);
    const { user, system } = process.cpuUsage(before);
    if (made.plan === null) throw new Error(JSON.stringify(made.problems.slice(0, 3)));
    steps = made.steps.length;
    times.push((user + system) / 1000);
  }
  const cpuMs = median(times);
  return {
    bench: 'plan',
    what: `file to plan, ${driver}, ${steps} steps`,
    value: `${cpuMs.toFixed(0)} ms CPU`,
    spread: range(times),
    ...aim(`< ${AIM_MS} ms CPU`, cpuMs, (figure) => figure < AIM_MS),
    figures: { cpuMs, steps },
  };
}

const uuidOf = (adapter: number, slot: number): string =>
  `aaaaaaaa-0000-4000-8000-${String(adapter * SLOTS.length + slot).padStart(12, '0')}`;
const guestOf = (adapter: number, slot: number): string => `g${adapter}-${slot}`;

function hostBefore(driver: Generation): HostState {
  const state = new HostState();
  const commands: Command[] = [
    {
      type: 'RegisterHost',
      host: HOST,
      driver,
      hardware: {
        qci: true,
        apxa: true,
        maxAdapter: 255,
        maxDomain: 255,
        adapters: [0, ...ADAPTERS],
        domains: DOMAINS,
        controlDomains: DOMAINS,
        cards: [],
      },
      boot: { apmask: formatMask(maskOf([0])), aqmask: formatMask(maskOf(DOMAINS)) },
    },
    ...ADAPTERS.flatMap((adapter) => SLOTS.flatMap((slot) => mdevCommands(adapter, slot))),
  ];
  for (const command of commands) {
    const { facts, refusal } = decide(state, command);
    if (refusal !== undefined) throw new Error(`${command.type}: ${refusal.explanation}`);
    for (const fact of facts) evolve(state, fact);
  }
  return state;
}

function mdevCommands(adapter: number, slot: number): Command[] {
  const mdev = uuidOf(adapter, slot);
  return [
    { type: 'CreateMdev', text: mdev },
    { type: 'AssignAdapter', mdev, text: `${adapter}` },
    ...Array.from(
      { length: SLOT },
      (_, index): Command => ({ type: 'AssignDomain', mdev, text: `${slot * SLOT + index}` }),
    ),
    { type: 'StartGuest', mdev, guest: guestOf(adapter, slot) },
  ];
}

/** Where each slot begins later by so many domains. */
function desiredText(shift: number): string {
  const mdevs = ADAPTERS.flatMap((adapter) =>
    SLOTS.map((slot) => {
      const first = slot * SLOT + shift;
      const name = guestOf(adapter, slot);
      return `  ${name}: { uuid: ${uuidOf(adapter, slot)}, guest: ${name}, adapters: ${adapter}, domains: ${first}-${first + SLOT - 1} }\n`;
    }),
  );
  const mayLose = ADAPTERS.flatMap((adapter) => SLOTS.map((slot) => `  ${guestOf(adapter, slot)}: ["*"]\n`));
  return `apledger: v1\nhost: ${HOST}\nmdevs:\n${mdevs.join('')}mayLose:\n${mayLose.join('')}`;
}
