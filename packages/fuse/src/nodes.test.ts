import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Nodes } from './nodes.ts';

const nodes = () => new Nodes(0o755);

describe('node numbers', () => {
  it('stay while the kernel knows the node, and are not used again', () => {
    const table = nodes();
    const first = table.lookedUp('a', 'file', 0o644);
    expect(table.lookedUp('a', 'file', 0o644).id).toBe(first.id);
    table.forget(first.id, 1);
    expect(table.known(first.id)?.path).toBe('a');
    table.forget(first.id, 1);
    expect(table.known(first.id)).toBeUndefined();
    expect(table.lookedUp('a', 'file', 0o644).id).not.toBe(first.id);
  });

  it('of what is gone remain with it, and what comes to its place gets others', () => {
    const table = nodes();
    const device = table.lookedUp('dev', 'directory', 0o755);
    const file = table.lookedUp('dev/remove', 'file', 0o200);
    const beside = table.lookedUp('device', 'file', 0o444);
    table.gone('dev');
    expect([device, file, beside].map(({ id }) => table.known(id)?.isGone)).toEqual([true, true, false]);
    const again = table.lookedUp('dev/remove', 'file', 0o200);
    expect(again.id).not.toBe(file.id);
    table.forget(file.id, 1);
    expect(table.lookedUp('dev/remove', 'file', 0o200).id).toBe(again.id);
  });

  it('change with the type of a node, which the kernel does not let change', () => {
    const table = nodes();
    const link = table.lookedUp('driver', 'link', 0o777);
    expect(table.lookedUp('driver', 'directory', 0o755).id).not.toBe(link.id);
    expect(table.known(link.id)?.isGone).toBe(true);
  });

  it('leave the root alone', () => {
    const table = nodes();
    table.forget(1, 100);
    table.gone('');
    expect(table.known(1)).toMatchObject({ path: '', isGone: false });
  });

  it('are in step with the kernel, whatever it looks up and forgets', () => {
    const path = fc.constantFrom('a', 'a/b', 'a/c', 'ab', 'd');
    const step = fc.oneof(
      fc.record({ do: fc.constant('lookup' as const), path }),
      fc.record({ do: fc.constant('forget' as const), nth: fc.nat({ max: 50 }) }),
      fc.record({ do: fc.constant('gone' as const), path }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const table = nodes();
        const held = new Map<number, { path: string; count: number; isGone: boolean }>();
        for (const now of steps) {
          if (now.do === 'lookup') {
            const known = table.lookedUp(now.path, 'file', 0o644);
            const before = held.get(known.id);
            expect(before?.isGone ?? false).toBe(false);
            held.set(known.id, { path: now.path, count: (before?.count ?? 0) + 1, isGone: false });
          } else if (now.do === 'forget') {
            const [id, node] = [...held][now.nth % Math.max(held.size, 1)] ?? [];
            if (id === undefined || node === undefined) continue;
            table.forget(id, 1);
            node.count--;
            if (node.count === 0) held.delete(id);
          } else {
            table.gone(now.path);
            for (const node of held.values()) {
              if (node.path === now.path || node.path.startsWith(`${now.path}/`)) node.isGone = true;
            }
          }
          for (const [id, { path: at, isGone }] of held)
            expect(table.known(id)).toMatchObject({ path: at, isGone });
          expect(table.size).toBe(held.size + 1);
        }
      }),
    );
  });
});
