/** The founding document's examples, played: what every `cat` has to show, line by line, is what the document promises. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { apledger, inRepository, objects } from './support.ts';

/** Output of every step that prints something, in order, and the errno of every step that is refused. */
const PROMISES: Readonly<Record<string, readonly string[]>> = {
  '01-three-guests.sh': [
    `0xf9${'f'.repeat(62)}`,
    `0xf7${'f'.repeat(15)}e${'f'.repeat(24)}e${'f'.repeat(20)}e`,
    '11111111-1111-4111-8111-111111111111 22222222-2222-4222-8222-222222222222 33333333-3333-4333-8333-333333333333',
    '05.0004 05.00ab 06.0004 06.00ab',
    '05.0047 05.00ff',
    '06.0047 06.00ff',
    'EADDRINUSE',
    '05.0004 05.00ab 06.0004 06.00ab',
  ],
  '02-masks.sh': [
    '../../../../bus/ap/drivers/cex4queue',
    '../../../../bus/ap/drivers/cex4queue',
    `0x41${'0'.repeat(62)}`,
    '02.0007 02.0008 03.0007 03.0008 bind uevent unbind',
    `0xc1${'0'.repeat(15)}1${'0'.repeat(46)}`,
    '01.0007 01.0008 02.0007 02.0008 03.0007 03.0008 bind uevent unbind',
    'EINVAL',
    'EINVAL',
    'EINVAL',
    `0x0180${'0'.repeat(60)}`,
  ],
  '03-hot-plug.sh': [
    'ENODEV',
    '05.0004 05.0005',
    '05.0004 05.0005 0a.0004 0a.0005',
    '05.0004 0a.0004',
    'ENODEV',
    '05.0004 0a.0004',
  ],
  '04-binding.sh': [
    '05.0004 05.0047',
    '05.0004 05.0047',
    '05.0004 05.0047 06.0004 06.0047',
    'EBUSY',
    'EBUSY',
  ],
  '05-unbinding.sh': [
    '05.0004 05.0047 06.0004 06.0047',
    '05.0004 05.0047',
    '.0004 .0047',
    '05.0004 05.0047 06.0004 06.0047',
  ],
  '06-live-migration.sh': ['EBUSY', '.0004', 'ENODEV'],
  '07-custody.sh': ['05.0004', '.0004', '05.0004', '06.0047'],
};

/** Examples that a shell has to run, and not apledger, are tested in test/lab. */
const isProgram = (name: string): boolean =>
  readFileSync(inRepository(`examples/${name}`), 'utf8').startsWith('#!');

describe('an example', () => {
  it('stands here for each in examples/', () => {
    const names = readdirSync(inRepository('examples')).filter((name) => name.endsWith('.sh'));
    expect(names.filter((name) => !isProgram(name))).toEqual(Object.keys(PROMISES));
  });

  it.each(Object.entries(PROMISES))('%s shows what the document promises', async (name, promised) => {
    const { status, out } = await apledger('run', '--json', inRepository(`examples/${name}`));
    expect(status).toBe(0);
    const shown = objects(out).flatMap(({ errno, output }) => {
      const text = errno === null ? String(output).trimEnd().replaceAll('\n', ' ') : String(errno);
      return text === '' ? [] : [text];
    });
    expect(shown).toEqual(promised);
  });
});
