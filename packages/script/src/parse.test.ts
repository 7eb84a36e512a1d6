import { describe, expect, it } from 'vitest';
import { parseScript, ScriptError } from './parse.ts';

const operations = (text: string) => parseScript(text).map(({ operation }) => operation);

describe('a script', () => {
  it('has comments, blank lines and variables that carry nothing out', () => {
    expect(parseScript('# nothing\n\nuuid1=abc  # said once\n   \n')).toEqual([]);
  });

  it('puts variables in, also in braces and double quotes, not in single quotes', () => {
    const text = ['u=abc', 'echo $u > a', `echo "$${'{u}'}x" > $u/b`, "echo '$u' > c"].join('\n');
    expect(operations(text)).toEqual([
      { kind: 'echo', text: 'abc\n', path: 'a' },
      { kind: 'echo', text: 'abcx\n', path: 'abc/b' },
      { kind: 'echo', text: '$u\n', path: 'c' },
    ]);
  });

  it('writes with a newline, without one after -n, and only a newline for nothing', () => {
    expect(operations('echo 5 >f\necho -n a5>f\necho > f\necho a  b > f')).toEqual([
      { kind: 'echo', text: '5\n', path: 'f' },
      { kind: 'echo', text: 'a5', path: 'f' },
      { kind: 'echo', text: '\n', path: 'f' },
      { kind: 'echo', text: 'a b\n', path: 'f' },
    ]);
  });

  it('reads the options of echo as bash does', () => {
    const text = ['echo -e 5 > f', "echo -ne '6\\n' > f", 'echo -nE 7 > f', 'echo -x 8 > f', 'echo -e "\\t"'];
    expect(operations(text.join('\n'))).toEqual([
      { kind: 'echo', text: '5\n', path: 'f' },
      { kind: 'echo', text: '6\n', path: 'f' },
      { kind: 'echo', text: '7', path: 'f' },
      { kind: 'echo', text: '-x 8\n', path: 'f' },
      { kind: 'echo', text: '\t\n', path: undefined },
    ]);
  });

  it('makes no word of a variable without a value, unless it is in quotes', () => {
    expect(operations('e=\necho $e 5 > f\necho "$e" 5 > f')).toMatchObject([
      { text: '5\n' },
      { text: ' 5\n' },
    ]);
  });

  it('knows which lines have to fail, and where they stand', () => {
    const [first, second] = parseScript('\n! cat a\ncat b\n');
    expect(first).toMatchObject({
      line: 2,
      mustFail: true,
      source: '! cat a',
      operation: { kind: 'cat', paths: ['a'] },
    });
    expect(second).toMatchObject({ line: 3, mustFail: false });
  });

  it('reads hosts with ids as the kernel reads numbers, ranges and card types', () => {
    expect(
      operations(
        'host a adapters=5,0x6,010-9 domains=4 types=05:CEX5C,0a:CEX7P,06:none driver=7.3 apmask=-5 apxa=0',
      ),
    ).toEqual([
      {
        kind: 'host',
        name: 'a',
        settings: {
          driver: '7.3',
          hardware: {
            qci: true,
            apxa: false,
            maxAdapter: 255,
            maxDomain: 255,
            adapters: [5, 6, 8, 9],
            domains: [4],
            controlDomains: [4],
            cards: [
              { adapter: 5, type: 11, mode: 'C' },
              { adapter: 10, type: 13, mode: 'P' },
              { adapter: 6, type: 0, mode: 'C' },
            ],
          },
          boot: { apmask: '-5', aqmask: null },
        },
      },
    ]);
  });

  it('reads guests, hardware, cards and scans', () => {
    expect(
      operations(
        'guest start g ABC\nguest stop g\nguest migrate g\nhardware adapters=\ncard 0A config=0\nscan',
      ),
    ).toEqual([
      { kind: 'guest', action: 'start', guest: 'g', mdev: 'abc' },
      { kind: 'guest', action: 'stop', guest: 'g' },
      { kind: 'guest', action: 'migrate', guest: 'g' },
      { kind: 'hardware', settings: { adapters: [] } },
      { kind: 'card', card: '0a', attribute: 'config', value: '0' },
      { kind: 'scan' },
    ]);
  });

  it.each([
    ['reboot', /line 1: reboot: no such command; there are cd, ls/],
    ['cat a\necho $nobody > f', /line 2: \$nobody was given no value/],
    ['echo "5 > f', /the quote " is not closed/],
    ['cat a | cat', /\| is not understood here/],
    ['echo $(uuidgen) > f', /\$ needs a name/],
    ['echo 5 >', /usage: echo/],
    ['echo 5 > a b', /usage: echo/],
    ['cat a > b', /only echo can write/],
    ['cat', /usage: cat PATH/],
    ['cd', /usage: cd PATH/],
    ['!', /nothing after !/],
    ['host', /usage: host NAME/],
    ['host a adapters=256', /adapters=256: ids are 0 to 255/],
    ['host a adapters=5-4', /5-4 is no id and no range/],
    ['host a adapters=x', /adapters=x: ids are/],
    ['host a colour=red', /colour=red: no such setting; there are adapters=/],
    ['host a adapters=5 adapters=6', /adapters= is given twice/],
    ['host a driver=5.0', /driver=5.0: there are 2019-v2, 5.10, 6.1, 6.8, 6.12, 7.3/],
    ['host a types=05:CEX9C', /types=05:CEX9C: write two hex digits/],
    ['host a apxa=yes', /apxa=yes: write 0 or 1/],
    ['guest start g', /usage: guest start/],
    ['guest dance g', /usage: guest start/],
    ['guest reset', /usage: guest start/],
    ['guest attach g', /usage: guest start/],
    ['modprobe kvm', /usage: modprobe vfio_ap/],
    ['rmmod', /usage: rmmod vfio_ap/],
    ['zeroize by=TKE', /usage: zeroize/],
    ['zeroize 05.0004 by=nobody', /usage: zeroize/],
    ['zeroize card05', /card05 is no queue/],
    ['host reboot now', /usage: host reboot/],
    ['card 5 config=0', /5 is no card/],
    ['card 05 speed=9', /usage: card 05 config/],
    ['scan now', /usage: scan/],
    ['echo a \\', /cannot be continued/],
    ['scan\necho 5>f', /line 2: 5> is a file descriptor for a shell: write "5 >", with a blank/],
    ['scan\ncat card*/config', /line 2: \* is part of a pattern for a shell: write every name out/],
    ['cat card0{5,6}/config', /\{ belongs to braces that a shell expands: write every word out/],
    ['echo "`uuidgen`" > f', /` begins a command for a shell/],
    ['echo 5 > ~/f', /~ is a home directory for a shell: write the path out/],
    ["x='5  6'\necho $x > f", /takes the value of \$x apart, or for a pattern: write "\$x"/],
    ['IFS=,', /IFS means something to the shell: use another name/],
    ["echo -e '5\\n6' > f", /a write of every line of this text: write one echo for each/],
    ["echo -e '\\x35' > f", /after echo -e is not understood: write the character itself/],
    ['echo -n > f', /writes nothing: leave the line out/],
    [`echo ${'5'.repeat(4096)} > f`, /more than 4096 bytes/],
    ['echo é > f', /take ASCII/],
    ['cat -n f', /-n: cat has no options here/],
    ['cd -', /-: cd has no options here/],
    ['echo 5 > ""', /an empty path/],
    ['echo 5 > f\r\nscan', /line 1: ends in a carriage return/],
    ['\ufeffscan', /byte order mark/],
    ['echo \u0000 > f', /has a NUL, or half of a surrogate pair/],
    ['guest stop \ud800', /has a NUL, or half of a surrogate pair/],
    ['echo\u00a05', /no such command/],
    ["printf '5\\n' > f", /no such command; write echo/],
    ['constructor', /no such command; there are/],
    ['host z1..example adapters=5', /a host's name has letters/],
    [`echo ${'5'.repeat(70_000)} > f`, /longer than 65536/],
  ])('is refused whole when it says %j', (text, told) => {
    expect(() => parseScript(text)).toThrow(ScriptError);
    expect(() => parseScript(text)).toThrow(told);
  });
});
