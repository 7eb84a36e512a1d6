/** The commands of `apledger lab`. */
import { command, Failure } from '@apledger/command-line';
import { json, logPlace } from '../options.ts';
import { act } from './act.ts';
import { labMount } from './mount.ts';
import { overSys } from './over-sys.ts';

const mountCommand = command({
  name: 'lab mount',
  summary:
    'mount the host until Ctrl-C; settings like adapters=5,6 domains=4,0x47 driver=7.3 make one that is not there yet',
  positionals: [
    { name: 'host', description: 'its name' },
    {
      name: 'settings',
      description: 'as for `host` in a script, docs/scripts.md',
      optional: true,
      many: true,
    },
  ],
  options: {
    ...logPlace,
    at: { type: 'string', value: 'dir', description: 'where (default: lab/HOST/sys in the data directory)' },
    overSys: {
      type: 'boolean',
      conflicts: 'at',
      description: 'over /sys, but only for the command that follows --',
    },
  },
  examples: ['apledger lab mount zlp1', 'apledger lab mount zlp1 --over-sys -- bash'],
  takesCommand: true,
  run: ({ overSys: isOverSys, ...asked }, { output, signal, afterDashes }) => {
    if (!isOverSys && afterDashes.length > 0)
      throw new Failure(2, 'a command after -- needs --over-sys before it');
    return isOverSys ? overSys(asked, afterDashes, output) : labMount(asked, output, signal);
  },
});

const actOptions = {
  ...logPlace,
  host: { type: 'string', value: 'name', description: 'which host (default: the only one)' },
  ...json,
} as const;

export const labCommands = [
  mountCommand,
  command({
    name: 'lab guest',
    summary: 'start, attach or detach NAME UUID; stop, reset or migrate NAME',
    positionals: [
      {
        name: 'action',
        description: 'what it does',
        choices: ['start', 'stop', 'attach', 'detach', 'reset', 'migrate'],
      },
      { name: 'name', description: 'the guest' },
      {
        name: 'mdev',
        description: 'UUID of the mdev that it starts with, gets or gives back',
        optional: true,
      },
    ],
    options: actOptions,
    examples: [
      'apledger lab guest start web 11111111-1111-4111-8111-111111111111',
      'apledger lab guest stop web',
    ],
    run: ({ action, name, mdev, ...options }, { output }) =>
      act(['guest', action, name, ...(mdev === undefined ? [] : [mdev])], options, output),
  }),
  command({
    name: 'lab card',
    summary: 'card 05 config=0 takes the card away, card 05 chkstop=1 check-stops it',
    positionals: [
      { name: 'card', description: 'its id in hexadecimal' },
      { name: 'setting', description: 'config=0|1 or chkstop=0|1' },
    ],
    options: actOptions,
    examples: ['apledger lab card 05 config=0'],
    run: ({ card, setting, ...options }, { output }) => act(['card', card, setting], options, output),
  }),
  command({
    name: 'lab hardware',
    summary: 'change the machine below the bus: adapters=5 domains=4,0x47 types=05:CEX8P',
    positionals: [{ name: 'settings', description: 'as for `hardware` in a script', many: true }],
    options: actOptions,
    examples: ['apledger lab hardware adapters=5,6 domains=4,0x47'],
    run: ({ settings, ...options }, { output }) => act(['hardware', ...settings], options, output),
  }),
  command({
    name: 'lab reboot',
    summary: 'shut the host down and start it again',
    positionals: [
      {
        name: 'autostart',
        description: 'autostart=UUID,UUID: mdevs that are made again as they were',
        optional: true,
      },
    ],
    options: actOptions,
    examples: ['apledger lab reboot --host zlp1'],
    run: ({ autostart, ...options }, { output }) =>
      act(['host', 'reboot', ...(autostart === undefined ? [] : [autostart])], options, output),
  }),
  ...(['modprobe', 'rmmod'] as const).map((name) =>
    command({
      name: `lab ${name}`,
      summary: name === 'rmmod' ? 'unload vfio_ap' : 'load vfio_ap',
      positionals: [{ name: 'module', description: 'vfio_ap' }],
      options: actOptions,
      examples: [`apledger lab ${name} vfio_ap`],
      run: ({ module, ...options }, { output }) => act([name, module], options, output),
    }),
  ),
  command({
    name: 'lab zeroize',
    summary: 'wipe the keys behind queues from outside of Linux',
    positionals: [{ name: 'queues', description: '05.0004 05.0005 by=HMC|TKE', many: true }],
    options: actOptions,
    examples: ['apledger lab zeroize 05.0004 05.0005 by=HMC'],
    run: ({ queues, ...options }, { output }) => act(['zeroize', ...queues], options, output),
  }),
  command({
    name: 'lab scan',
    summary: 'let the bus look at once for what changed in the hardware',
    options: actOptions,
    examples: ['apledger lab scan'],
    run: (options, { output }) => act(['scan'], options, output),
  }),
];
