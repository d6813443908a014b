import { expect, test } from 'bun:test';
import { findCommand } from '../../src/cli/commands.ts';
import { UsageError } from '../../src/domain/errors.ts';

const SECRET = 'correct-horse';
const SEE = '; see hpc-observe help.';
const LINES: [line: string[], message: string][] = [
  [['sevre'], '"sevre" is not a command. Did you mean hpc-observe serve?'],
  [['slurm', 'chekc'], '"chekc" is not a subcommand of slurm. Did you mean hpc-observe slurm check?'],
  [['--port=9000', '--demo'], '--port is not a command. Did you mean hpc-observe serve --port …?'],
  [['--token-file', '/t', `--token=${SECRET}`], `--token-file is not a command${SEE}`],
  [[`--token=${SECRET}`], `--token is not a command${SEE}`],
  [['--port', '1', '--token', SECRET], '--port is not a command. Did you mean hpc-observe serve --port …?'],
  [[SECRET], `The first word is not a command${SEE}`],
  [[`-p${SECRET}`], `The first word is not a command${SEE}`],
  [[`token=${SECRET}`, 'serve'], `The first word is not a command${SEE}`],
  [['slurm', SECRET], 'The second word is not a subcommand of slurm. There is hooks, check or import.'],
  [
    ['slurm', `--x=${SECRET}`],
    'The second word is not a subcommand of slurm. There is hooks, check or import.',
  ],
];
test.each(LINES)('the command line %j is refused without a value that may be a secret', (line, message) => {
  expect(() => findCommand(line)).toThrow(UsageError);
  expect(() => findCommand(line)).toThrow(new RegExp(`^${message.replaceAll(/[().?]/g, '\\$&')}$`));
});
