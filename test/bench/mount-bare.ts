/** Serves one file, `mount-bare.ts DIRECTORY PATH`, until SIGTERM: what FUSE costs, and nothing else. */
import { mount, type Node } from '@apledger/fuse';

const [at = '', path = ''] = process.argv.slice(2);
let content: Uint8Array = Buffer.from('0\n');
const names = path.split('/');
const nodes = new Map<string, Node>([
  ...names.map((name, depth): [string, Node] => [
    names.slice(0, depth).join('/'),
    { kind: 'directory', list: () => [name] },
  ]),
  [
    path,
    {
      kind: 'file',
      mode: 0o644,
      read: () => content,
      write: (data) => {
        content = data;
        return undefined;
      },
    },
  ],
]);
const view = { node: (of: string) => nodes.get(of) };

const mounted = await mount({ view: () => view }, { at, name: 'bare' });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void mounted.unmount());
console.log('mounted');
