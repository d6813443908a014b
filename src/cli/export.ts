import { UsageError } from '../domain/errors.ts';
import { formatCount } from '../domain/figures.ts';
import { parseTime } from '../domain/time.ts';
import type { ExportSource } from '../export/days.ts';
import { FORMATS, TABLES } from '../export/table.ts';
import { createAsker } from './asker.ts';
import { defineCommand } from './command.ts';
import { progressOf } from './progress.ts';
import { PROOF_SETTINGS } from './proof.ts';

const DAY_MS = 86_400_000;

export const exportDays = defineCommand({
  summary: 'Write jobs that ended, their summaries and samples to files, one a day',
  usage: ['export FOLDER --since DATE [--until DATE] [--tables NAMES] [--format parquet|ndjson] [settings]'],
  examples: [
    ['export /data/jobs --since 2026-01-01', 'FOLDER/jobs/2026-01-01.parquet and so on, to yesterday'],
    [
      'export /data/jobs --since 2026-01-01 --tables samples --format ndjson',
      'Samples as JSON lines, as ClickHouse and jq read them',
    ],
  ],
  settings: PROOF_SETTINGS,
  flags: {
    since: { takes: 'DATE', help: 'First day, such as 2026-01-20 (UTC)' },
    until: { takes: 'DATE', help: 'Day after the last (today)' },
    tables: { takes: 'NAMES', help: `Some of ${TABLES.join(',')}; the first two if left out` },
    format: { takes: 'FORMAT', help: `${FORMATS.join(' or ')} (parquet)` },
  },
  operands: ['FOLDER'],
  async run({ config, flags, operands, print }) {
    const [fromMs, toMs] = readDays(flags.get('since'), flags.get('until'));
    const tables = (flags.get('tables') ?? 'jobs,summaries')
      .split(',')
      .map((name) => oneOf('--tables', name, TABLES));
    const format = oneOf('--format', flags.get('format') ?? 'parquet', FORMATS);
    const ask = await createAsker(config);
    // Imported here, so that the help of this command does not load the writer of Parquet.
    const { exportDays: writeDays } = await import('../export/days.ts');
    const source: ExportSource = {
      listJobs: (query) => ask((client) => client.listJobs(query)),
      summarize: (jobId) => ask((client) => client.summarizeJob(jobId)),
      async *streamSamples(jobId) {
        yield* await ask(async (client) => client.streamSamples(jobId));
      },
    };
    const progress = progressOf('export');
    try {
      const options = { folder: operands[0]!, tables, format, fromMs, toMs, onProgress: progress.show };
      for await (const { path, rows } of writeDays(source, options)) {
        progress.clear();
        print(`${path}: ${formatCount(rows, 'row')}\n`);
      }
    } finally {
      progress.clear();
    }
    return 0;
  },
});

/** Whole days of UTC. */
function readDays(since: string | undefined, until: string | undefined): [fromMs: number, toMs: number] {
  if (since === undefined) throw new UsageError('export needs --since DATE, the first day.');
  const fromMs = readDay('--since', since);
  const toMs = until === undefined ? floorToDay(Date.now()) : readDay('--until', until);
  if (fromMs >= toMs)
    throw new UsageError('--since must be a day before --until; without it, before today (UTC).');
  return [fromMs, toMs];
}

function readDay(flag: string, given: string): number {
  const timeMs = parseTime(given);
  if (timeMs !== undefined && timeMs % DAY_MS === 0) return timeMs;
  throw new UsageError(`${flag} must be a day such as 2026-01-20, not ${JSON.stringify(given)}.`);
}

const floorToDay = (timeMs: number): number => timeMs - (timeMs % DAY_MS);

function oneOf<const Name extends string>(flag: string, given: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === given);
  if (found !== undefined) return found;
  throw new UsageError(`${flag}: ${JSON.stringify(given)} is none of ${names.join(', ')}.`);
}
