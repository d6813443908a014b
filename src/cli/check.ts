import type { Checked } from '../store/sqlite/care/checked.ts';
import { defineCommand } from './command.ts';
import { requireDatabaseFile } from './database-file.ts';
import { withProgress } from './progress.ts';

export const check = defineCommand({
  summary: 'Check a database or a backup: pages, counts, and whether every sample can be read',
  usage: ['check [--database FILE] [--json]'],
  examples: [
    ['check', 'While the service runs; exit code 1 if something is damaged'],
    ['check --database /backup/hpc-observe.db', 'A backup'],
  ],
  settings: ['database'],
  flags: { json: { help: 'Print JSON: an array of part, looked, damages and advice' } },
  async run({ config, flags, print }) {
    // Imported here, so that the help of this command does not load the store.
    const { checkDatabase } = await import('../store/sqlite/care/check.ts');
    const file = requireDatabaseFile(config.database, 'In PostgreSQL, pg_amcheck checks tables and indexes.');
    const checked = await withProgress('check', ({ show }) => checkDatabase(file, { onProgress: show }));
    print(flags.has('json') ? `${JSON.stringify(checked, undefined, 2)}\n` : describeChecks(checked));
    return checked.some(({ damages }) => damages.length > 0) ? 1 : 0;
  },
});

/** Renders a line for each part, and what is wrong and what to do below it. */
export function describeChecks(checked: readonly Checked[]): string {
  return checked
    .map(({ part, looked, damages, advice }) => {
      const status = damages.length === 0 ? 'ok' : 'damaged';
      const lines = damages.length === 0 ? [] : [...damages, advice];
      return [`${status.padEnd(8)} ${part}: ${looked}`, ...lines.map((line) => `         ${line}`), ''].join(
        '\n',
      );
    })
    .join('');
}
