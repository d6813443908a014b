import type { Database } from 'bun:sqlite';
import { judgeRun } from '../../../domain/finding/judge.ts';
import { MAX_SIZED_NODES } from '../../../domain/finding/node-sizes.ts';
import { type FindingKind, SEVERITIES } from '../../../domain/finding/severity.ts';
import type { Thresholds } from '../../../domain/finding/thresholds.ts';
import type { Job } from '../../../domain/job.ts';
import type { JudgedJobs } from '../../../domain/store/upkeep.ts';
import { type FoundRun, keyOfFindings } from '../../rows/judged.ts';
import { RUNNING } from '../../rows/states.ts';
import { type LiveJob, summarizeLive } from '../samples/live-series.ts';
import { liveTotals } from '../samples/live-totals.ts';
import { nodeSizeReader } from './node-sizes.ts';
import { type PlotBudget, runningCourses } from './running-courses.ts';

/** Jobs that are read in one statement, and judged between two yields: a millisecond. */
const JOBS_AT_ONCE = 25;
/** Plots that one step reads. */
const PLOTS_A_STEP = 2;

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
  const readCourses = runningCourses();
  const readSizes = nodeSizeReader();
  /** After which job the next step begins. */
  let after = START;
  let isBroken = false;

  function* judgeSome(
    db: Database,
    rows: readonly JobRow[],
    samples: readonly LiveJob[],
    { nowMs, plots }: { readonly nowMs: number; readonly plots: PlotBudget },
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
      // Sizes of many nodes, and runs of many, take a millisecond each.
      yield;
      if (keyOfFindings(findings) === keyOfFindings(kept[place]!)) continue;
      found.push({ run: row.seq, findings: findings.map(({ kind, severity }) => ({ kind, severity })) });
    }
    return found;
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
