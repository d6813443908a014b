import { isPostgresAddress, withPassword } from '../domain/database-address.ts';
import { UsageError } from '../domain/errors.ts';
import { formatCount } from '../domain/figures.ts';
import { defineCommand } from './command.ts';
import { withProgress } from './progress.ts';

export const copy = defineCommand({
  summary: 'Copy a database from a file to PostgreSQL, or back, and verify the copy',
  usage: ['copy --from FILE --to ADDRESS', 'copy --from ADDRESS --to FILE'],
  examples: [
    ['copy --from hpc-observe.db --to postgres://observe@db/observe', 'Stop the service first'],
    ['copy --from postgres://observe@db/observe --to hpc-observe.db', 'Back'],
  ],
  settings: ['databasePassword'],
  flags: {
    from: { takes: 'FILE', help: 'What is copied: a file, or postgres://…; it stays as it is' },
    to: {
      takes: 'FILE',
      help: 'Where to: an empty one, or an unfinished copy of the same, which is finished',
    },
  },
  async run({ config: { databasePassword }, flags, print }) {
    const [from, to] = [flags.get('from'), flags.get('to')];
    if (from === undefined || to === undefined)
      throw new UsageError('copy needs --from and --to: a file, and the address of a PostgreSQL database.');
    // Imported here, so that the help of this command does not load the store.
    const { copyDatabase } = await import('../store/copy-database.ts');
    const locate = (place: string) =>
      databasePassword !== null && isPostgresAddress(place) ? withPassword(place, databasePassword) : place;
    const startedMs = performance.now();
    const { rows, rowsBefore, tables, jobs } = await withProgress('copy', (progress) =>
      copyDatabase(locate(from), locate(to), { onProgress: progress.show }),
    );
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    const before = rowsBefore === 0 ? '' : ` (${formatCount(rowsBefore, 'row')} of them before)`;
    print(
      `${formatCount(jobs, 'job')}, ${formatCount(rows, 'row')} in ${tables} tables copied${before}, and verified, in ${seconds} s.\n`,
    );
    return 0;
  },
});
