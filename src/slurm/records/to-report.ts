import { defined, type Maybe } from '../../domain/defined.ts';
import { invalid, quote } from '../../domain/errors.ts';
import { isIdentity } from '../../domain/identity.ts';
import { hasEnded, type JobState } from '../../domain/job.ts';
import type { Report, Source } from '../../domain/report.ts';
import { type ArrayPlace, readArrayPlace } from '../values/array.ts';
import { readChosen, readText } from '../values/blank.ts';
import type { Exit } from '../values/exit.ts';
import { remember } from '../values/memoize.ts';
import { expandNodes } from '../values/nodelist.ts';
import { readState } from '../values/state.ts';

/** What a source says of a job, cut into columns, the texts still Slurm's. */
export interface Row {
  readonly source: Source;
  readonly observedMs: number;
  /** The number of the job. */
  readonly id: string;
  /** The id that people see, such as `8_3`. */
  readonly shownId?: string | undefined;
  readonly user?: string | undefined;
  readonly account?: string | undefined;
  readonly partition?: string | undefined;
  readonly qos?: string | undefined;
  readonly cluster?: string | undefined;
  readonly state: string;
  /** The record is of a run that is over, as its end in accounting shows. */
  readonly isPast: boolean;
  readonly nodeList: string;
  readonly submitTimeMs?: number | undefined;
  readonly startTimeMs?: number | undefined;
  readonly endTimeMs?: number | undefined;
  readonly timeLimitSeconds?: number | undefined;
  readonly cpus?: number | undefined;
  readonly memoryMb?: number | undefined;
  readonly gpus?: number | undefined;
  readonly exit: Exit;
  readonly restarts?: number | undefined;
  readonly reason?: string | undefined;
  readonly name?: string | undefined;
  readonly workDir?: string | undefined;
  readonly sluid?: string | undefined;
  readonly otherSluids?: readonly string[] | undefined;
  /** When the size of the run changed, the last time last. */
  readonly resizedMs?: readonly number[] | undefined;
  readonly suspendedSeconds?: number | undefined;
}

/** A command of Slurm may take this long, and clocks differ: an end that is later than that is yet to come. */
const SLACK_MS = 60_000;

const NOWHERE: ArrayPlace = {};
const NO_EXIT: Exit = {};
const PLAIN = /^[a-z][\w.-]{0,62}$/;
const NUMBER = /^[1-9]\d{0,9}$/;
/**
 * The states in which the code is what the script itself ended with. Elsewhere it is an accident: cancelled and timed
 * out jobs have 0:15 or 0:0, those out of memory 0:125.
 */
const WITH_EXIT: ReadonlySet<string> = new Set(['COMPLETED', 'FAILED']);

/** The words of a run that is over mean another thing than those of a job that is: REQUEUED is an end, or a wait. */
const readPastState = remember((words) => readState(words, { isEnded: true }));
const readPresentState = remember((words) => readState(words));
/** Remembered by their nodes: one short list may stand for 100,000. */
const readList = remember(
  (list) => expandNodes(list),
  300_000,
  (nodes) => nodes.length + 1,
);
/** One name, which most jobs have, needs no expanding. */
const readNodes = (list: string): readonly string[] => (PLAIN.test(list) ? [list] : readList(list));

/**
 * The report of a row; `validation_error` when it names no job, or has a user or nodes that cannot be.
 *
 * A job has started when it has nodes and does not wait: Slurm gives a job that was cancelled while it waited its end
 * as its start, and one that waits the start that it expects. In the same way the end counts only of a job that has ended:
 * that of a running one is its time limit. A job of which another took all nodes was over then, whatever Slurm gives as its
 * end: its time limit, or nothing. Of it, where that moment is not known, and of any other that is over without an end that can be believed, no state is told.
 */
export function readRow(row: Row): Report {
  if (!NUMBER.test(row.id)) throw invalid(`The job id ${quote(row.id)} is no number.`);
  const user = readText(row.user);
  if (user !== undefined && !isIdentity(user)) throw invalid(`No user can be called ${quote(user)}.`);
  const { state, rawState } = row.isPast ? readPastState(row.state) : readPresentState(row.state);
  if (rawState === undefined) throw invalid(`Job ${row.id} has no state.`);
  const nodes = readNodes(row.nodeList);
  const life = readLife(row, state, nodes.length > 0);
  const place = row.shownId === undefined ? NOWHERE : readArrayPlace(row.shownId);
  const exit = WITH_EXIT.has(rawState) ? row.exit : NO_EXIT;
  return defined<Report>({
    source: row.source,
    observedMs: row.observedMs,
    id: row.id,
    user,
    nodes: nodes.length > 0 ? nodes : undefined,
    ...life,
    // A job may be called (null); one without a name has an empty one.
    name: row.name || undefined,
    account: readText(row.account),
    partition: readText(row.partition),
    qos: readText(row.qos),
    cluster: readText(row.cluster),
    submitTimeMs: row.submitTimeMs,
    timeLimitSeconds: row.timeLimitSeconds,
    cpus: row.cpus,
    memoryLimitMb: row.memoryMb,
    gpus: row.gpus,
    workDir: readChosen(row.workDir),
    arrayJobId: place.arrayJobId,
    arrayTaskId: place.arrayTaskId,
    exitCode: exit.exitCode,
    signal: exit.signal,
    rawState,
    reason: readText(row.reason),
    restarts: row.restarts,
    sluid: row.sluid,
    otherSluids: row.otherSluids,
    resizedMs: row.resizedMs,
    suspendedSeconds: row.suspendedSeconds,
  });
}

function readLife(
  row: Row,
  state: JobState | undefined,
  hasNodes: boolean,
): Pick<Maybe<Report>, 'state' | 'startTimeMs' | 'endTimeMs'> {
  const isOver = state !== undefined && hasEnded(state);
  if (!isOver) return { state, startTimeMs: hasNodes && state !== 'pending' ? row.startTimeMs : undefined };
  const isEmptied = !hasNodes && row.resizedMs !== undefined;
  const endTimeMs = isEmptied ? row.resizedMs?.at(-1) : credible(row.endTimeMs, row.observedMs);
  return {
    state: endTimeMs === undefined ? undefined : state,
    startTimeMs: hasNodes || isEmptied ? row.startTimeMs : undefined,
    endTimeMs,
  };
}

const credible = (endTimeMs: number | undefined, observedMs: number): number | undefined =>
  endTimeMs !== undefined && endTimeMs <= observedMs + SLACK_MS ? endTimeMs : undefined;
