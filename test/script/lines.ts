// biome-ignore-all lint/suspicious/noTemplateCurlyInString: lines for a shell
/** Lines as people type them, and as they mistype them: every construct of bash that could pass for text, in every place for it. */

/** What may stand where a value stands. */
// biome-ignore format: groups of one kind
export const VALUES: readonly string[] = [
  '5', '-5', '+5,6', '0x05', 'a.b/c:d', 'x=1', '=', '%', '^', '!', ',', '.', '..', '-', ']', '@',
  '#n', 'a#b', "''#c", '$e#d', '\\#e', '"#f"',
  '-n', '-e', '-ne', '-en', '-E', '-nE', '-eE', '-nn', '-x', '--', '"-n"', '\\-n', "''-n",
  "'5 6'", '"5  6"', "''", '""', 'a"b"c', "a'b'c", '"a\'b"', '\'a"b\'', '"\\""', "'a\\b'", '"a\\b"', '"\\\\"',
  '\\5', '\\ ', '\\$x', '\\"', "\\'", '\\\\', '\\>', '\\*', '\\~', '\\{', '5\\', "'open", '"open',
  '$x', '${x}', '$x$x', '"$x"', "'$x'", '"\\$x"', '$e', '"$e"', '$e$x', '$s', '"$s"', '$g', '"$g"', '$b', '"$b"',
  '$nobody', '$1', '$$', '$?', '$!', '$#', '$@', '${x:-7}', '${#x}', '${x', '$', '"$"', '$IFS', '$RANDOM',
  '$(echo 9)', '"$(echo 9)"', '`echo 9`', '"`echo 9`"', '"\\`"', '$((1+2))', "$'\\t'", '$"a"', '<(echo 9)',
  '~', '~root', 'a=~', 'a:~', 'a~', '"~"', '*', '?', '[ab]', '[!z]', '"*"', '{a,b}', '{1..3}', '{}', '{', '}', '!(a)',
  '\\n', '"6\\n"', "'\\t7'", "'5\\n6'", '"\\x41"', '"\\0101"', '"8\\c9"', '"\\q"', "'\\\\n'",
  'é', '5\u00a06', '5\u20286', '5\u30006', '\ufeff5', '5\r', '5\v6', '5\u00856', '\u202e5', '👍',
  '\u001b[31m5', "'\u001b[31m5'", '5\u00016', '5\u007f6', '5\u00086', '5\f6',
];

/** What may follow: where to, and what comes after. */
// biome-ignore format: groups of one kind
export const ENDS: readonly string[] = [
  '', ' ', '\t', ' # > f', ' > f', '>f', ' >f', '> f', ' >> f', '>>f', ' > d/f', ' > ./f', ' > nosuch/f', ' > d',
  ' >| f', ' >>> f', ' > > f', ' 2> f', ' 1> f', ' 5>f', ' 5 >f', ' "5">f', ' \\5>f', ' $x>f', ' 5$e>f', ' a5>f', ' 05>f',
  ' &> f', ' >& f', ' 2>&1 > f', ' > f 2>&1', ' {x}> f', ' < f', ' << f', ' <<< f', ' <> f', ' >&2', ' > &f',
  ' > $x', ' > $e', ' > "$s"', ' > $s', ' > $g', ' > ""', " > 'a b'", ' > a\\ b', ' > *', ' > {f,g}', ' > ~', ' > $(echo f)',
  ' > f g', ' > f > g', ' >#f', ' > #f', ' > f # > g', ' > f#', ' > f;', ' > f &', ' > f | cat', ' > f && echo 1 > g',
  ' > f || echo 1 > g', ' > f\r', ' > f\\', ' > f \\ ', '\r', ';', ' ;; ', ')', ' }', ' > "f', " > f'",
];

/** What may stand before: the command among it. */
// biome-ignore format: groups of one kind
export const BEGINNINGS: readonly string[] = [
  'echo ', 'echo\t', '  echo ', '\techo ', 'echo  5 ', 'echo -n ', 'echo -e ', 'echo -ne ', 'echo -nE -e ', 'echo',
  '! echo ', '!echo ', '!  echo ', '! ! echo ', '"echo" ', "'echo' ", 'e\\cho ', 'e""cho ', '$c ', '$e echo ', '$e', '"$e" echo ',
  'y=1 echo ', '> f echo ', 'time echo ', 'exec echo ', 'command echo ', 'builtin echo ', 'if true; then echo ', '( echo ', '{ echo ',
  'printf ', 'tee ', 'cat ', 'cat d ', 'ls ', 'readlink ', 'cd ', 'sudo echo ', ': ', '\u00a0echo ', '\ufeffecho ',
];

/** Lines that end in an assignment or go elsewhere first: the value is put in. */
const FRAMES: readonly ((value: string) => readonly string[])[] = [
  (value) => [`y=${value}`, 'echo "$y" > f'],
  (value) => [`y=${value}`, 'echo $y > f'],
  (value) => [`y=a${value}b # c`, "echo $y'$y'${y}z > $y"],
  (value) => [`"y"=${value}`, 'echo 1 > f'],
  (value) => [`y+=${value}`, 'echo 1 > f'],
  (value) => [`$e y=${value}`, 'echo 1 > f'],
  (value) => [`y=1 z=${value}`, 'echo "$z" > f'],
  (value) => [`IFS=${value}`, 'echo $b > f'],
  (value) => ['cd d', `echo ${value} > f`],
  (value) => ['cd ./d//../d/.', `echo ${value} > ../f`],
  (value) => [`cd ${value}`, 'echo 1 > f'],
];

/** What every case begins with. */
export const PROLOGUE = ['x=5', 'e=', "s='5  6'", "g='*'", "b='a\\b'", 'c=echo'].join('\n');

/** Numbers that look random and are the same for the same seed. */
export function randomly(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/**
 * So many cases, each of a few lines. First every value with a plain beginning and end, in every frame, then every end and every
 * beginning with a plain value, then all three drawn with several values in one line.
 */
export function casesOf(count: number, seed: number): string[] {
  const draw = randomly(seed);
  const one = (from: readonly string[]): string => from[draw(from.length)] ?? '';
  const cases = [
    ...VALUES.flatMap((value) => [
      `echo ${value} > f`,
      `echo ${value}>f`,
      `echo -e ${value} > f`,
      `echo ${value}`,
    ]),
    ...VALUES.flatMap((value) => FRAMES.map((frame) => frame(value).join('\n'))),
    ...ENDS.flatMap((end) => [`echo 5${end}`, `echo${end}`, `echo -n${end}`, `cat f${end}`]),
    ...BEGINNINGS.flatMap((beginning) => [`${beginning}5 > f`, `${beginning}-n > f`, `${beginning}5`]),
  ];
  while (cases.length < count) {
    const values = Array.from(
      { length: 1 + draw(3) },
      () => `${one(VALUES)}${one([' ', ' ', '  ', '\t', ''])}`,
    );
    const end = one(draw(2) === 0 ? [' > f', '> f', ' >f', '>f'] : ENDS);
    cases.push(`${draw(3) > 0 ? 'echo ' : one(BEGINNINGS)}${values.join('')}${end}`);
  }
  return cases;
}
