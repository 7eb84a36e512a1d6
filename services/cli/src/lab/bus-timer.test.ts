import { CommandHandler } from '@apledger/command-handler';
import { openMemoryLog } from '@apledger/event-log';
import { type Command, streamOf } from '@apledger/events';
import { expect, it } from 'vitest';
import { scanRegularly } from './bus-timer.ts';

const HOST = 'box';
const HARDWARE = {
  qci: true,
  apxa: true,
  maxAdapter: 255,
  maxDomain: 255,
  adapters: [5],
  domains: [4],
  controlDomains: [4],
  cards: [],
};

/** A host whose bus has this many seconds; `during` is what happens in a second, by its number. */
async function afterSeconds(seconds: number, during: Readonly<Record<number, Command>>) {
  const log = openMemoryLog();
  const handler = new CommandHandler(log);
  const submit = (command: Command) => handler.submit({ host: HOST, command, actor: 'test' });
  await submit({
    type: 'RegisterHost',
    host: HOST,
    driver: '7.3',
    hardware: HARDWARE,
    boot: { apmask: null, aqmask: null },
  });
  const end = new AbortController();
  const scannedIn: number[] = [];
  let now = 0;
  let scans = 1;
  await scanRegularly({
    handler,
    host: HOST,
    signal: end.signal,
    second: async () => {
      const state = await handler.state(HOST);
      if (state !== undefined && state.scans > scans) {
        scans = state.scans;
        scannedIn.push(now);
      }
      const command = during[now++];
      if (command !== undefined) await submit(command);
      if (now > seconds) end.abort();
    },
  });
  const actors: string[] = [];
  for await (const fact of log.readStream(streamOf(HOST)))
    if (fact.type === 'BusScanned') actors.push(fact.actor);
  return { scannedIn, actors };
}

it('scans every config_time seconds when there is something to find, and says that it was the bus', async () => {
  const { scannedIn, actors } = await afterSeconds(70, {
    1: { type: 'ChangeHardware', adapters: [5, 6] },
    40: { type: 'ChangeHardware', adapters: [5] },
  });
  expect(scannedIn).toEqual([30, 60]);
  expect(actors).toEqual(['test', 'ap bus', 'ap bus']);
});

it('counts a new config_time from when it was written', async () => {
  const { scannedIn } = await afterSeconds(20, {
    1: { type: 'ChangeHardware', adapters: [5, 6] },
    2: { type: 'WriteBusAttribute', attribute: 'config_time', text: '5' },
  });
  expect(scannedIn).toEqual([8]);
});
