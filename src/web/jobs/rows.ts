import { useEffect, useState } from 'preact/hooks';
import type { JobAnswer } from '../../api/job.ts';
import type { JobListAnswer } from '../../api/job-list.ts';
import { getJson, type Query, RequestError } from '../parts/request.ts';

const PAGE_ROWS = 100;
/** More rows than anybody reads; beyond it a filter helps. */
const MAX_ROWS = 10_000;
const POLL_MS = 10_000;

/** The rows of the list that are shown. */
export interface Rows {
  readonly jobs: readonly JobAnswer[];
  readonly total: number;
  /** Jobs at the top of the list that are not shown yet, so that nothing jumps. */
  readonly news: number;
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  readonly error: RequestError | undefined;
  /** Shows the next page. */
  more(): void;
  /** Shows the list anew, with what is new. */
  renew(): void;
}

interface Loaded {
  readonly key: string;
  readonly jobs: readonly JobAnswer[];
  readonly total: number;
  readonly cursor: string | undefined;
  readonly news: number;
}

const NOTHING: Loaded = { key: '', jobs: [], total: 0, cursor: undefined, news: 0 };

/** Reads the jobs that match, page by page, and keeps those that are shown up to date. */
export function useRows(query: Query): Rows {
  const key = JSON.stringify(query);
  const [loaded, setLoaded] = useState(NOTHING);
  const [error, setError] = useState<RequestError>();
  const [wanted, setWanted] = useState({ key, pages: 1, round: 0 });
  const { pages, round } = wanted.key === key ? wanted : { pages: 1, round: 0 };

  useEffect(() => {
    const stop = new AbortController();
    const isNext = pages > 1 && loaded.key === key;
    readPage(query, isNext ? loaded.cursor : undefined, stop.signal).then(
      (page) => {
        setError(undefined);
        setLoaded((before) => (isNext ? appendPage(before, page) : { key, ...startOf(page) }));
      },
      (reason) => {
        if (!stop.signal.aborted) setError(asRequestError(reason));
      },
    );
    return () => stop.abort();
  }, [key, pages, round]);

  useEffect(() => {
    const stop = new AbortController();
    const timer = setInterval(async () => {
      if (document.hidden) return;
      try {
        const page = await readPage(query, undefined, stop.signal);
        setError(undefined);
        setLoaded((before) => (before.key === key ? mixIn(before, page) : before));
      } catch (reason) {
        if (!stop.signal.aborted) setError(asRequestError(reason));
      }
    }, POLL_MS);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [key]);

  const isCurrent = loaded.key === key;
  return {
    jobs: loaded.jobs,
    total: loaded.total,
    news: isCurrent ? loaded.news : 0,
    hasMore: isCurrent && loaded.cursor !== undefined && loaded.jobs.length < MAX_ROWS,
    isLoading: !isCurrent && error === undefined,
    error,
    more: () => setWanted({ key, pages: pages + 1, round }),
    renew: () => setWanted({ key, pages: 1, round: round + 1 }),
  };
}

const asRequestError = (reason: unknown): RequestError =>
  reason instanceof RequestError ? reason : new RequestError(0, String(reason));

const readPage = (query: Query, cursor: string | undefined, signal: AbortSignal): Promise<JobListAnswer> =>
  getJson<JobListAnswer>('v1/jobs', { ...query, limit: PAGE_ROWS, cursor }, signal);

const startOf = ({ jobs, total, next_cursor }: JobListAnswer) => ({
  jobs,
  total,
  cursor: next_cursor,
  news: 0,
});

function appendPage(before: Loaded, { jobs, total, next_cursor }: JobListAnswer): Loaded {
  const known = new Set(before.jobs.map(({ id }) => id));
  const added = jobs.filter(({ id }) => !known.has(id));
  return { ...before, jobs: [...before.jobs, ...added], total, cursor: next_cursor };
}

/** Renews the values of jobs that are shown, in their places, and counts those that are not. */
function mixIn(before: Loaded, { jobs, total }: JobListAnswer): Loaded {
  const fresh = new Map(jobs.map((job) => [job.id, job]));
  const shown = before.jobs.map((job) => fresh.get(job.id) ?? job);
  const known = new Set(before.jobs.map(({ id }) => id));
  return { ...before, jobs: shown, total, news: jobs.filter(({ id }) => !known.has(id)).length };
}
