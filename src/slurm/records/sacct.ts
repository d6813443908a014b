import type { Report } from '../../domain/report.ts';
import { formatTime } from '../../domain/time.ts';
import { type Header, looksRight, readHeader, splitRecord } from './sacct-header.ts';
import { createRunReader, type ReadRun } from './sacct-record.ts';
import { FaultList, type Faults } from './unreadable.ts';

/** Columns that every sacct since 21.08 has. */
const COLUMNS = [
  'JobIDRaw',
  'JobID',
  'Cluster',
  'User',
  'Account',
  'Partition',
  'QOS',
  'State',
  'ExitCode',
  'Submit',
  'Start',
  'End',
  'TimelimitRaw',
  'NodeList',
  'AllocTRES',
  'ReqTRES',
  'Reason',
  'JobName',
  'WorkDir',
  'Suspended',
  'Eligible',
];
/** Since 21.08, 24.11 and 26.05; an older sacct refuses the whole call for a column that it does not know. */
const NEWER_COLUMNS = ['Restarts', 'SLUID', 'OriginalSLUID', 'SubmitLine'];

/** What to ask sacct for, of the columns that `sacct --helpformat` lists in `help`. */
export function sacctColumns(help: string): string[] {
  const known = new Set(help.split(/\s+/));
  return [...COLUMNS, ...NEWER_COLUMNS.filter((column) => known.has(column))];
}

/** Which jobs: these, or those of a span of time. */
export type SacctChoice =
  | { readonly ids: readonly string[] }
  | { readonly fromMs: number; readonly toMs: number; readonly states?: string };

/** How a job can end that never was eligible to run. */
export const ENDS_OF_WAITS = 'CANCELLED,DEADLINE';

/**
 * The arguments of sacct that print the runs of jobs, requeued ones too (`-D`), without steps (`-X`), columns ended by
 * `mark`, and a header, by which the reader knows the columns. To be run with `SLURM_TIME_FORMAT=%s`, `TZ=UTC`, `LC_ALL=C`
 * and nothing else of the environment.
 *
 * By a span of time sacct finds jobs that were eligible to run in it, and none that was held or waited for another job
 * until it was cancelled. It finds those by their ids, or by `states`, with which it takes the jobs that ended so in the span, at
 * the price of a reading of its whole table.
 */
export function sacctArguments(columns: readonly string[], mark: string, choice: SacctChoice): string[] {
  const chosen =
    'ids' in choice
      ? ['-j', choice.ids.join(',')]
      : ['-S', formatTime(choice.fromMs).slice(0, 19), '-E', formatTime(choice.toMs).slice(0, 19)].concat(
          choice.states === undefined ? [] : ['-s', choice.states],
        );
  return ['-a', '-X', '-D', '-p', `--delimiter=${mark}`, ...chosen, '-o', columns.join(',')];
}

export interface SacctReader {
  /** The reports of the records that end in the next piece of the output. */
  read(text: string): Report[];
  /** Those of what is left after the last piece. */
  finish(): Report[];
  readonly faults: Faults;
}

/** No record is as long: a longer one is damage, and not to be kept in memory until its end. */
const MAX_RECORD = 4 * 1024 * 1024;
/** Nor has one as many lines: a script given as `--wrap`. */
const MAX_LINES = 200;

/**
 * Reads what sacct prints, in pieces of any size: with `mark` the output of `sacctArguments`, without it one that somebody
 * saved with `-P` or `-p` and a header of any columns in any order, if `createRunReader` can do with them
 * (`validation_error` if not). Steps are passed over. A record that cannot be read is a fault; the others go on. A
 * record of a saved output that a name or a script given as `--wrap` breaks by a line break or a separator is put together again.
 */
export function createSacctReader(observedMs: number, mark?: string): SacctReader {
  const end = mark === undefined ? '\n' : `${mark}\n`;
  const faults = new FaultList();
  let header: Header | undefined;
  let readRun: ReadRun;
  let rest = '';
  /** Lines that are less than a record. */
  let broken: string[] = [];

  function readRecord(record: string, reports: Report[]): void {
    const line = mark === undefined && record.endsWith('\r') ? record.slice(0, -1) : record;
    if (line === header?.line || (line === '' && broken.length === 0)) return;
    if (header === undefined) {
      header = readHeader(line, mark);
      readRun = createRunReader(header.names, observedMs);
      return;
    }
    const columns = splitRecord(line, header);
    if (columns === undefined) readPiece(line, header, reports);
    else {
      giveUp();
      readColumns(line, columns, reports);
    }
  }

  /** A line that is no record: with those before it, it may be one. */
  function readPiece(line: string, header: Header, reports: Report[]): void {
    broken.push(line);
    const count = broken.reduce((sum, piece) => sum + piece.split(header.separator).length - 1, 1);
    const whole = count < header.names.length ? '' : broken.join('\n');
    const columns = splitRecord(whole, header);
    if (columns !== undefined && looksRight(columns, header.names)) {
      broken = [];
      readColumns(whole, columns, reports);
    } else if (mark !== undefined || broken.length > MAX_LINES) giveUp();
  }

  function readColumns(line: string, columns: readonly string[], reports: Report[]): void {
    const report = faults.try(line, () => readRun(columns));
    if (report) reports.push(report);
  }

  function giveUp(): void {
    if (broken.length > 0)
      faults.add(broken[0]!, `This has not the ${header!.names.length} columns of the header.`);
    broken = [];
  }

  return {
    faults,
    read(text) {
      const reports: Report[] = [];
      const records = (rest + text).split(end);
      rest = records.pop()!;
      for (const record of records) readRecord(record, reports);
      if (rest.length > MAX_RECORD) {
        faults.add(rest, 'This is too long for a record.');
        rest = '';
      }
      return reports;
    },
    finish() {
      const reports: Report[] = [];
      if (mark === undefined) readRecord(rest, reports);
      else if (rest !== '') faults.add(rest, 'The output ends in the middle of a record.');
      giveUp();
      rest = '';
      return reports;
    },
  };
}
