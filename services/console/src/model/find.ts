/** What somebody types to find facts, as the filters that the service has. */
import { type Errno, isUuid } from '@apledger/events';

/** The filters of a question for facts; what is left out may be anything. */
export interface FactFilters {
  readonly actor?: string;
  readonly guest?: string;
  readonly mdev?: string;
  readonly queue?: string;
  readonly errno?: Errno;
  readonly text?: string;
}

const QUEUE = /^[0-9a-f]{2}\.[0-9a-f]{4}$/i;
/** By its form: the service knows which there are, and says so. */
const isErrno = (word: string): word is Errno => /^E[A-Z0-9]{3,}$/.test(word);
/** `actor:anna@ops`, `guest:"two words"`. */
const NAMED = /(?:^|\s)(actor|guest|mdev|queue|errno):(?:"([^"]*)"|(\S*))/g;

/**
 * Words with a name before them are that filter. A UUID is an mdev, 05.0047 a queue and EBUSY an errno, the first of each; everything
 * else is text that a fact must show.
 */
export function filtersOf(find: string): FactFilters {
  const filters: { -readonly [Name in keyof FactFilters]: FactFilters[Name] } = {};
  const rest = find.replaceAll(NAMED, (_, name: keyof FactFilters, quoted?: string, word?: string) => {
    const value = quoted ?? word ?? '';
    if (value === '') return ' ';
    if (name === 'errno') filters.errno = value.toUpperCase() as Errno;
    else filters[name] = name === 'mdev' || name === 'queue' ? value.toLowerCase() : value;
    return ' ';
  });
  const text: string[] = [];
  for (const word of rest.split(/\s+/).filter((part) => part !== '')) {
    if (isUuid(word.toLowerCase()) && filters.mdev === undefined) filters.mdev = word.toLowerCase();
    else if (QUEUE.test(word) && filters.queue === undefined) filters.queue = word.toLowerCase();
    else if (isErrno(word) && filters.errno === undefined) filters.errno = word;
    else text.push(word);
  }
  if (text.length > 0) filters.text = text.join(' ');
  return filters;
}

/** How the words were read: `queue 05.0047 · text "closed"`; '' for none. */
export const filtersText = (filters: FactFilters): string =>
  Object.entries(filters)
    .map(([name, value]) => (name === 'text' ? `text “${value}”` : `${name} ${value}`))
    .join(' · ');
