/** `apledger completion SHELL`, `apledger man`: what a shell and a reader need, made from the definitions of the commands. */
import {
  type Command,
  command,
  completion,
  Failure,
  manualPage,
  type Program,
  SHELLS,
} from '@apledger/command-line';

/** `program` is asked when they run: they are commands of it themselves. */
export const manualCommands = (program: () => Program): readonly Command[] => [
  command({
    name: 'completion',
    summary: 'print a script with which a shell completes commands, options and files',
    positionals: [{ name: 'shell', description: SHELLS.join(', '), choices: SHELLS }],
    examples: [
      'source <(apledger completion bash)',
      "apledger completion zsh > '/usr/local/share/zsh/site-functions/_apledger'",
      'apledger completion fish > ~/.config/fish/completions/apledger.fish',
    ],
    run: async ({ shell }, { output }) => {
      const known = SHELLS.find((each) => each === shell);
      if (known === undefined) throw new Failure(2, `completion ${shell}: there are ${SHELLS.join(', ')}.`);
      output.out(completion(known, program()));
      return 0;
    },
  }),
  command({
    name: 'man',
    summary: 'print the manual page, for man -l',
    examples: ['apledger man | man -l -', 'apledger man > /usr/local/share/man/man1/apledger.1'],
    run: async (_, { output }) => {
      output.out(manualPage(program()));
      return 0;
    },
  }),
];
