import { readFileSync } from 'node:fs';
import { findCommand, runCommand } from '../../src/cli/commands.ts';

/**
 * Runs a command line as main.ts does; returns its exit
 * code and what it wrote to stdout, or throws its error.
 */
export async function runLine(line: readonly string[], env: Record<string, string | undefined> = {}) {
  let output = '';
  const exitCode = await runCommand(findCommand(line), {
    env,
    readFile: (path) => readFileSync(path, 'utf8'),
    print: (text) => {
      output += text;
    },
  });
  return { exitCode, output };
}
