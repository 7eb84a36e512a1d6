/** Completion for zsh, by its `_arguments`. */
import type { Program } from '../program.ts';
import { type CommandWords, type Follows, quoted, wordsOf } from './words.ts';

/** A file `_apledger` in a directory of $fpath, or `source <(apledger completion zsh)` after compinit. */
export function zshCompletion(program: Program): string {
  const { name } = program;
  const words = wordsOf(program);
  return `#compdef ${name}
# Completion of ${name} for zsh. Keep it as _${name} in a directory of $fpath, or load it after compinit with:
#   source <(${name} completion zsh)
${words.map((each) => functionOf(name, each)).join('')}if [[ $funcstack[1] == _${name} ]]; then
  _${name} "$@"
else
  compdef _${name} ${name}
fi
`;
}

const functionName = (name: string, path: string): string =>
  path === '' ? `_${name}` : `_${name}_${path.replaceAll(/[ -]/g, '_')}`;

function functionOf(name: string, { path, next, options, positionals }: CommandWords): string {
  const specs = options.flatMap(({ forms, description, value }) =>
    forms.map((form) =>
      quoted(`${form}[${escaped(description)}]${value === undefined ? '' : `:${after(value)}`}`),
    ),
  );
  if (next.length === 0) {
    const rest = positionals === 'text' ? [] : [quoted(`*:${after(positionals)}`)];
    return `${functionName(name, path)}() {\n  _arguments ${[...specs, ...rest].join(' \\\n    ')}\n}\n`;
  }
  const commands = next.map(({ word, description }) => quoted(`${word}:${escaped(description)}`));
  const prefix = path === '' ? '' : `${path} `;
  const branches = next.map(({ word }) => `        ${word}) ${functionName(name, prefix + word)} ;;\n`);
  return `${functionName(name, path)}() {
  local curcontext="$curcontext" state line
  typeset -A opt_args
  _arguments -C ${[...specs, "'1: :->command'", "'*:: :->rest'"].join(' \\\n    ')}
  case $state in
    command)
      local -a commands=(
        ${commands.join('\n        ')}
      )
      _describe command commands
      ;;
    rest)
      case $line[1] in
${branches.join('')}      esac
      ;;
  esac
}
`;
}

function after(follows: Follows): string {
  if (follows === 'text') return 'value:';
  if (follows === 'file') return 'file:_files';
  if (follows === 'directory') return 'directory:_files -/';
  return `value:(${follows.words.join(' ')})`;
}

/** Brackets and colons end a part of a specification. */
const escaped = (text: string): string => text.replaceAll(/[\\[\]:]/g, '\\$&');
