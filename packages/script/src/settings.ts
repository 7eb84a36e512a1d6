/** `adapters=5,6 types=05:CEX5C`: the settings of `host` and `hardware`, from text to what commands carry. */
import { parseKernelNumber } from '@apledger/ap';
import { type CardMode, type CardModel, type CommandOf, GENERATION_NAMES } from '@apledger/events';
import { CEX4 } from '@apledger/host';

export type HostSettings = Omit<CommandOf<'RegisterHost'>, 'type' | 'host'>;
export type HardwareSettings = Omit<CommandOf<'ChangeHardware'>, 'type'>;

const HARDWARE_KEYS = ['adapters', 'domains', 'control-domains', 'types'];
const HOST_KEYS = [
  ...HARDWARE_KEYS,
  'driver',
  'apmask',
  'aqmask',
  'max-adapter',
  'max-domain',
  'apxa',
  'qci',
];

/** The settings of `host`. Throws Error with a message that names the setting. */
export function parseHostSettings(args: readonly string[]): HostSettings {
  const settings = keyValues(args, HOST_KEYS);
  const domains = idsOf(settings, 'domains') ?? [];
  const driver = settings.get('driver') ?? '2019-v2';
  const generation = GENERATION_NAMES.find((name) => name === driver);
  if (generation === undefined) throw new Error(`driver=${driver}: there are ${GENERATION_NAMES.join(', ')}`);
  return {
    driver: generation,
    hardware: {
      qci: flagOf(settings, 'qci'),
      apxa: flagOf(settings, 'apxa'),
      maxAdapter: idOf(settings, 'max-adapter') ?? 255,
      maxDomain: idOf(settings, 'max-domain') ?? 255,
      adapters: idsOf(settings, 'adapters') ?? [],
      domains,
      controlDomains: idsOf(settings, 'control-domains') ?? domains,
      cards: cardsOf(settings) ?? [],
    },
    boot: { apmask: settings.get('apmask') ?? null, aqmask: settings.get('aqmask') ?? null },
  };
}

/** The settings of `hardware`: only what is given changes. */
export function parseHardwareSettings(args: readonly string[]): HardwareSettings {
  const settings = keyValues(args, HARDWARE_KEYS);
  const adapters = idsOf(settings, 'adapters');
  const domains = idsOf(settings, 'domains');
  const controlDomains = idsOf(settings, 'control-domains');
  const cards = cardsOf(settings);
  return {
    ...(adapters === undefined ? {} : { adapters }),
    ...(domains === undefined ? {} : { domains }),
    ...(controlDomains === undefined ? {} : { controlDomains }),
    ...(cards === undefined ? {} : { cards }),
  };
}

type Settings = ReadonlyMap<string, string>;

function keyValues(args: readonly string[], known: readonly string[]): Settings {
  const settings = new Map<string, string>();
  for (const arg of args) {
    const [, key, value] = /^([a-z-]+)=(.*)$/s.exec(arg) ?? [];
    if (key === undefined || value === undefined || !known.includes(key))
      throw new Error(`${arg}: no such setting; there are ${known.map((name) => `${name}=`).join(' ')}`);
    if (settings.has(key)) throw new Error(`${key}= is given twice`);
    settings.set(key, value);
  }
  return settings;
}

function readId(key: string, text: string): number {
  const id = parseKernelNumber(text);
  if (typeof id !== 'number' || id > 255)
    throw new Error(`${key}=${text}: ids are 0 to 255 (decimal, 0x, or 0 and octal)`);
  return id;
}

const idOf = (settings: Settings, key: string): number | undefined => {
  const text = settings.get(key);
  return text === undefined ? undefined : readId(key, text);
};

/** `5,6,0x47,8-15`; an empty text is no id at all. */
function idsOf(settings: Settings, key: string): number[] | undefined {
  const text = settings.get(key);
  if (text === undefined) return undefined;
  const ids = new Set<number>();
  for (const item of text === '' ? [] : text.split(',')) {
    const [first = '', last = first, ...more] = item.split('-');
    const [from, to] = [readId(key, first), readId(key, last)];
    if (more.length > 0 || from > to) throw new Error(`${key}=${text}: ${item} is no id and no range of ids`);
    for (let id = from; id <= to; id++) ids.add(id);
  }
  return [...ids].sort((a, b) => a - b);
}

function flagOf(settings: Settings, key: string): boolean {
  const text = settings.get(key) ?? '1';
  if (text !== '0' && text !== '1') throw new Error(`${key}=${text}: write 0 or 1`);
  return text === '1';
}

/** CEX4 is hardware type 10, and so on, in each mode; what is older has a type for each mode. `none` empties the slot. */
const MODEL = /^CEX(?:[4-8][ACP]|[23][AC])$/i;
const OLD_TYPES: Readonly<Record<string, number>> = { CEX2A: 6, CEX2C: 7, CEX3A: 8, CEX3C: 9 };

function cardsOf(settings: Settings): CardModel[] | undefined {
  const text = settings.get('types');
  if (text === undefined) return undefined;
  return text.split(',').map((item) => {
    const [, adapter, model] = /^([0-9a-f]{2}):(.+)$/i.exec(item) ?? [];
    const [name] = MODEL.exec(model ?? '') ?? [];
    const isEmpty = model?.toLowerCase() === 'none';
    if (adapter === undefined || (name === undefined && !isEmpty))
      throw new Error(`types=${item}: write two hex digits and a type, like 05:CEX5C, or 05:none`);
    return {
      adapter: Number.parseInt(adapter, 16),
      type: name === undefined ? 0 : typeOf(name.toUpperCase()),
      mode: (name?.at(-1) ?? 'C').toUpperCase() as CardMode,
    };
  });
}

const typeOf = (name: string): number => OLD_TYPES[name] ?? CEX4 + Number(name[3]) - 4;
