import { formatBytes } from '../domain/figures.ts';
import { defineCommand } from './command.ts';
import { requireDatabaseFile } from './database-file.ts';
import { showCopy, withProgress } from './progress.ts';

export const restore = defineCommand({
  summary: 'Put a backup in the place of the database, after verifying it; keep the old one',
  usage: ['restore FILE [--database FILE]'],
  examples: [['restore /backup/hpc-observe.db', 'Stop the service first']],
  settings: ['database'],
  operands: ['FILE'],
  async run({ config, operands, print }) {
    const file = requireDatabaseFile(
      config.database,
      'Stop the service; pg_restore --clean --if-exists --dbname=ADDRESS FILE reads what pg_dump wrote.',
    );
    // Imported here, so that the help of this command does not load the store.
    const { restoreDatabase } = await import('../store/sqlite/care/restore.ts');
    const { jobs, bytes, before } = await withProgress('restore', (progress) =>
      restoreDatabase(operands[0]!, file, Date.now(), { onProgress: showCopy(progress) }),
    );
    const kept = before === undefined ? '' : ` The old database is ${before}; delete it when all is well.`;
    print(`${file}: ${jobs} jobs, ${formatBytes(bytes)}, verified.${kept}\n`);
    return 0;
  },
});
