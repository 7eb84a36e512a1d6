/** Completion for bash, with nothing but its own `complete` and `compgen`. */
import type { Program } from '../program.ts';
import { type CommandWords, type Follows, quoted, wordsOf } from './words.ts';

/** `source <(apledger completion bash)`, or a file in /etc/bash_completion.d. */
export function bashCompletion(program: Program): string {
  const { name } = program;
  const words = wordsOf(program);
  const paths = words.filter(({ path }) => path !== '').map(({ path }) => quoted(path));
  return `# Completion of ${name} for bash. Load it with: source <(${name} completion bash)
_${name}() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${command:+$command }\${COMP_WORDS[i]}" in
      ${paths.join('|')}) command="\${command:+$command }\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$command" in
${words.map(branch).join('')}  esac
}
complete -F _${name} ${name}
`;
}

function branch({ path, next, options, positionals }: CommandWords): string {
  const takers = options.flatMap(({ forms, value }) =>
    value === undefined ? [] : [`        ${forms.join('|')}) ${reply(value)}; return ;;\n`],
  );
  const offered = [...next.map(({ word }) => word), ...options.flatMap(({ forms }) => forms)];
  const plain = typeof positionals === 'object' ? positionals.words : [];
  const files =
    positionals === 'file'
      ? '      [[ $word == -* ]] || { compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$word"); return; }\n'
      : '';
  const values = takers.length === 0 ? '' : `      case "$before" in\n${takers.join('')}      esac\n`;
  return `    ${quoted(path)})\n${values}${files}      ${reply({ words: [...plain, ...offered] })} ;;\n`;
}

function reply(follows: Follows): string {
  if (follows === 'text') return 'COMPREPLY=()';
  const list = (generate: string) => `mapfile -t COMPREPLY < <(compgen ${generate} -- "$word")`;
  if (follows === 'file') return `compopt -o filenames; ${list('-f')}`;
  if (follows === 'directory') return `compopt -o filenames; ${list('-d')}`;
  return list(`-W ${quoted(follows.words.join(' '))}`);
}
