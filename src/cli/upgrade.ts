import { isPostgresAddress } from '../domain/database-address.ts';
import { OperatorError, UsageError } from '../domain/errors.ts';
import { formatBytes } from '../domain/figures.ts';
import { DATABASE_KEYS, locateDatabase } from '../settings/database.ts';
import { defineCommand } from './command.ts';
import { showCopy, withProgress } from './progress.ts';

export const upgrade = defineCommand({
  summary: 'Try on a copy whether this executable can migrate the database, or migrate one in PostgreSQL',
  usage: [
    'upgrade --rehearse [--in FOLDER] [--database FILE]',
    'upgrade --database postgres://OWNER@HOST/NAME',
  ],
  examples: [
    ['upgrade --rehearse', 'While the service runs; the database stays as it is'],
    [
      'upgrade --database postgres://hpc_observe_owner@db.example.org/hpc_observe',
      'As the owner of the tables, where the service may not create any; stop the service first',
    ],
  ],
  settings: DATABASE_KEYS,
  flags: {
    rehearse: { help: 'Migrate a copy; the database itself is migrated when the service starts' },
    in: { takes: 'FOLDER', help: 'Where to put the copy (the folder of the database)' },
  },
  async run({ config, flags, print }) {
    if (isPostgresAddress(config.database)) {
      if (flags.has('rehearse'))
        throw new OperatorError(
          'In PostgreSQL, restore a copy with pg_dump and pg_restore, and run hpc-observe upgrade --database on the copy.',
        );
      const { upgradePostgres } = await import('../store/postgres/inspect.ts');
      print(`${await upgradePostgres(locateDatabase(config))}\n`);
      return 0;
    }
    if (!flags.has('rehearse'))
      throw new UsageError(
        'The service migrates its database when it starts. Add --rehearse to try it on a copy.',
      );
    // Imported here, so that the help of this command does not load the store.
    const { rehearseUpgrade } = await import('../store/sqlite/care/rehearse.ts');
    const { from, to, bytes, migrateSeconds } = await withProgress('upgrade', (progress) =>
      rehearseUpgrade(config.database, flags.get('in'), { onProgress: showCopy(progress) }),
    );
    print(
      from >= to
        ? `${config.database} has version ${from} already; this executable has nothing to migrate.\n`
        : `Version ${from} of ${config.database} (${formatBytes(bytes)}) became version ${to} in ${migrateSeconds.toFixed(1)} s. ` +
            'The first start of this executable takes that much longer.\n',
    );
    return 0;
  },
});
