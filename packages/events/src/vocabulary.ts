/** Building blocks of the schemas: the field's own units, each with the form that facts and commands carry. */
import Type, { type Static } from 'typebox';
import { GENERATION_NAMES, type Generation as Name } from './generations.ts';

export const AdapterId = Type.Integer({ minimum: 0, maximum: 255, description: 'APID, 0 to 255' });
export const DomainId = Type.Integer({ minimum: 0, maximum: 255, description: 'APQI, 0 to 255' });
export const AdapterIds = Type.Array(AdapterId, { maxItems: 256, description: 'APIDs, ascending' });
export const DomainIds = Type.Array(DomainId, { maxItems: 256, description: 'APQIs, ascending' });

export const QueueName = Type.String({
  pattern: '^[0-9a-f]{2}\\.00[0-9a-f]{2}$',
  description: 'APQN, like 05.0047',
});
export const QueueNames = Type.Array(QueueName, { minItems: 1, maxItems: 65536 });
export const Mask = Type.String({ pattern: '^0x[0-9a-f]{64}$', description: '256 bits, bit 0 leftmost' });

/** A UUID in lower case, as a pattern of a schema. */
export const UUID_PATTERN = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';
const UUID = new RegExp(UUID_PATTERN);
/** Whether the text is a UUID in lower case. */
export const isUuid = (text: string): boolean => UUID.test(text);
export const MdevUuid = Type.String({
  pattern: UUID_PATTERN,
  description: 'UUID of a mediated matrix device, lower case',
});
/** A host's name is part of streams, subjects, addresses and paths, hence so narrow; a dot stands between two parts. */
const HOST_NAME = /^[A-Za-z0-9](?:\.?[A-Za-z0-9_-]){0,62}$/;
const MAX_HOST_NAME = 63;
/** For messages. */
export const HOST_NAME_FORM = `letters, digits, -, _ and single dots between them, at most ${MAX_HOST_NAME}`;
export const HostName = Type.String({
  pattern: HOST_NAME.source,
  maxLength: MAX_HOST_NAME,
  description: 'name of a host, like zlp1 or zlp1.bank.example',
});
export const isHostName = (text: string): boolean => text.length <= MAX_HOST_NAME && HOST_NAME.test(text);
export const GuestName = Type.String({ minLength: 1, maxLength: 255, description: 'name of a guest' });

/** One of the names. */
const nameOf = <const Names extends readonly string[]>(
  names: Names,
  options: { description?: string } = {},
) =>
  Type.Unsafe<Names[number]>(
    Type.Union(
      names.map((name) => Type.Literal(name)),
      options,
    ),
  );

export const Generation = nameOf(GENERATION_NAMES, {
  description: 'generation of the driver whose rules decide, driver-rules.md and driver-rules-older.md',
});
export type Generation = Name;

const QUEUE_DRIVERS = ['cex4queue', 'vfio_ap', 'cex2aqueue', 'cex2cqueue'] as const;
export const QueueDriver = nameOf(QUEUE_DRIVERS, {
  description:
    'cex4queue = zcrypt, the host itself; vfio_ap = guests; cex2aqueue, cex2cqueue = zcrypt for CEX2 and CEX3, in 5.10 and 6.1',
});
export type QueueDriver = Static<typeof QueueDriver>;
export const isQueueDriver = (name: string): name is QueueDriver =>
  QUEUE_DRIVERS.some((driver) => driver === name);

/** The kernel module that can be loaded and unloaded. */
export const ModuleName = Type.Literal('vfio_ap');

/** Who can wipe keys without Linux: the HMC (zeroize crypto domains), a TKE workstation. */
export const Wiper = Type.Enum(['HMC', 'TKE']);
export type Wiper = Static<typeof Wiper>;

export const MASK_NAMES = ['apmask', 'aqmask'] as const;
export const MaskName = nameOf(MASK_NAMES);
export type MaskName = Static<typeof MaskName>;

export const BUS_ATTRIBUTES = ['ap_domain', 'config_time', 'poll_thread', 'poll_timeout'] as const;
export const BusAttribute = nameOf(BUS_ATTRIBUTES);
export type BusAttribute = Static<typeof BusAttribute>;

export const MatrixIds = Type.Object(
  { adapters: AdapterIds, domains: DomainIds, controlDomains: DomainIds },
  { additionalProperties: false },
);
export type MatrixIds = Static<typeof MatrixIds>;

/** Hardware type; 0 = no card behind that id. */
export const HardwareType = Type.Integer({
  minimum: 0,
  maximum: 14,
  description: 'hardware type: 6 = CEX2A, 7 = CEX2C, 8 = CEX3A, 9 = CEX3C, 10..14 = CEX4..CEX8',
});
export const CardMode = Type.Union([Type.Literal('A'), Type.Literal('C'), Type.Literal('P')], {
  description: 'A = accelerator, C = CCA coprocessor, P = EP11 coprocessor',
});
export type CardMode = Static<typeof CardMode>;

export const CardModel = Type.Object(
  {
    adapter: AdapterId,
    type: HardwareType,
    mode: CardMode,
    functions: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 0xffffffff,
        description: 'facility bits, else those usual for the mode',
      }),
    ),
  },
  { additionalProperties: false },
);
export type CardModel = Static<typeof CardModel>;

/** The machine below a simulated host. */
export const Hardware = Type.Object(
  {
    qci: Type.Boolean({ description: 'the PQAP(QCI) instruction is available' }),
    apxa: Type.Boolean({ description: 'AP extended addressing: ids above 63 / 15' }),
    maxAdapter: AdapterId,
    maxDomain: DomainId,
    adapters: AdapterIds,
    domains: DomainIds,
    controlDomains: DomainIds,
    cards: Type.Array(CardModel, {
      maxItems: 256,
      description: 'models of the adapters; the default is CEX8C',
    }),
  },
  { additionalProperties: false },
);
export type Hardware = Static<typeof Hardware>;

/** Errno names as the kernel returns them. */
export const Errno = Type.Enum([
  'EACCES',
  'EADDRINUSE',
  'EADDRNOTAVAIL',
  'EBUSY',
  'EEXIST',
  'EINVAL',
  'EIO',
  'ENODEV',
  'ENOENT',
  'EOPNOTSUPP',
  'EPERM',
  'ERANGE',
  'EUSERS',
]);
export type Errno = Static<typeof Errno>;
