/** Arguments are read by the definitions, and by nothing else. */
import { describe, expect, it } from 'vitest';
import { type Command, command } from './command.ts';
import { runCommand, runProgram } from './parse.ts';

/** What a command line ran: the values that the command got, and what was printed. */
async function ran(args: readonly string[]) {
  let values: object | undefined;
  let afterDashes: readonly string[] = [];
  const take = async (given: object, context: { readonly afterDashes: readonly string[] }) => {
    values = given;
    afterDashes = context.afterDashes;
    return 0;
  };
  const server = { type: 'string', value: 'url', description: 'a service' } as const;
  const commands: readonly Command[] = [
    command({
      name: 'show',
      summary: 'show it',
      positionals: [
        { name: 'thing', description: 'what' },
        { name: 'name', description: 'which', optional: true },
      ],
      options: {
        server,
        relay: { type: 'boolean', default: true, description: 'do not' },
        overSys: { type: 'boolean', short: 'x', description: 'over' },
        format: { type: 'string', value: 'f', choices: ['md', 'csv'], default: 'md', description: 'form' },
        from: { type: 'string', value: 'm', required: true, description: 'since' },
      },
      examples: ['it show host'],
      run: take,
    }),
    command({
      name: 'lab mount',
      summary: 'mount it',
      positionals: [{ name: 'settings', description: 'more', many: true, optional: true }],
      takesCommand: true,
      run: take,
    }),
  ];
  let printed = '';
  const print = (text: string): void => {
    printed += text;
  };
  const context = {
    output: { out: print, err: print, isInteractive: false },
    signal: new AbortController().signal,
  };
  const program = { name: 'it', summary: 'does it', shared: { server }, groups: { lab: 'a lab' }, commands };
  const status = await runProgram(program, args, context);
  return { status, values, afterDashes, printed };
}

describe('a command', () => {
  it('gets its options and positionals by name, with their defaults', async () => {
    expect(await ran(['show', 'host', '--from', '1'])).toMatchObject({
      status: 0,
      values: { thing: 'host', name: undefined, from: '1', format: 'md', relay: true, overSys: false },
    });
    const given = ['show', 'host', 'a', '--from=-1', '--no-relay', '-x', '--format', 'csv'];
    expect((await ran(given)).values).toEqual({
      thing: 'host',
      name: 'a',
      from: '-1',
      format: 'csv',
      relay: false,
      overSys: true,
    });
  });

  it('takes a shared option before and after its name, if it has it', async () => {
    for (const args of [
      ['--server', 'u', 'show', 'host', '--from', '1'],
      ['show', 'host', '--from', '1', '--server', 'u'],
    ])
      expect((await ran(args)).values).toMatchObject({ server: 'u' });
    await expect(ran(['--server', 'u', 'lab', 'mount'])).rejects.toThrow(
      'mount is not for --server; show are.',
    );
  });

  it('gets what stands after the dashes as it is', async () => {
    const { values, afterDashes } = await ran(['lab', 'mount', 'a', 'b', '--', 'ls', '--from', '-x']);
    expect(values).toEqual({ settings: ['a', 'b'] });
    expect(afterDashes).toEqual(['ls', '--from', '-x']);
  });

  it.each([
    [['show', 'host'], "required option '--from <m>' not specified"],
    [['show', '--from', '1'], "missing required argument 'thing'"],
    [['show', 'a', 'b', 'c', '--from', '1'], 'too many arguments'],
    [['show', 'host', '--from', '1', '--format', 'pdf'], 'Allowed choices are md, csv'],
    [['show', 'host', '--from', '1', '--colour'], "unknown option '--colour'"],
    [['fly'], "unknown command 'fly'"],
  ])('%j is not run, and ends with 2', async (args, told) => {
    const { status, values, printed } = await ran(args);
    expect({ status, values }).toEqual({ status: 2, values: undefined });
    expect(printed).toContain(told);
  });

  it('is described by --help, with its examples', async () => {
    const { status, printed } = await ran(['show', '--help']);
    expect(status).toBe(0);
    for (const part of ['show it', '--no-relay', '-x, --over-sys', '--from <m>', 'Examples:\n  it show host'])
      expect(printed).toContain(part);
  });
});

it('a program may be one command', async () => {
  const context = {
    output: { out: () => {}, err: () => {}, isInteractive: false },
    signal: new AbortController().signal,
  };
  const only = command({
    name: 'only',
    summary: 'alone',
    options: { n: { type: 'string', value: 'n', description: 'how many' } },
    run: async ({ n }) => Number(n ?? 0),
  });
  expect(await runCommand(only, ['--n', '1'], context)).toBe(1);
  expect(await runCommand(only, ['--help'], context)).toBe(0);
  expect(await runCommand(only, ['surplus'], context)).toBe(2);
});
