/** A host as files that people and other tools read. Each says what its format can say; `warnings` of the caller say what it cannot. */
import { formatMask, idsOf, type Mask256 } from '@apledger/ap';
import { assignmentsOf } from '@apledger/events';
import { type HostState, isOpen, type Mdev } from '@apledger/host';
import { Document, Scalar, YAMLSeq } from 'yaml';
import { entriesOf } from './ids.ts';

export const EXPORT_FORMATS = ['yaml', 'mdevctl', 'libvirt', 'zdev', 'shell'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** The host in the format. Guests are in YAML only: other tools keep them elsewhere. */
export function exportHost(state: HostState, format: ExportFormat): string {
  const write = { yaml, mdevctl, libvirt, zdev, shell }[format];
  return write(state);
}

const hex = (id: number): string => `0x${id.toString(16).padStart(2, '0')}`;

function ids(values: readonly number[]): YAMLSeq {
  const list = new YAMLSeq();
  list.flow = true;
  list.items = entriesOf(values, hex).map((entry) => {
    const scalar = new Scalar(entry);
    scalar.type = 'PLAIN';
    return scalar;
  });
  return list;
}

function yaml(state: HostState): string {
  const names = namesOf(state);
  const mdevs = [...state.mdevs.values()].map((mdev) => [names.get(mdev.uuid), entryOf(mdev)] as const);
  const document = new Document(
    {
      apledger: 'v1',
      host: state.name,
      masks: { adapters: ids(idsOf(state.apmask)), domains: ids(idsOf(state.aqmask)) },
      ...(mdevs.length > 0 && { mdevs: Object.fromEntries(mdevs) }),
    },
    { schema: 'failsafe' },
  );
  return document.toString({ lineWidth: 100, flowCollectionPadding: false });
}

const entryOf = (mdev: Mdev): object => ({
  uuid: mdev.uuid,
  ...(mdev.guest !== null && { guest: mdev.guest }),
  state: mdev.guest !== null && isOpen(mdev) ? 'running' : 'defined',
  adapters: ids(idsOf(mdev.assigned.adapters)),
  domains: ids(idsOf(mdev.assigned.domains)),
  controlDomains: ids(idsOf(mdev.assigned.controlDomains)),
});

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$/;

/** Names by guest where that is one of its own, else by UUID. */
function namesOf(state: HostState): ReadonlyMap<string, string> {
  const mdevs = [...state.mdevs.values()];
  const isUsed = (guest: string): boolean => mdevs.filter((mdev) => mdev.guest === guest).length > 1;
  return new Map(
    mdevs.map(({ uuid, guest }) => [
      uuid,
      guest !== null && NAME.test(guest) && !isUsed(guest) ? guest : `mdev-${uuid}`,
    ]),
  );
}

/** As `mdevctl list -d --dumpjson` prints it. */
function mdevctl(state: HostState): string {
  const matrix = [...state.mdevs.values()].map((mdev) => ({
    [mdev.uuid]: {
      mdev_type: 'vfio_ap-passthrough',
      start: 'manual',
      attrs: assignmentsOf(mdev.assigned).map(({ file, id }) => ({ [file]: `${id}` })),
    },
  }));
  return `${JSON.stringify(matrix.length === 0 ? [] : [{ matrix }], null, 2)}\n`;
}

/** One node device for each mdev, as `virsh nodedev-define` takes them one by one. */
function libvirt(state: HostState): string {
  return [...state.mdevs.values()].map(nodeDevice).join('');
}

const nodeDevice = (mdev: Mdev): string => `<device>
  <parent>ap_matrix</parent>
  <capability type='mdev'>
    <type id='vfio_ap-passthrough'/>
    <uuid>${mdev.uuid}</uuid>
${assignmentsOf(mdev.assigned)
  .map(({ file, id }) => `    <attr name='${file}' value='${id}'/>\n`)
  .join('')}  </capability>
</device>
`;

/** The masks, as ranges: chzdev takes no hexadecimal mask, though it is what the kernel prints. Mdevs are not chzdev's. */
const zdev = ({ apmask, aqmask }: HostState): string =>
  `chzdev -t ap apmask=${ranges(apmask)} aqmask=${ranges(aqmask)}\n`;

/** Of an empty mask: all bits are taken away. */
const ranges = (mask: Mask256): string => entriesOf(idsOf(mask)).join(',') || '-0-255';

const MATRIX = '/sys/devices/vfio_ap/matrix';

/** What a shell writes to a host that has no mdev of these. */
function shell(state: HostState): string {
  const lines = [
    `echo ${formatMask(state.apmask)} > /sys/bus/ap/apmask`,
    `echo ${formatMask(state.aqmask)} > /sys/bus/ap/aqmask`,
  ];
  for (const mdev of state.mdevs.values()) {
    lines.push(`echo ${mdev.uuid} > ${MATRIX}/mdev_supported_types/vfio_ap-passthrough/create`);
    for (const { file, id } of assignmentsOf(mdev.assigned))
      lines.push(`echo ${id} > ${MATRIX}/${mdev.uuid}/${file}`);
  }
  return `${lines.join('\n')}\n`;
}
