/** Differential vectors as they lie in files (test/vectors/FORMAT.md): read line by line, each line checked. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { PassThrough, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type Generation, generationOfKernel } from '@apledger/events';
import { errorText } from '@apledger/text';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

const Ids = Type.Array(Type.Integer({ minimum: 0, maximum: 255 }));
const Text = Type.Union([Type.String(), Type.Null()]);
const Errno = Type.Union([Type.Literal(0), Type.String()]);

const MdevState = Type.Object({
  a: Ids,
  d: Ids,
  c: Ids,
  ga: Type.Union([Ids, Type.Null()]),
  gd: Type.Union([Ids, Type.Null()]),
  gc: Type.Union([Ids, Type.Null()]),
  vm: Text,
  k: Type.Optional(Type.Tuple([Ids, Ids, Ids])),
  open: Type.Optional(Type.Literal(1)),
  removing: Type.Optional(Type.Literal(1)),
});

const QueueState = Type.Array(Text, { minItems: 1, maxItems: 2 });

/** The whole state of a host, as vectors write it down. */
const VectorState = Type.Object({
  apmask: Type.String(),
  aqmask: Type.String(),
  bindings: Text,
  avail: Type.Integer(),
  q: Type.Record(Type.String(), QueueState),
  m: Type.Record(Type.String(), MdevState),
});
export type VectorState = Static<typeof VectorState>;

const VectorStep = Type.Object({
  op: Type.String(),
  e: Errno,
  u: Type.Optional(Text),
  v: Type.Optional(Type.Union([Type.String(), Type.Integer()])),
  vm: Type.Optional(Text),
  drv: Type.Optional(Type.String()),
  dev: Type.Optional(Type.String()),
  n: Type.Optional(Type.Integer()),
  t: Type.Optional(Type.Integer()),
  rc: Type.Optional(Type.Array(Type.Integer())),
  apm: Type.Optional(Ids),
  aqm: Type.Optional(Ids),
  adm: Type.Optional(Ids),
  apmask: Type.Optional(Type.String()),
  aqmask: Type.Optional(Type.String()),
  bindings: Type.Optional(Text),
  avail: Type.Optional(Type.Integer()),
  q: Type.Optional(Type.Record(Type.String(), Type.Union([QueueState, Type.Null()]))),
  m: Type.Optional(Type.Record(Type.String(), Type.Union([MdevState, Type.Null()]))),
  b: Type.Optional(Type.Array(Type.String())),
  z: Type.Optional(Type.Array(Type.String())),
  out: Type.Optional(
    Type.Record(Type.String(), Type.Union([Type.String(), Type.Object({ e: Type.String() })])),
  ),
});
export type VectorStep = Static<typeof VectorStep>;

const Vector = Type.Object({
  id: Type.String(),
  kernel: Type.String(),
  host: Type.Object({
    qci: Type.Integer(),
    apxa: Type.Integer(),
    na: Type.Integer(),
    nd: Type.Integer(),
    apm: Ids,
    aqm: Ids,
    adm: Ids,
    type: Type.Integer(),
    types: Type.Record(Type.String(), Type.Integer()),
  }),
  boot: Type.Object({ apmask: Text, aqmask: Text }),
  uuids: Type.Record(Type.String(), Type.String()),
  init: VectorState,
  steps: Type.Array(VectorStep),
  final: Type.Optional(VectorState),
});
/** One independent history with the kernel's answers. */
export type Vector = Static<typeof Vector>;

const validator = Compile(Vector);

/** A vector file that cannot be read; the message names file, line and problem. */
export class VectorError extends Error {
  override readonly name = 'VectorError';
}

/** The driver generation whose answers a vector holds. */
export const generationOf = ({ kernel }: Vector): Generation | undefined => generationOfKernel(kernel);

/** The vectors of a file, plain or gzip-compressed (told by its content), one at a time. */
export async function* readVectors(
  path: string,
): AsyncGenerator<{ readonly line: number; readonly vector: Vector }> {
  let line = 0;
  try {
    for await (const text of createInterface({
      input: await plainText(path),
      crlfDelay: Number.POSITIVE_INFINITY,
    })) {
      line++;
      if (text.trim() !== '') yield { line, vector: parseVector(text) };
    }
  } catch (error) {
    if (error instanceof VectorError) throw new VectorError(`${path}:${line}: ${error.message}`);
    const reason = errorText(error);
    throw new VectorError(`${path}: cannot be read: ${reason}`);
  }
}

/** The file's text; a gzip file begins with 1f 8b. */
async function plainText(path: string): Promise<NodeJS.ReadableStream> {
  const file = createReadStream(path);
  const head = await new Promise<Buffer>((resolve, reject) => {
    file.once('error', reject);
    file.once('end', () => resolve(Buffer.alloc(0)));
    file.once('readable', () => resolve(file.read() ?? Buffer.alloc(0)));
  });
  file.unshift(head);
  if (head[0] !== 0x1f || head[1] !== 0x8b) return file;
  const text = new PassThrough();
  pipeline(file, createGunzip(), text, (error) => error && text.destroy(error));
  return text;
}

function parseVector(text: string): Vector {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new VectorError(`not JSON: ${errorText(error)}`);
  }
  if (validator.Check(value)) return value;
  const [first] = validator.Errors(value);
  throw new VectorError(`not a vector: ${first?.instancePath || '/'} ${first?.message ?? ''}`);
}
