import type { Report } from '../domain/report.ts';
import { readExit, readWaitStatus } from './exit.ts';
import { FaultList, type Faults } from './faults.ts';
import { readCount } from './number.ts';
import { readRow } from './row.ts';
import { readTimeLimitSeconds, readTimeMs } from './time.ts';
import { readTres } from './tres.ts';

/** Names of `squeue --Format` that every version from 21.08 to 26.05 knows (src/squeue/opts.c); free texts come last. */
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
] as const;

/**
 * The arguments of squeue that print every job that slurmctld still knows, ended ones of the last MinJobAge (300 s)
 * included, one record a job, columns ended by `mark`. To be run with `SLURM_TIME_FORMAT=%s`, `TZ=UTC`, `LC_ALL=C` and
 * nothing else of the environment.
 *
 * The colon before the mark keeps squeue from cutting columns at 20 characters. Without `-r`, because the waiting tasks
 * of an array share one number until they start: they are one job so long. `--local` leaves out jobs of other clusters of
 * a federation, whose numbers are their own.
 */
export function squeueArguments(mark: string): string[] {
  return ['-a', '-h', '--local', '-t', 'all', '-O', COLUMNS.map((column) => `${column}:${mark}`).join(',')];
}

/** What one call of squeue said. */
export interface Queue {
  readonly reports: Report[];
  readonly faults: Faults;
}

/** Reads what squeue printed with `squeueArguments(mark)`. A record that cannot be read is a fault; the others go on. */
export function parseQueue(text: string, mark: string, observedMs: number): Queue {
  const reports: Report[] = [];
  const faults = new FaultList();
  const records = text.split(`${mark}\n`);
  const rest = records.pop()!;
  if (rest.trim() !== '') faults.add(rest, 'The output ends in the middle of a record.');
  for (const record of records) {
    const columns = record.split(mark);
    if (columns.length !== COLUMNS.length) {
      faults.add(record, `A record has ${COLUMNS.length} columns, not ${columns.length}.`);
      continue;
    }
    const report = faults.try(record, () => readColumns(columns, observedMs));
    if (report) reports.push(report);
  }
  return { reports, faults };
}

function readColumns(columns: readonly string[], observedMs: number): Report {
  const column = (name: (typeof COLUMNS)[number]) => columns[COLUMNS.indexOf(name)]!;
  const tres = readTres(column('tres-alloc'));
  const [startTimeMs, endTimeMs] = [readTimeMs(column('StartTime')), readTimeMs(column('EndTime'))];
  const isBetween = column('State') === 'COMPLETING' && isBetweenRuns({ startTimeMs, endTimeMs, observedMs });
  return readRow({
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
  });
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
