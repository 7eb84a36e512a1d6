/** The words of `apledger lab`. */
import { type Command, Option } from 'commander';
import { Failure } from '../failure.ts';
import { data, json, log } from '../options.ts';
import type { Output } from '../output.ts';
import { act } from './act.ts';
import { labMount } from './mount.ts';
import { overSys } from './over-sys.ts';

/** Adds them to `lab`. */
export function labCommands(
  lab: Command,
  output: Output,
  end: (work: Promise<number>) => Promise<void>,
  signal: AbortSignal,
  afterDashes: readonly string[],
): void {
  const command = (usage: string, description: string): Command =>
    lab.command(usage).description(description).copyInheritedSettings(lab).addOption(data()).addOption(log());
  command(
    'mount <host> [settings...]',
    'mount the host until Ctrl-C; settings like adapters=5,6 domains=4,0x47 driver=7.3 make one that is not there yet',
  )
    .addOption(new Option('--at <dir>', 'where (default: lab/HOST/sys in the data directory)'))
    .addOption(
      new Option('--over-sys', 'over /sys, but only for the command that follows --').conflicts('at'),
    )
    .action((name, settings, { overSys: isOverSys, ...options }) => {
      if (!isOverSys && afterDashes.length > 0)
        throw new Failure(2, 'a command after -- needs --over-sys before it');
      const asked = { ...options, host: name, settings };
      return end(isOverSys ? overSys(asked, afterDashes, output) : labMount(asked, output, signal));
    });
  const acts: readonly (readonly [usage: string, description: string])[] = [
    ['guest <action> <name> [mdev]', 'start, attach or detach NAME UUID; stop, reset or migrate NAME'],
    ['card <card> <setting>', 'card 05 config=0 takes the card away, card 05 chkstop=1 check-stops it'],
    ['hardware <settings...>', 'change the machine below the bus: adapters=5 domains=4,0x47 types=05:CEX8P'],
    [
      'reboot [autostart]',
      'shut the host down and start it again; autostart=UUID,UUID makes these mdevs again',
    ],
    ['modprobe <module>', 'load vfio_ap'],
    ['rmmod <module>', 'unload vfio_ap'],
    ['zeroize <queues...>', 'wipe the keys behind queues from outside: 05.0004 05.0005 by=HMC|TKE'],
    ['scan', 'let the bus look at once for what changed in the hardware'],
  ];
  for (const [usage, description] of acts) {
    const [name = ''] = usage.split(' ');
    command(usage, description)
      .addOption(new Option('--host <name>', 'which host (default: the only one)'))
      .addOption(json())
      .action((...given: unknown[]) => {
        const made = given.at(-1) as Command;
        const word = name === 'reboot' ? ['host', name] : [name];
        return end(act([...word, ...made.args], made.opts(), output));
      });
  }
}
