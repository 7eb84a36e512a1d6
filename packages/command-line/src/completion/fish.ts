/** Completion for fish. */
import type { Program } from '../program.ts';
import { type CommandWords, type Follows, wordsOf } from './words.ts';

/** `apledger completion fish > ~/.config/fish/completions/apledger.fish`. */
export function fishCompletion(program: Program): string {
  const { name } = program;
  const words = wordsOf(program);
  const paths = words.filter(({ path }) => path !== '').map(({ path }) => quoted(path));
  return `# Completion of ${name} for fish. Keep it as ~/.config/fish/completions/${name}.fish
function __${name}_is
    set -l path
    for word in (commandline -opc)[2..-1]
        if contains -- (string trim -- "$path $word") ${paths.join(' ')}
            set path (string trim -- "$path $word")
        end
    end
    test "$path" = "$argv[1]"
end
complete -c ${name} -f
${words.flatMap((each) => linesOf(name, each)).join('')}`;
}

function linesOf(name: string, { path, next, options, positionals }: CommandWords): readonly string[] {
  const here = `complete -c ${name} -n ${quoted(`__${name}_is ${quoted(path)}`)}`;
  const offered = options.map(({ forms, description, value }) => {
    const [long = '', short] = forms;
    const letter = short === undefined ? '' : ` -s ${short.slice(1)}`;
    // Exclusive, or fish offers files where a word is meant.
    const takes = value === undefined ? '' : ` ${value === 'file' ? '-r' : '-x'}${after(value)}`;
    return `${here} -l ${long.slice(2)}${letter}${takes} -d ${quoted(description)}\n`;
  });
  return [
    ...next.map(({ word, description }) => `${here} -a ${word} -d ${quoted(description)}\n`),
    ...(positionals === 'text' ? [] : [`${here}${after(positionals)}\n`]),
    ...offered,
  ];
}

function after(follows: Follows): string {
  if (follows === 'text') return '';
  if (follows === 'file') return ' -F';
  if (follows === 'directory') return " -a '(__fish_complete_directories)'";
  return ` -a ${quoted(follows.words.join(' '))}`;
}

/** In fish, only these two mean something between single quotes. */
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
