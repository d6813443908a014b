import { existsSync, statSync } from 'node:fs';
import { isPostgresAddress, withoutPassword } from '../domain/database-address.ts';
import { AppError, DatabaseInUse, OperatorError, UsageError } from '../domain/errors.ts';
import type { Report } from '../domain/report.ts';
import type { BatchResult } from '../domain/store/batch.ts';
import { parseTime } from '../domain/time.ts';
import { DATABASE_KEYS, locateDatabase } from '../settings/database.ts';
import { type ImportSink, readAccounting, readSavedAccounting } from '../slurm/follow/accounting.ts';
import { slurmCommands } from '../slurm/follow/commands.ts';
import type { Unreadable } from '../slurm/records/unreadable.ts';
import { defineCommand, type Input } from './command.ts';
import { type Progress, progressOf } from './progress.ts';

/** Reports in one commit. A page of an index that several of them change is written once. */
const BATCH_REPORTS = 20_000;
/** Nodes of the reports in one commit, which bounds its memory. */
const BATCH_NODES = 1_000_000;
/** Holds all pages that a commit changes, also among millions of jobs. */
const CACHE_BYTES = 256_000_000;
/** Reasons shown of refused and unreadable records. */
const SHOWN_REASONS = 5;

interface ImportArguments {
  readonly sinceMs: number | undefined;
  readonly untilMs: number;
  readonly file: string | undefined;
}

type ImportInput = Input<'database' | 'databasePassword' | 'slurmBin'>;

export const slurmImport = defineCommand({
  summary: 'Import past jobs from Slurm’s accounting (sacct) into the database',
  usage: ['slurm import --since DATE [--until DATE] [settings]', 'slurm import --file FILE [settings]'],
  examples: [
    ['slurm import --since 2026-01-01', 'All jobs since then, from sacct; stop the service first'],
    [
      'slurm import --file jobs.txt --database /var/lib/hpc-observe/hpc-observe.db',
      'What sacct printed elsewhere',
    ],
  ],
  settings: [...DATABASE_KEYS, 'slurmBin'],
  flags: {
    since: {
      takes: 'DATE',
      help: 'First day or time, such as 2026-01-20 or 2026-01-20T10:00Z (UTC without a zone)',
    },
    until: { takes: 'DATE', help: 'Last time (now)' },
    file: { takes: 'FILE', help: 'The saved output of sacct -p with a header line; - reads stdin' },
  },
  run: importJobs,
});

/**
 * Writes straight to the database, which no service may have open meanwhile. Known records change nothing.
 */
async function importJobs({ config, flags, env, print }: ImportInput): Promise<number> {
  const startedMs = performance.now();
  const source = openSource(readArguments(flags), config.slurmBin, env);
  const tally = new Tally();
  const progress = progressOf('slurm import');
  const store = await openForImport(locateDatabase(config));
  try {
    const sink = batchSink((reports) => store.applyReports(reports), tally, progress);
    await source(sink);
    await sink.finish();
  } catch (error) {
    progress.clear();
    if (tally.records > 0) print(tally.describe(startedMs, 'The import is incomplete. '));
    throw error instanceof AppError ? new OperatorError(error.message, { cause: error }) : error;
  } finally {
    await store.close();
  }
  progress.clear();
  print(tally.describe(startedMs, ''));
  return 0;
}

type ReadSource = (sink: ImportSink) => Promise<void>;

/** Finds where the records come from, before the database is opened. */
function openSource(
  { sinceMs, untilMs, file }: ImportArguments,
  slurmBin: string | null,
  env: ImportInput['env'],
): ReadSource {
  const nowMs = Date.now();
  if (file === undefined) {
    const commands = slurmCommands({ env, now: () => Date.now(), folder: slurmBin ?? undefined });
    if (!commands.has('sacct')) {
      throw new OperatorError(
        `There is no sacct in ${commands.folders.join(', ')}. Give its folder with --slurm-bin, or its saved output with --file.`,
      );
    }
    return (sink) => readAccounting(commands, { fromMs: sinceMs!, toMs: untilMs, nowMs }, sink);
  }
  if (file !== '-' && !existsSync(file)) throw new OperatorError(`There is no file ${file}.`);
  // Its size is unknown; a folder or a pipe would be read as if it were empty.
  if (file !== '-' && !statSync(file).isFile())
    throw new OperatorError(`${file} is not a file that can be imported; --file - reads standard input.`);
  const saved = file === '-' ? Bun.stdin : Bun.file(file);
  const bytes = file === '-' ? undefined : saved.size;
  return (sink) => readSavedAccounting(saved.stream(), { bytes, nowMs }, sink);
}

/** Delivers records in batches of one size; one is written while the next is read. */
function batchSink(
  apply: (reports: readonly Report[]) => Promise<BatchResult>,
  tally: Tally,
  progress: Progress,
) {
  const waiting: Report[] = [];
  let nodes = 0;
  let writing: Promise<void> = Promise.resolve();

  async function write(reports: readonly Report[]): Promise<void> {
    await writing;
    writing = apply(reports).then((result) => tally.add(result));
    // Reported at the next await.
    writing.catch(() => {});
  }

  return {
    async deliver(reports: readonly Report[]): Promise<void> {
      for (const report of reports) {
        waiting.push(report);
        nodes += report.nodes?.length ?? 0;
        if (waiting.length < BATCH_REPORTS && nodes < BATCH_NODES) continue;
        nodes = 0;
        await write(waiting.splice(0));
      }
    },
    onUnreadable: ({ count, examples }: Unreadable) => tally.addUnreadable(count, examples),
    onProgress: (done: number | undefined) => progress.show(done, `${tally.records} records`),
    /** Resolves when all of it is on disk. */
    async finish(): Promise<void> {
      await write(waiting.splice(0));
      await writing;
    },
  };
}

async function openForImport(database: string) {
  const name = withoutPassword(database);
  const owner = !isPostgresAddress(database) && existsSync(database) ? statSync(database).uid : undefined;
  if (process.getuid?.() === 0 && owner !== undefined && owner !== 0) {
    throw new OperatorError(
      `${database} does not belong to root, and the service could not use files that root creates beside it. ` +
        `Run this command as its owner: sudo -u '#${owner}' hpc-observe slurm import ...`,
    );
  }
  // Imported here, so that the help of this command does not load the store.
  const { openStore } = await import('../store/open.ts');
  try {
    return await openStore(database, {
      cacheBytes: CACHE_BYTES,
      areBatchesWhole: true,
      onNotice: ({ message }) => process.stderr.write(`hpc-observe: ${message}\n`),
    });
  } catch (error) {
    if (!(error instanceof DatabaseInUse)) throw error;
    throw new OperatorError(
      `${name} is in use by a running hpc-observe. Stop it for the time of the import (systemctl stop ` +
        'hpc-observe). Events of Slurm are stored when it starts again.',
      { cause: error },
    );
  }
}

/** Counts the outcomes of the records. */
class Tally {
  readonly #counts = { stored: 0, repeated: 0, refused: 0, unreadable: 0 };
  readonly #reasons: string[] = [];

  get records(): number {
    const { stored, repeated, refused } = this.#counts;
    return stored + repeated + refused;
  }

  add({ stored, repeated, refused, refusals }: BatchResult): void {
    this.#counts.stored += stored;
    this.#counts.repeated += repeated;
    this.#counts.refused += refused;
    this.#reasons.push(...refusals.map(({ message }) => message).slice(0, this.#room));
  }

  addUnreadable(count: number, first: readonly string[]): void {
    this.#counts.unreadable += count;
    this.#reasons.push(...first.slice(0, this.#room));
  }

  get #room(): number {
    return Math.max(0, SHOWN_REASONS - this.#reasons.length);
  }

  /** Renders the lines at the end. */
  describe(startedMs: number, opening: string): string {
    const { stored, repeated, refused, unreadable } = this.#counts;
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    const isNothing = stored === 0 && repeated > 0 ? 'Nothing is new. ' : '';
    const counts = `${stored} stored, ${repeated} known, ${refused} refused, ${unreadable} unreadable`;
    const reasons = this.#reasons.map((reason) => `  ${reason}\n`).join('');
    return `${opening}${isNothing}Records of sacct: ${counts}, in ${seconds} s.\n${reasons}`;
  }
}

function readArguments(flags: ReadonlyMap<string, string>): ImportArguments {
  const [since, until, file] = [flags.get('since'), flags.get('until'), flags.get('file')];
  if ((since === undefined) === (file === undefined)) {
    throw new UsageError(
      'slurm import needs either --since DATE, to ask sacct, or --file FILE, its saved output.',
    );
  }
  if (file !== undefined && until !== undefined)
    throw new UsageError('--until cannot be combined with --file.');
  const sinceMs = since === undefined ? undefined : readTime('--since', since);
  const untilMs = until === undefined ? Date.now() : readTime('--until', until);
  if (sinceMs !== undefined && sinceMs >= untilMs) throw new UsageError('--since must be before --until.');
  return { sinceMs, untilMs, file };
}

function readTime(flag: string, given: string): number {
  const timeMs = parseTime(given);
  if (timeMs !== undefined) return timeMs;
  throw new UsageError(
    `${flag} must be a date such as 2026-01-20 or 2026-01-20T10:00Z, not ${JSON.stringify(given)}.`,
  );
}
