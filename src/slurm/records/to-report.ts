import { defined, type Maybe } from '../../domain/defined.ts';
import { invalid, quote } from '../../domain/errors.ts';
import { isIdentity } from '../../domain/identity.ts';
import { hasEnded, type JobState } from '../../domain/job.ts';
import { expandNodes } from '../../domain/nodelist.ts';
import type { Report, Source } from '../../domain/report.ts';
import { type ArrayTask, readArrayTask } from '../values/array-task.ts';
import { readChosen, readText } from '../values/blank.ts';
import type { Exit } from '../values/exit.ts';
import { memoize } from '../values/memoize.ts';
import { readState } from '../values/state.ts';

/**
 * One record of squeue, sacct or jobcomp: numbers and times are read, texts are still Slurm's. Memory in MB
 * (2^20 bytes).
 */
interface SlurmRecord {
  readonly source: Source;
  readonly observedMs: number;
  /** The numeric job id. */
  readonly id: string;
  /** The job id as Slurm displays it, such as `8_3`. */
  readonly displayedId?: string | undefined;
  readonly user?: string | undefined;
  readonly account?: string | undefined;
  readonly partition?: string | undefined;
  readonly qos?: string | undefined;
  readonly cluster?: string | undefined;
  readonly state: string;
  /** Whether the record is of a run that has ended, as its end in accounting shows. */
  readonly isPast: boolean;
  readonly nodeList: string;
  readonly submitTimeMs?: number | undefined;
  readonly startTimeMs?: number | undefined;
  readonly endTimeMs?: number | undefined;
  readonly timeLimitSeconds?: number | undefined;
  readonly cpus?: number | undefined;
  readonly memoryMb?: number | undefined;
  readonly gpus?: number | undefined;
  readonly nodeCount?: number | undefined;
  readonly exit: Exit;
  readonly restarts?: number | undefined;
  readonly reason?: string | undefined;
  readonly name?: string | undefined;
  readonly workDir?: string | undefined;
  readonly sluid?: string | undefined;
  readonly otherSluids?: readonly string[] | undefined;
  /** When the size of the run changed, in ascending order; empty when it did at an unknown time. */
  readonly resizedMs?: readonly number[] | undefined;
  readonly suspendedSeconds?: number | undefined;
}

/**
 * How far an end may be after the observation: a Slurm command takes time, and clocks differ. A later end is
 * a forecast.
 */
const SLACK_MS = 60_000;

const NO_ARRAY: ArrayTask = {};
const NO_EXIT: Exit = {};
const PLAIN_NAME = /^[a-z][\w.-]{0,62}$/;
const JOB_ID = /^[1-9]\d{0,9}$/;
/**
 * The states whose exit code is the script's own. In others it is incidental: cancelled and timed out jobs
 * have 0:15 or 0:0, those out of memory 0:125.
 */
const STATES_WITH_EXIT: ReadonlySet<string> = new Set(['COMPLETED', 'FAILED']);

const readPastState = memoize((words) => readState(words, { isEnded: true }));
const readPresentState = memoize((words) => readState(words));
/** Cached by the number of nodes, because a short list may expand to 100,000. */
const expandList = memoize(
  (list) => expandNodes(list),
  300_000,
  (nodes) => nodes.length + 1,
);
/** Most lists are one plain name, which needs no expansion. */
const readNodes = (list: string): readonly string[] => (PLAIN_NAME.test(list) ? [list] : expandList(list));

/**
 * Converts a record to a report. Throws `validation_error` for an invalid job id, user or node list, or a
 * missing state.
 */
export function toReport(record: SlurmRecord): Report {
  if (!JOB_ID.test(record.id)) throw invalid(`The job id ${quote(record.id)} is not a number from 1.`);
  const user = readText(record.user);
  if (user !== undefined && !isIdentity(user)) throw invalid(`The user name ${quote(user)} is not valid.`);
  const { state, rawState } = record.isPast ? readPastState(record.state) : readPresentState(record.state);
  if (rawState === undefined) throw invalid(`Job ${record.id} has no state.`);
  const nodes = readNodes(record.nodeList);
  const life = readLife(record, state, nodes.length > 0);
  const task = record.displayedId === undefined ? NO_ARRAY : readArrayTask(record.displayedId);
  const exit = STATES_WITH_EXIT.has(rawState) ? record.exit : NO_EXIT;
  return defined<Report>({
    source: record.source,
    observedMs: record.observedMs,
    id: record.id,
    user,
    nodes: nodes.length > 0 ? nodes : undefined,
    ...life,
    // A job may be called (null); without a name it has an empty one.
    name: record.name || undefined,
    account: readText(record.account),
    partition: readText(record.partition),
    qos: readText(record.qos),
    cluster: readText(record.cluster),
    submitTimeMs: record.submitTimeMs,
    timeLimitSeconds: record.timeLimitSeconds,
    cpus: record.cpus,
    memoryLimitMb: record.memoryMb,
    gpus: record.gpus,
    nodeCount: record.nodeCount || undefined,
    workDir: readChosen(record.workDir),
    arrayJobId: task.arrayJobId,
    arrayTaskId: task.arrayTaskId,
    arrayTaskLimit: task.arrayTaskLimit,
    exitCode: exit.exitCode,
    signal: exit.signal,
    rawState,
    reason: readText(record.reason),
    restarts: record.restarts,
    sluid: record.sluid,
    otherSluids: record.otherSluids,
    resizedMs: record.resizedMs,
    suspendedSeconds: record.suspendedSeconds,
  });
}

/**
 * Decides which of the state, start and end to believe. A start is one only if the job has nodes and is not
 * pending: a pending job has its expected start, and one that was cancelled while pending its end. An end is
 * one only if the job has ended: a running job has its time limit. A job that lost all nodes to another one
 * ended at that moment, whatever Slurm gives. A job that ended without a credible end has no state.
 */
function readLife(
  record: SlurmRecord,
  state: JobState | undefined,
  hasNodes: boolean,
): Pick<Maybe<Report>, 'state' | 'startTimeMs' | 'endTimeMs'> {
  const isOver = state !== undefined && hasEnded(state);
  if (!isOver)
    return { state, startTimeMs: hasNodes && state !== 'pending' ? record.startTimeMs : undefined };
  const isEmptied = !hasNodes && record.resizedMs !== undefined;
  const endTimeMs = isEmptied ? record.resizedMs?.at(-1) : credibleEnd(record);
  return {
    state: endTimeMs === undefined ? undefined : state,
    startTimeMs: hasNodes || isEmptied ? record.startTimeMs : undefined,
    endTimeMs,
  };
}

const credibleEnd = ({ endTimeMs, observedMs }: SlurmRecord): number | undefined =>
  endTimeMs !== undefined && endTimeMs <= observedMs + SLACK_MS ? endTimeMs : undefined;
