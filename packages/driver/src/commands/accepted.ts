/** Writes that the kernel takes and of which nothing follows on a simulated host, and those to the drivers of cards. */
import { apidOf, apqiOf, cString, parseApqn, parseCard } from '@apledger/ap';
import type { CommandOf } from '@apledger/events';
import { type HostState, queueOf } from '@apledger/host';
import { type Outcome, quoted, refuse } from '../refusal.ts';
import type { Transaction } from '../transaction.ts';

const CARD_DRIVER = /^bus\/ap\/drivers\/(cex\dc?a?card)\/(bind|unbind)$/;

/** The tree of sysfs asks for it with paths of files that it has; anybody else may name what is none. */
export function writeAttribute(tx: Transaction, { path, text }: CommandOf<'WriteAttribute'>): Outcome {
  const ofCards = CARD_DRIVER.exec(path);
  if (ofCards !== null) return text === '' ? undefined : bindCard(tx, ofCards[1], ofCards[2], text);
  return isThere(tx.state, path)
    ? undefined
    : refuse(
        'ENOENT',
        `There is no attribute ${quoted(path)} that takes any text.`,
        'ls shows what there is.',
      );
}

/** Cards are bound from the moment that the bus finds them, and stay so. */
function bindCard(tx: Transaction, driver = '', file = '', text: string): Outcome {
  const apid = parseCard(cString(text).replace(/\n$/, ''));
  if (apid === undefined || !tx.state.cards.has(apid))
    return refuse(
      'ENODEV',
      `There is no card device ${quoted(text)}.`,
      'ls /sys/devices/ap shows the cards.',
    );
  return file === 'bind'
    ? refuse('EBUSY', `${text.trim()} is bound to its driver already.`, 'Cards need no binding.')
    : refuse(
        'EOPNOTSUPP',
        `Cards of simulated hosts stay bound to ${driver}.`,
        'Take the card away: card 05 config=0.',
      );
}

/** The last name of such a file: of the bus, a driver, a card, a queue, the matrix device or an mdev. */
const NAMES = /(?:^|\/)(?:uevent|drivers_autoprobe|request_count|power\/control)$/;

function isThere(state: HostState, path: string): boolean {
  if (!NAMES.test(path)) return false;
  const [root, bus, ...names] = path.split('/');
  if (root === 'bus') return bus === 'ap' || bus === 'mdev' || bus === 'matrix';
  if (root !== 'devices') return false;
  if (bus === 'vfio_ap') return isOfMatrix(state, names);
  const [card = '', queue = ''] = names;
  if (bus !== 'ap' || names.length < 2) return bus === 'ap' && card === 'uevent';
  const apid = parseCard(card);
  if (apid === undefined || !state.cards.has(apid)) return false;
  if (names.length === 2) return true;
  const apqn = parseApqn(queue);
  return (
    names.length === 3 &&
    apqn !== undefined &&
    apidOf(apqn) === apid &&
    queueOf(state, apid, apqiOf(apqn)) !== undefined
  );
}

function isOfMatrix(state: HostState, names: readonly string[]): boolean {
  if (!state.isVfioApLoaded) return false;
  const [matrix = '', mdev = ''] = names;
  return names.length === 1 || (matrix === 'matrix' && (names.length === 2 || state.mdevs.has(mdev)));
}
