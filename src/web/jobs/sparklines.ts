import { useEffect, useState } from 'preact/hooks';
import type { JobAnswer } from '../../api/job.ts';
import type { SparklineAnswer, SparklineListAnswer } from '../../api/sparkline.ts';
import { getJson } from '../parts/request.ts';

/** As MAX_SPARKLINE_JOBS of the API. */
const JOBS_AT_ONCE = 100;
/** So long the list rests before lines are asked for, so that none are while it is scrolled. */
const REST_MS = 120;
/** The line of a running job is this old at most. */
const FRESH_MS = 60_000;
const MAX_KEPT = 3000;

interface Kept {
  /** Undefined for a job that has none. */
  readonly line: SparklineAnswer | undefined;
  readonly atMs: number;
  /** Of the job, when it was read: what has ended since is read once more. */
  readonly state: JobAnswer['state'];
}

/** Of all lists, because readers come back to them. */
const kept = new Map<string, Kept>();

/** A job that has run again has another line. */
const keyOf = ({ id, start_time }: JobAnswer): string => JSON.stringify([id, start_time]);

/** Returns the line of a job, if it has been read. */
export const lineOf = (job: JobAnswer): SparklineAnswer | undefined => kept.get(keyOf(job))?.line;

function isWanted(job: JobAnswer, nowMs: number): boolean {
  if (job.usage_time === undefined) return false;
  const known = kept.get(keyOf(job));
  if (!known || known.state !== job.state) return true;
  return job.state === 'running' && nowMs - known.atMs > FRESH_MS;
}

/** Reads the lines of the jobs that are in view, once the list rests; draws anew when they have come. */
export function useSparklines(jobs: readonly JobAnswer[]): void {
  const [, drawAgain] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      const wanted = jobs.filter((job) => isWanted(job, Date.now()));
      for (let from = 0; from < wanted.length; from += JOBS_AT_ONCE) {
        if (!(await readLines(wanted.slice(from, from + JOBS_AT_ONCE), stop.signal))) return;
        drawAgain((count) => count + 1);
      }
    }, REST_MS);
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [jobs]);
}

/** Returns whether it succeeded; the list is of use without its lines. */
async function readLines(jobs: readonly JobAnswer[], signal: AbortSignal): Promise<boolean> {
  try {
    const ids = jobs.map(({ id }) => ['job', id] as const);
    const { sparklines } = await getJson<SparklineListAnswer>('v1/sparklines', ids, signal);
    const lines = new Map(sparklines.map((line) => [line.job, line]));
    for (const job of jobs) keep(keyOf(job), { line: lines.get(job.id), atMs: Date.now(), state: job.state });
    return true;
  } catch {
    return false;
  }
}

function keep(key: string, value: Kept): void {
  kept.delete(key);
  kept.set(key, value);
  const [oldest] = kept.keys();
  if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
}
