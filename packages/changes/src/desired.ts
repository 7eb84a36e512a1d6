/**
 * The desired state of a host: one YAML file, which people write and review.
 *
 * Every scalar is read as text first, so that no number means something else than what is written: YAML would take `05.0047` for 5.0047
 * and `047` for 47. Aliases, tags and files of more than a megabyte are refused.
 */
import { GuestName, HostName, MdevUuid, problemsOf } from '@apledger/events';
import Type, { type Static } from 'typebox';
import {
  type Document,
  isAlias,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import { ID_PATTERN, readRange } from './ids.ts';

const MAX_FILE = 1024 * 1024;

const closed = { additionalProperties: false };
const Id = Type.String({ pattern: ID_PATTERN, description: '5, 0x47, or a range 4-7' });
const Ids = Type.Union([Id, Type.Array(Id, { maxItems: 256 })], { description: 'ids, or a list of them' });
const QueuePattern = Type.String({
  pattern: '^(?:\\*|(?:[0-9a-f]{2}|\\*)\\.(?:00[0-9a-f]{2}|\\*))$',
  description: 'queues: 05.0047, 05.*, *.0047, or *',
});

const MdevEntry = Type.Object(
  {
    uuid: MdevUuid,
    state: Type.Optional(
      Type.Enum(['running', 'defined', 'absent'], {
        description:
          'running = a guest has it; defined = it is there, and no guest has it; absent = it is not there. Default: running when a guest is named, else defined',
      }),
    ),
    guest: Type.Optional(GuestName),
    adapters: Type.Optional(Ids),
    domains: Type.Optional(Ids),
    controlDomains: Type.Optional(
      Type.Union([Type.Literal('same'), ...Ids.anyOf], { description: 'same = as domains; default none' }),
    ),
  },
  closed,
);

/** The file. What it leaves out stays as it is. */
export const DesiredHost = Type.Object(
  {
    apledger: Type.Literal('v1', { description: 'version of this format' }),
    host: HostName,
    masks: Type.Optional(
      Type.Object(
        {
          adapters: Type.Optional(Ids),
          domains: Type.Optional(Ids),
        },
        { ...closed, description: "what is the host's: the bits of apmask and aqmask" },
      ),
    ),
    mdevs: Type.Optional(
      Type.Record(Type.String({ pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$' }), MdevEntry, {
        description: 'by a name of your own',
      }),
    ),
    unmanaged: Type.Optional(
      Type.Enum(['keep', 'remove'], { description: 'mdevs that the file does not name; default keep' }),
    ),
    handover: Type.Optional(
      Type.Enum(['require-reset', 'allow'], {
        description:
          'whether a queue may come from a guest to somebody else without a reset; default require-reset',
      }),
    ),
    mayLose: Type.Optional(
      Type.Record(GuestName, Type.Array(QueuePattern, { minItems: 1 }), {
        description: 'queues that a guest keeps in the end, and may be without meanwhile; default none',
      }),
    ),
  },
  { ...closed, $id: 'urn:apledger:desired-host:v1', title: 'Desired state of a host' },
);
export type DesiredHost = Static<typeof DesiredHost>;
export type DesiredMdev = Static<typeof MdevEntry>;

/** Something wrong in a file; lines and columns count from 1. */
interface FileProblem {
  readonly line: number;
  readonly column: number;
  readonly problem: string;
}

type Found = readonly [offset: number, problem: string];

/** Reads a file. */
export function parseDesired(
  text: string,
): { readonly desired: DesiredHost } | { readonly problems: readonly FileProblem[] } {
  if (text.length > MAX_FILE)
    return { problems: [{ line: 1, column: 1, problem: `the file has more than ${MAX_FILE} characters` }] };
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { schema: 'failsafe', lineCounter, prettyErrors: false });
  const found = [syntaxIn, strangersIn, problemsIn].reduce<readonly Found[]>(
    (before, look) => (before.length > 0 ? before : look(document)),
    [],
  );
  if (found.length === 0) return { desired: document.toJS() as DesiredHost };
  return {
    problems: found.map(([offset, problem]) => {
      const { line, col } = lineCounter.linePos(offset);
      return { line: Math.max(line, 1), column: Math.max(col, 1), problem };
    }),
  };
}

const syntaxIn = ({ errors, warnings }: Document): readonly Found[] =>
  [...errors, ...warnings].map(({ code, pos, message }) => [
    pos[0],
    code === 'MULTIPLE_DOCS' ? 'a second document begins here: a file is about one host' : message,
  ]);

/** What YAML can do and a host's state does not need. */
function strangersIn(document: Document): readonly Found[] {
  const found: Found[] = [];
  visit(document, {
    Node(_, node) {
      const offset = offsetOf(node);
      if (isAlias(node)) found.push([offset, 'aliases (*name) are not taken: write it out']);
      else if (node.anchor !== undefined) found.push([offset, 'anchors (&name) are not taken']);
      else if (node.tag !== undefined) found.push([offset, `tags (${node.tag}) are not taken`]);
    },
  });
  return found;
}

/** What the schema says, and of ids, in words of their own, what is wrong with them. */
function problemsIn(document: Document): readonly Found[] {
  const ofSchema = problemsOf(DesiredHost, document.toJS()).flatMap((problem): readonly Found[] => {
    const where = problem.slice(0, problem.indexOf(': '));
    const path = where === 'value' ? [] : where.split('.');
    return path.some((name) => AXES.has(name)) ? [] : [[placeOf(document, path), problem]];
  });
  return [...ofSchema, ...idProblemsIn(document)];
}

const AXES: ReadonlySet<string> = new Set(['adapters', 'domains', 'controlDomains']);

function idProblemsIn(document: Document): readonly Found[] {
  const found: Found[] = [];
  visit(document, {
    Pair(_, { key, value }) {
      if (!isScalar(key) || !AXES.has(String(key.value))) return undefined;
      for (const node of isSeq(value) ? value.items : [value]) {
        const text = isScalar(node) && typeof node.value === 'string' ? node.value : '';
        if (key.value === 'controlDomains' && node === value && text === 'same') continue;
        const range = text === '' ? 'write ids: 5, 0x47, a range 4-7, or a list of them' : readRange(text);
        if (typeof range === 'string')
          found.push([offsetOf(isNode(node) ? node : key), `${key.value}: ${range}`]);
      }
      return visit.SKIP;
    },
  });
  return found;
}

/** Where the node of a path, or the nearest one above it, begins. */
function placeOf(document: Document, path: readonly string[]): number {
  for (let length = path.length; length > 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node)) return offsetOf(node);
  }
  return 0;
}

const offsetOf = (node: Node): number => node.range?.[0] ?? 0;
