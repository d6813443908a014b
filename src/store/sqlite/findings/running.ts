import type { Database } from 'bun:sqlite';
import { gpuCourseOf, memoryCourseOf } from '../../../domain/finding/courses.ts';
import type { Facts, MemoryCourse } from '../../../domain/finding/finding.ts';
import { GPU_COURSE_POINTS, gpuCourseMs } from '../../../domain/finding/gpu-pause.ts';
import { judgeRun } from '../../../domain/finding/judge.ts';
import { MEMORY_COURSE_POINTS, mayGrow } from '../../../domain/finding/memory-room.ts';
import { MAX_SIZED_NODES } from '../../../domain/finding/node-sizes.ts';
import { type FindingKind, SEVERITIES } from '../../../domain/finding/severity.ts';
import type { Thresholds } from '../../../domain/finding/thresholds.ts';
import type { Job } from '../../../domain/job.ts';
import type { JudgedJobs } from '../../../domain/store/upkeep.ts';
import { type FoundRun, keyOfFindings } from '../../rows/judged.ts';
import { RUNNING } from '../../rows/states.ts';
import { type LiveJob, memoryNowOf, summarizeLive } from '../samples/live-series.ts';
import { liveTotals } from '../samples/live-totals.ts';
import { readingReader } from '../samples/read.ts';
import { nodeSizeReader } from './node-sizes.ts';

/** Jobs that are read in one statement, and judged between two yields: a millisecond. */
const JOBS_AT_ONCE = 25;
/** Plots that one step reads, some milliseconds each; jobs that need one more wait for another round. */
const PLOTS_A_STEP = 2;
/** What memory does over hours does not change in minutes. */
const MEMORY_EVERY_MS = 15 * 60_000;

export interface RunningStep extends JudgedJobs {
  readonly found: readonly FoundRun[];
}

interface JobRow {
  readonly seq: number;
  readonly id: string;
  readonly startTimeMs: number;
  readonly started: number;
  readonly suspendedSeconds: number;
  readonly name: string | null;
  readonly cpus: number | null;
  readonly gpus: number | null;
  readonly memoryLimitMb: number | null;
  readonly timeLimitSeconds: number | null;
}

/** What is remembered of a job beside its samples. */
interface Looked {
  gpu: boolean;
  memoryMs: number;
  memoryCourse: MemoryCourse | undefined;
}

const SELECT_JOBS = `
  SELECT job.seq, job.id, job.start_time AS startTimeMs, job.started, job.suspended AS suspendedSeconds, detail.name AS name,
         detail.cpus AS cpus, detail.gpus AS gpus, detail.memory_limit AS memoryLimitMb, detail.time_limit AS timeLimitSeconds
    FROM job INDEXED BY job_by_state LEFT JOIN detail ON detail.job = job.seq
   WHERE job.state = ${RUNNING} AND (job.start_time, job.seq) > (?, ?) ORDER BY job.start_time, job.seq LIMIT ?`;

const SELECT_NODES = `
  SELECT wanted.key AS place, (SELECT name FROM node WHERE id = job_node.node) AS name
    FROM json_each(?) AS wanted CROSS JOIN job_node ON job_node.job = wanted.value ORDER BY wanted.key, job_node.position`;

const SELECT_KEPT = `
  SELECT wanted.key AS place, (SELECT name FROM label WHERE id = kind) AS kind, severity
    FROM json_each(?) AS wanted CROSS JOIN running_finding ON run = wanted.value`;

/**
 * Judges running jobs round by round, some at each step. What a step reads is of one transaction, and only
 * what it found of jobs differs from what is kept is returned, to be written.
 */
export function runningJudge(thresholds: Thresholds) {
  const live = liveTotals(thresholds);
  const looked = new WeakMap<LiveJob, Looked>();
  const readSizes = nodeSizeReader();
  /** After which job the next step begins. */
  let after = START;
  let isBroken = false;

  function* judgeSome(
    db: Database,
    rows: readonly JobRow[],
    samples: readonly LiveJob[],
    { nowMs, plots }: { readonly nowMs: number; readonly plots: { left: number } },
  ): Generator<undefined, FoundRun[]> {
    const wanted = JSON.stringify(rows.map(({ seq }) => seq));
    const nodes: string[][] = rows.map(() => []);
    for (const { place, name } of db
      .query<{ place: number; name: string }, [string]>(SELECT_NODES)
      .iterate(wanted))
      nodes[place]!.push(name);
    const kept: FindingKind[][] = rows.map(() => []);
    for (const { place, kind, severity } of db
      .query<{ place: number; kind: string; severity: number }, [string]>(SELECT_KEPT)
      .iterate(wanted))
      kept[place]!.push({ kind, severity: SEVERITIES[severity]! });
    const found: FoundRun[] = [];
    for (const [place, row] of rows.entries()) {
      const job = jobOf(row, nodes[place]!);
      const nodeSizes = isSized(job) ? readSizes(db, job.nodes, nowMs) : undefined;
      const facts = { job, summary: summarizeLive(samples[place]!), thresholds, nowMs, nodeSizes };
      const courses = yield* readCourses(db, facts, samples[place]!, plots);
      const findings = judgeRun({ ...facts, ...courses }).findings;
      if (keyOfFindings(findings) === keyOfFindings(kept[place]!)) continue;
      found.push({ run: row.seq, findings: findings.map(({ kind, severity }) => ({ kind, severity })) });
    }
    return found;
  }

  /** Returns what the memory and the GPUs of a job did lately, where rules may find something in it. */
  function* readCourses(
    db: Database,
    facts: Pick<Facts, 'job' | 'summary' | 'thresholds' | 'nowMs'>,
    samples: LiveJob,
    plots: { left: number },
  ): Generator<undefined, Pick<Facts, 'memoryCourse' | 'gpuCourse'>> {
    const { job, summary, nowMs } = facts;
    const known = looked.get(samples) ?? {
      gpu: false,
      memoryMs: Number.NEGATIVE_INFINITY,
      memoryCourse: undefined,
    };
    looked.set(samples, known);
    function* plot(fromMs: number | undefined, points: number) {
      plots.left--;
      const query = fromMs === undefined ? {} : { fromMs };
      return (yield* readingReader(db).plot(job.id, query, points, 'all')).points;
    }
    // What was before the first sample in memory, where it matters: once.
    const isPaused =
      samples.pause.isIdleThroughout && (summary.whole.gpuUsage?.max ?? 0) >= thresholds.gpuIdlePercent;
    if (isPaused && !known.gpu && plots.left > 0) {
      known.gpu = true;
      samples.pause.addPast(gpuCourseOf(yield* plot(nowMs - gpuCourseMs(thresholds), GPU_COURSE_POINTS)));
    }
    if (mayGrow(facts, memoryNowOf(samples)) && plots.left > 0 && nowMs - known.memoryMs >= MEMORY_EVERY_MS) {
      known.memoryMs = nowMs;
      known.memoryCourse = memoryCourseOf(yield* plot(undefined, MEMORY_COURSE_POINTS), job.nodes.length);
    }
    const gpuCourse = job.details?.gpus ? samples.pause.course() : undefined;
    return {
      ...(known.memoryCourse && { memoryCourse: known.memoryCourse }),
      ...(gpuCourse && { gpuCourse }),
    };
  }

  return function* (db: Database, nowMs: number, limit: number): Generator<undefined, RunningStep> {
    if (isBroken) {
      live.forget();
      after = START;
    }
    isBroken = true;
    const rows = db.query<JobRow, [number, number, number]>(SELECT_JOBS).all(...after, limit);
    yield;
    const samples = yield* live.read(
      db,
      rows.map(({ seq }) => seq),
    );
    const found: FoundRun[] = [];
    const plots = { left: PLOTS_A_STEP };
    for (let at = 0; at < rows.length; at += JOBS_AT_ONCE) {
      const [some, own] = [rows.slice(at, at + JOBS_AT_ONCE), samples.slice(at, at + JOBS_AT_ONCE)];
      found.push(...(yield* judgeSome(db, some, own, { nowMs, plots })));
      yield;
    }
    const last = rows.at(-1);
    const isLast = rows.length < limit;
    if (isLast) live.endRound();
    after = isLast || !last ? START : [last.startTimeMs, last.seq];
    isBroken = false;
    return { jobs: rows.length, changed: found.length, isLast, found };
  };
}

export type RunningJudge = ReturnType<typeof runningJudge>;

const START: readonly [startTimeMs: number, seq: number] = [Number.MIN_SAFE_INTEGER, 0];

function jobOf({ id, startTimeMs, started, ...row }: JobRow, nodes: readonly string[]): Job {
  const { name, cpus, gpus, memoryLimitMb, timeLimitSeconds, suspendedSeconds } = row;
  return {
    ...{ id, user: '', nodes, state: 'running', cpuUsage: 0, memoryUsageMb: 0 },
    ...(started === 1 && { startTimeMs }),
    details: {
      suspendedSeconds,
      ...(name !== null && { name }),
      ...(cpus !== null && { cpus }),
      ...(gpus !== null && { gpus }),
      ...(memoryLimitMb !== null && { memoryLimitMb }),
      ...(timeLimitSeconds !== null && { timeLimitSeconds }),
    },
  };
}

/** Whether rules compare a job with the size of its nodes. */
const isSized = ({ nodes, details }: Job): boolean =>
  nodes.length <= MAX_SIZED_NODES && (nodes.length > 1 || (details?.gpus ?? 0) > 0);
