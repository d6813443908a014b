import type { Checked } from '../domain/checked.ts';
import { isPostgresAddress } from '../domain/database-address.ts';
import { DATABASE_KEYS, locateDatabase } from '../settings/database.ts';
import { defineCommand } from './command.ts';
import { withProgress } from './progress.ts';

export const check = defineCommand({
  summary: 'Check a database or a backup: pages, counts, and whether every sample can be read',
  usage: ['check [--database PLACE] [--json]'],
  examples: [
    ['check', 'While the service runs; exit code 1 if something is damaged'],
    ['check --database /backup/hpc-observe.db', 'A backup'],
    [
      'check --database postgres://hpc_observe@db/hpc_observe',
      'All but pages and indexes, which pg_amcheck checks',
    ],
  ],
  settings: DATABASE_KEYS,
  flags: { json: { help: 'Print JSON: an array of part, looked, damages and advice' } },
  async run({ config, flags, print }) {
    // Imported here, so that the help of this command does not load the store.
    const { checkDatabase } = isPostgresAddress(config.database)
      ? await import('../store/postgres/care/check.ts')
      : await import('../store/sqlite/care/check.ts');
    const checked = await withProgress('check', ({ show }) =>
      checkDatabase(locateDatabase(config), { onProgress: show }),
    );
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
