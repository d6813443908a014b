import { hasEnded } from '../../domain/job.ts';
import type { Report } from '../../domain/report.ts';
import { readText } from '../values/blank.ts';
import { readCount } from '../values/count.ts';
import { readExit, readWaitStatus } from '../values/exit.ts';
import { readSluid } from '../values/sluid.ts';
import { readTimeLimitSeconds, readTimeMs } from '../values/time.ts';
import { readTres } from '../values/tres.ts';
import { readRow } from './to-report.ts';
import { FaultList, type Faults } from './unreadable.ts';

/** Names of `squeue --Format` that every version from 21.08 to 26.05 knows (src/squeue/opts.c). */
const COLUMNS = [
  'JobID',
  'JobArrayID',
  'UserName',
  'Account',
  'Partition',
  'QOS',
  'State',
  'SubmitTime',
  'StartTime',
  'EndTime',
  'TimeLimit',
  'NodeList',
  'tres-alloc',
  'RestartCnt',
  'Cluster',
  'exit_code',
  'Reason',
  'Name',
  'WorkDir',
  'TimeUsed',
  'ResizeTime',
] as const;
/** Since 26.05; an older squeue refuses the whole call for a name that it does not know. */
const NEWER_COLUMNS = ['SLUID'] as const;

type Column = (typeof COLUMNS)[number] | (typeof NEWER_COLUMNS)[number];

/** What to ask squeue for, of the names that `squeue --helpFormat` lists in `help`; of a version without that it is empty. */
export function squeueColumns(help: string): Column[] {
  const known = new Set(help.split(/\s+/));
  return [...COLUMNS, ...NEWER_COLUMNS.filter((column) => known.has(column))];
}

/** Whether a squeue that says this of its version can list the names of its columns. */
export function listsColumns(version: string): boolean {
  const [, major, minor] = /(\d+)\.(\d+)\./.exec(version) ?? [];
  return Number(major) * 100 + Number(minor) >= 2411;
}

/**
 * The arguments of squeue that print every job that slurmctld still knows, ended ones of the last MinJobAge (300 s)
 * included, one record a job, columns ended by `mark`. To be run with `SLURM_TIME_FORMAT=%s`, `TZ=UTC`, `LC_ALL=C` and
 * nothing else of the environment.
 *
 * The colon before the mark keeps squeue from cutting columns at 20 characters. Without `-r`, because the waiting tasks
 * of an array share one number until they start: they are one job so long. `--local` leaves out jobs of other clusters of
 * a federation, whose numbers are their own.
 */
export function squeueArguments(columns: readonly string[], mark: string): string[] {
  return ['-a', '-h', '--local', '-t', 'all', '-O', columns.map((column) => `${column}:${mark}`).join(',')];
}

/** No record is as long: a longer one is damage, and not to be kept in memory until its end. */
const MAX_RECORD = 4 * 1024 * 1024;

export interface QueueReader {
  /** The reports of the records that end in the next piece of the output. */
  read(text: string): Report[];
  /** Notes what is left after the last piece. */
  finish(): void;
  readonly faults: Faults;
}

/**
 * Reads what squeue prints with `squeueArguments(columns, mark)`, in pieces of any size. A record that cannot be read is a
 * fault; the others go on. `observedMs` is when squeue was asked.
 */
export function createQueueReader(columns: readonly string[], mark: string, observedMs: number): QueueReader {
  const end = `${mark}\n`;
  const faults = new FaultList();
  const places = new Map(columns.map((column, place) => [column, place]));
  let rest = '';

  function readRecord(record: string): Report | undefined {
    const texts = record.split(mark);
    if (texts.length === columns.length) {
      return faults.try(record, () =>
        readColumns((column) => texts[places.get(column) ?? texts.length] ?? '', observedMs),
      );
    }
    faults.add(record, `A record has ${columns.length} columns, not ${texts.length}.`);
    return undefined;
  }

  return {
    faults,
    read(text) {
      const records = (rest + text).split(end);
      rest = records.pop()!;
      const reports = records.map(readRecord).filter((report) => report !== undefined);
      if (rest.length > MAX_RECORD) {
        faults.add(rest, 'This is too long for a record.');
        rest = '';
      }
      return reports;
    },
    finish() {
      if (rest.trim() !== '') faults.add(rest, 'The output ends in the middle of a record.');
      rest = '';
    },
  };
}

function readColumns(column: (name: Column) => string, observedMs: number): Report {
  const tres = readTres(column('tres-alloc'));
  const [startTimeMs, endTimeMs] = [readTimeMs(column('StartTime')), readTimeMs(column('EndTime'))];
  const isBetween = column('State') === 'COMPLETING' && isBetweenRuns({ startTimeMs, endTimeMs, observedMs });
  const report = readRow({
    source: 'squeue',
    observedMs,
    id: column('JobID'),
    shownId: column('JobArrayID'),
    user: column('UserName'),
    account: column('Account'),
    partition: column('Partition'),
    qos: column('QOS'),
    cluster: column('Cluster'),
    state: column('State'),
    isPast: false,
    nodeList: column('NodeList'),
    submitTimeMs: readTimeMs(column('SubmitTime')),
    startTimeMs: isBetween ? undefined : startTimeMs,
    endTimeMs,
    timeLimitSeconds: readTimeLimitSeconds(column('TimeLimit')),
    cpus: tres.cpus,
    memoryMb: tres.memoryMb,
    gpus: tres.gpus,
    exit: readAnyExit(column('exit_code')),
    restarts: isBetween ? undefined : readCount(column('RestartCnt')),
    reason: column('Reason'),
    name: column('Name'),
    workDir: column('WorkDir'),
    sluid: readSluid(column('SLUID')),
    // All versions print it as if it were a duration, and so INVALID: that it changed is all that is told.
    resizedMs: readText(column('ResizeTime')) === undefined ? undefined : [],
  });
  const suspendedSeconds = suspendedOf(report, readTimeLimitSeconds(column('TimeUsed')));
  return { ...report, ...(suspendedSeconds !== undefined && { suspendedSeconds }) };
}

/** squeue rounds its times, and asks for its own clock some moments after `observedMs`. */
const LEAST_SUSPENDED_SECONDS = 2;

/**
 * What is missing in the time that squeue says a run has used was spent suspended (`job_time_used` of
 * src/squeue/opts.c); of one that runs it is rather too little, by as long as squeue took. Undefined where none is missing.
 */
function suspendedOf(report: Report, usedSeconds: number | undefined): number | undefined {
  const { state, startTimeMs, endTimeMs, observedMs } = report;
  if (state === undefined || startTimeMs === undefined || usedSeconds === undefined) return undefined;
  const untilMs = hasEnded(state) ? endTimeMs! : observedMs;
  const seconds = Math.floor((untilMs - startTimeMs) / 1000) - usedSeconds;
  return seconds >= LEAST_SUSPENDED_SECONDS ? seconds : undefined;
}

interface Span {
  readonly startTimeMs: number | undefined;
  readonly endTimeMs: number | undefined;
  readonly observedMs: number;
}

/**
 * Whether a job that completes has been requeued. While its nodes are cleared squeue shows the old run's nodes with the
 * next run's number of restarts, the moment of the call as its start, and its time limit from then on as its end.
 */
const isBetweenRuns = ({ startTimeMs, endTimeMs, observedMs }: Span): boolean =>
  startTimeMs !== undefined &&
  startTimeMs >= Math.floor(observedMs / 1000) * 1000 &&
  (endTimeMs === undefined || endTimeMs > startTimeMs);

/** squeue 22.05 prints the status of wait(2), 768 for exit code 3; `3:0` is what Slurm prints everywhere else. */
const readAnyExit = (text: string) => (text.includes(':') ? readExit(text) : readWaitStatus(readCount(text)));
