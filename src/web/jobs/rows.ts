import { useEffect, useRef, useState } from 'preact/hooks';
import type { JobListAnswer } from '../../api/job-list.ts';
import { keepFresh } from '../parts/refresh.ts';
import { getJson, type Query, RequestError } from '../parts/request.ts';
import { type ListedJob, markLeft } from './left.ts';

const FIRST_ROWS = 100;
const NEXT_ROWS = 500;
/** More rows than anybody reads; beyond it a filter helps. */
export const MAX_ROWS = 10_000;
const POLL_MS = 10_000;

/** The rows of the list that are loaded. */
export interface Rows {
  readonly jobs: readonly ListedJob[];
  readonly total: number;
  /** Jobs at the top of the list that are not shown yet, so that nothing jumps. */
  readonly news: number;
  readonly isLoading: boolean;
  readonly error: RequestError | undefined;
  /** Loads the next page, if there is one and none is being loaded. */
  more(): void;
  /** Shows the list anew, with what is new. */
  renew(): void;
}

interface LoadedPage {
  readonly cursor: string | undefined;
  readonly from: number;
  readonly count: number;
}

interface Loaded {
  readonly key: string;
  readonly jobs: readonly ListedJob[];
  readonly total: number;
  readonly pages: readonly LoadedPage[];
  /** Of the next page; undefined if there is none. */
  readonly cursor: string | undefined;
  readonly news: number;
}

const NOTHING: Loaded = { key: '', jobs: [], total: 0, pages: [], cursor: undefined, news: 0 };

/** What was loaded last, for a reader who comes back from a job. */
let latest = NOTHING;

interface RowOptions {
  /** Rows that the first page must have, so that a reader who comes back finds their place. */
  readonly leastRows: number;
  /** The first row in view: the page that it is in is kept up to date. */
  readonly viewFrom: () => number;
}

/** Reads the jobs that match, page by page, and keeps those in view up to date. */
export function useRows(query: Readonly<Record<string, string>>, options: RowOptions): Rows {
  const key = JSON.stringify(query);
  const [, drawAgain] = useState(() => {
    // What another list has shown is not shown here, not even for a moment.
    if (latest.key !== key) latest = NOTHING;
    return 0;
  });
  const [error, setError] = useState<RequestError>();
  const [round, setRound] = useState(0);
  const reading = useRef<Promise<void> | undefined>(undefined);
  const change = (loaded: Loaded) => {
    latest = loaded;
    drawAgain((count) => count + 1);
  };
  const read = async (more: Query, signal: AbortSignal, take: (page: JobListAnswer) => Loaded) => {
    try {
      const page = await getJson<JobListAnswer>('v1/jobs', { ...query, ...more }, signal);
      if (signal.aborted) return;
      setError(undefined);
      change(take(page));
    } catch (reason) {
      if (!signal.aborted)
        setError(reason instanceof RequestError ? reason : new RequestError(0, String(reason)));
    }
  };

  const stopper = useRef(new AbortController());
  useEffect(() => {
    const stop = new AbortController();
    stopper.current = stop;
    reading.current = undefined;
    const limit = Math.min(MAX_ROWS, Math.max(FIRST_ROWS, round === 0 ? options.leastRows : 0));
    if (latest.key !== key || round > 0)
      void read({ limit }, stop.signal, (page) => appendPage({ ...NOTHING, key }, page, undefined));
    const renewPage = async () => {
      if (latest.key !== key) return;
      await read({ limit: FIRST_ROWS }, stop.signal, (page) =>
        countNews(mixIn(latest, page, 0, query.sort), page),
      );
      const page = pageOf(latest, options.viewFrom());
      if (!page || page.from < FIRST_ROWS || stop.signal.aborted) return;
      const { cursor, count, from } = page;
      await read({ limit: count, cursor }, stop.signal, (fresh) => mixIn(latest, fresh, from, query.sort));
    };
    const stopRenewing = keepFresh(renewPage, { everyMs: POLL_MS, on: 'jobs', isRead: round > 0 });
    return () => {
      stop.abort();
      stopRenewing();
    };
  }, [key, round]);

  const { jobs, total, cursor, news } = latest;
  const isCurrent = latest.key === key;
  return {
    jobs,
    total,
    news: isCurrent ? news : 0,
    isLoading: !isCurrent && error === undefined,
    error,
    more() {
      if (reading.current || !isCurrent || cursor === undefined || jobs.length >= MAX_ROWS) return;
      const limit = Math.min(NEXT_ROWS, MAX_ROWS - jobs.length);
      const take = (page: JobListAnswer) => appendPage(latest, page, cursor);
      reading.current = read({ limit, cursor }, stopper.current.signal, take).then(() => {
        reading.current = undefined;
      });
    },
    renew: () => setRound(round + 1),
  };
}

const pageOf = ({ pages }: Loaded, row: number): LoadedPage | undefined =>
  pages.findLast(({ from }) => from <= row);

function appendPage(before: Loaded, { jobs, total, next_cursor }: JobListAnswer, cursor?: string): Loaded {
  const known = new Set(before.jobs.map(({ id }) => id));
  const added = jobs.filter(({ id }) => !known.has(id));
  return {
    ...before,
    jobs: [...before.jobs, ...added],
    pages: [...before.pages, { cursor, from: before.jobs.length, count: jobs.length }],
    total,
    cursor: next_cursor,
  };
}

/**
 * Renews the values of jobs that are shown, in their places, from the page that starts at the row `from`.
 * What has not changed stays the same object.
 */
function mixIn(before: Loaded, page: JobListAnswer, from: number, sort = ''): Loaded {
  const { jobs, total } = page;
  const fresh = new Map(jobs.map((job) => [job.id, job]));
  const renewed = (job: ListedJob): ListedJob => {
    const now = fresh.get(job.id);
    return now && JSON.stringify(now) !== JSON.stringify(job) ? now : job;
  };
  return { ...before, jobs: markLeft(before.jobs.map(renewed), from, page, sort), total };
}

function countNews(loaded: Loaded, { jobs }: JobListAnswer): Loaded {
  const known = new Set(loaded.jobs.map(({ id }) => id));
  return { ...loaded, news: jobs.filter(({ id }) => !known.has(id)).length };
}
