/** Arguments are read by the definitions, and by nothing else. */
import { describe, expect, it, vi } from 'vitest';
import { type Command, type Context, command } from './command.ts';
import { runCommand, runProgram } from './parse.ts';

/** What a command line ran: the values that the command got, and what was printed. */
async function ran(args: readonly string[]) {
  let values: object | undefined;
  let afterDashes: readonly string[] = [];
  const take = async (given: object, context: Context) => {
    values = given;
    afterDashes = context.afterDashes;
    context.output.note('a remark\n');
    return 0;
  };
  const server = {
    type: 'string',
    value: 'url',
    description: 'a service',
    env: { name: 'IT_SERVER', unless: ['format'] },
  } as const;
  const commands: readonly Command[] = [
    command({
      name: 'show',
      summary: 'show it',
      positionals: [
        { name: 'thing', description: 'what' },
        { name: 'name', description: 'which', optional: true, dashed: /^-+key$/ },
      ],
      options: {
        server,
        relay: { type: 'boolean', default: true, description: 'do not' },
        overSys: { type: 'boolean', short: 'x', description: 'over' },
        format: { type: 'string', value: 'f', choices: ['md', 'csv'], description: 'form' },
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
  const program = {
    name: 'it',
    summary: 'does it',
    version: '1.2.3',
    shared: { server },
    groups: { lab: 'a lab' },
    commands,
  };
  const status = await runProgram(program, args, context);
  return { status, values, afterDashes, printed };
}

describe('a command', () => {
  it('gets its options and positionals by name, with their defaults', async () => {
    expect(await ran(['show', 'host', '--from', '1'])).toMatchObject({
      status: 0,
      values: { thing: 'host', name: undefined, from: '1', relay: true, overSys: false },
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
      'lab mount does not take --server; it lab mount --help shows what it takes.',
    );
  });

  it.each(['-key', '--key', '-----key'])('gets %s where a positional may look so', async (name) => {
    for (const args of [
      ['show', 'host', name, '--from', '1'],
      ['show', 'host', '--from', '1', '--', name],
    ])
      expect(await ran(args)).toMatchObject({ status: 0, values: { thing: 'host', name, from: '1' } });
    expect(await ran(['show', 'host', `${name}s`, '--from', '1'])).toMatchObject({ status: 2 });
    expect(await ran(['lab', 'mount', name])).toMatchObject({ status: 2 });
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

  it('prints its version, and nothing of what --quiet leaves out', async () => {
    expect(await ran(['--version'])).toMatchObject({ status: 0, printed: 'it 1.2.3\n', values: undefined });
    for (const args of [
      ['-q', 'show', 'host', '--from', '1'],
      ['show', 'host', '--from', '1', '--quiet'],
    ])
      expect(await ran(args)).toMatchObject({ printed: '', values: { thing: 'host', from: '1' } });
    expect((await ran(['show', 'host', '--from', '1'])).printed).toBe('a remark\n');
  });

  it('takes an option from the environment, unless it or one that sets it aside is given', async () => {
    vi.stubEnv('IT_SERVER', 'http://there');
    expect((await ran(['show', 'host', '--from', '1'])).values).toMatchObject({ server: 'http://there' });
    expect((await ran(['show', 'host', '--from', '1', '--server', 'u'])).values).toMatchObject({
      server: 'u',
    });
    expect((await ran(['show', 'host', '--from', '1', '--format', 'csv'])).values).not.toHaveProperty(
      'server',
    );
    vi.stubEnv('IT_SERVER', '');
    expect((await ran(['show', 'host', '--from', '1'])).values).not.toHaveProperty('server');
    vi.unstubAllEnvs();
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
  expect(await runCommand(only, ['--n', '1'], context, '1')).toBe(1);
  expect(await runCommand(only, ['--help'], context, '1')).toBe(0);
  expect(await runCommand(only, ['surplus'], context, '1')).toBe(2);
});
