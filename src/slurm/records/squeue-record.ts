import { hasEnded } from '../../domain/job.ts';
import type { Report } from '../../domain/report.ts';
import { readText } from '../values/blank.ts';
import { readCount } from '../values/count.ts';
import { readExit, readWaitStatus } from '../values/exit.ts';
import { readSluid } from '../values/sluid.ts';
import { readTimeLimitSeconds, readTimeMs } from '../values/time.ts';
import { readTres } from '../values/tres.ts';
import type { SqueueColumn } from './squeue-arguments.ts';
import { toReport } from './to-report.ts';

/** Converts one record of squeue to a report. Throws `validation_error`. */
export function readSqueueRecord(column: (name: SqueueColumn) => string, observedMs: number): Report {
  const tres = readTres(column('tres-alloc'));
  const [startTimeMs, endTimeMs] = [readTimeMs(column('StartTime')), readTimeMs(column('EndTime'))];
  const isBetween = column('State') === 'COMPLETING' && isBetweenRuns({ startTimeMs, endTimeMs, observedMs });
  const whole = toReport({
    source: 'squeue',
    observedMs,
    id: column('JobID'),
    displayedId: column('JobArrayID'),
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
    nodeCount: tres.nodes,
    exit: readExitCode(column('exit_code')),
    restarts: isBetween ? undefined : readCount(column('RestartCnt')),
    reason: column('Reason'),
    name: column('Name'),
    workDir: column('WorkDir'),
    sluid: readSluid(column('SLUID')),
    // All versions format this time as a duration and print INVALID: it shows only that the size changed.
    resizedMs: readText(column('ResizeTime')) === undefined ? undefined : [],
  });
  const report = column('State') === 'COMPLETING' ? withoutFewerNodes(whole, tres.nodes) : whole;
  const suspendedSeconds = suspendedOf(report, readTimeLimitSeconds(column('TimeUsed')));
  return { ...report, ...(suspendedSeconds !== undefined && { suspendedSeconds }) };
}

/**
 * Leaves out the nodes of a job that is completing if they are fewer than it was given, because squeue lists
 * only those that have not finished (seen with 26.05), and samples of the others still arrive.
 */
function withoutFewerNodes(report: Report, count: number | undefined): Report {
  const { nodes, ...rest } = report;
  return nodes !== undefined && count !== undefined && nodes.length < count ? rest : report;
}

/**
 * A smaller difference is not a suspension: squeue rounds
 * its times and reads its own clock after `observedMs`.
 */
const LEAST_SUSPENDED_SECONDS = 2;

/**
 * Returns the seconds since the start that are missing in squeue's TimeUsed, because the job was suspended
 * (`job_time_used` in src/squeue/opts.c); undefined if none are. For a running job they may be too few by the
 * duration of squeue's call.
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
 * Returns whether a completing job has been requeued. While its nodes are cleaned up, squeue shows the nodes
 * of the old run with the restart count of the next run, the time of the call as its start, and that plus the
 * time limit as its end.
 */
const isBetweenRuns = ({ startTimeMs, endTimeMs, observedMs }: Span): boolean =>
  startTimeMs !== undefined &&
  startTimeMs >= Math.floor(observedMs / 1000) * 1000 &&
  (endTimeMs === undefined || endTimeMs > startTimeMs);

/**
 * Reads `exit_code`: squeue 22.05 prints the status of wait(2), 768 for exit code 3, later versions `3:0`.
 */
const readExitCode = (text: string) =>
  text.includes(':') ? readExit(text) : readWaitStatus(readCount(text));
