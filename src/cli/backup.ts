import { existsSync } from 'node:fs';
import { OperatorError, UsageError } from '../domain/errors.ts';
import { formatBytes } from '../domain/figures.ts';
import { defineCommand } from './command.ts';
import { requireDatabaseFile } from './database-file.ts';
import { showCopy, withProgress } from './progress.ts';

/** MB a second; leaves a disk free for a service that commits meanwhile. */
const DEFAULT_RATE = 100;

export const backup = defineCommand({
  summary: 'Copy the database to a file while the service runs, and verify the copy',
  usage: ['backup FILE [--rate MB] [--replace] [--database FILE]'],
  examples: [
    ['backup /backup/hpc-observe.db', 'All that was acknowledged before; 100 MB a second at most'],
    ['backup /backup/monday.db --replace', 'Over the one of last week, once the new one is verified'],
  ],
  settings: ['database'],
  flags: {
    rate: { takes: 'MB', help: `MB a second at most (${DEFAULT_RATE}); 0: without a limit` },
    replace: { help: 'Replace FILE if it exists' },
  },
  operands: ['FILE'],
  async run({ config, flags, operands, print }) {
    const database = requireDatabaseFile(
      config.database,
      'While the service runs, pg_dump --format=custom --file=FILE ADDRESS makes a consistent copy of one database, and pg_basebackup --pgdata=FOLDER of the whole server.',
    );
    const file = operands[0]!;
    const rate = readRate(flags.get('rate'));
    if (existsSync(file) && !flags.has('replace'))
      throw new OperatorError(`${file} exists. Name another file, or add --replace.`);
    // Imported here, so that the help of this command does not load the store.
    const { copyDatabase } = await import('../store/sqlite/care/copy.ts');
    const startedMs = performance.now();
    const { bytes, jobs } = await withProgress('backup', (progress) =>
      copyDatabase(database, file, {
        ...(rate > 0 && { bytesPerSecond: rate * 1e6 }),
        onProgress: showCopy(progress),
      }),
    );
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    print(`${file}: ${jobs} jobs, ${formatBytes(bytes)}, verified, in ${seconds} s.\n`);
    return 0;
  },
});

function readRate(given: string | undefined): number {
  if (given === undefined) return DEFAULT_RATE;
  if (/^\d+(\.\d+)?$/.test(given)) return Number(given);
  throw new UsageError(`--rate must be a number of MB a second, such as 50, not ${JSON.stringify(given)}.`);
}
