import { readFileSync } from 'node:fs';
import { findCommand, runCommand } from './cli/commands.ts';
import { ReaderGone, writeOutput } from './cli/output.ts';
import { OperatorError, UsageError } from './domain/errors.ts';

/**
 * Runs one command line; returns its exit code: 0 done, 1
 * the surroundings do not allow it, 2 it is not understood.
 */
async function run(line: readonly string[]): Promise<number> {
  try {
    return await runCommand(findCommand(line), {
      env: process.env,
      readFile: (path) => readFileSync(path, 'utf8'),
      print: writeOutput,
    });
  } catch (error) {
    if (error instanceof ReaderGone) return 0;
    if (!(error instanceof OperatorError)) throw error;
    for (const sentence of error.message.split('\n')) process.stderr.write(`hpc-observe: ${sentence}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

// Elysia reads this when it is imported; a build fixes process.env.NODE_ENV, but not Bun.env.
Bun.env.NODE_ENV ??= 'production';
process.exit(await run(process.argv.slice(2)));
