import { constants } from 'node:os';
import type { ChangeEvent } from '../../api/live.ts';
import type { Client } from '../../client/client.ts';
import { renderJobText } from '../../report/job-text.ts';
import type { Paper } from '../../report/paper.ts';
import { renderTop, type TopPage, type TopState } from '../../report/top.ts';
import { formatLocalClock, formatLocalTime } from '../terminal.ts';
import { type News, startFeed } from './feed.ts';
import { type Effect, isLoaded, press, showSelected } from './press.ts';
import { queryOfTop } from './query.ts';
import { openScreen } from './screen.ts';

/** Jobs in one answer: several screens, so that most keys need no answer. */
const MAX_JOBS = 200;
const DRAW_EVERY_MS = 1000;
/** The farthest that GET /v1/jobs skips in a list by a filter. */
const MAX_OFFSET = 100_000;
/** What a shell adds to the number of a signal. */
const SIGNAL_EXIT = 128;
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const;

/**
 * Shows jobs live until the user quits, a signal ends the program, or the terminal is gone; the terminal is
 * then as before. Returns the exit code, and rejects with what no part of it expected.
 */
export async function watch(client: Client, begin: TopState, paper: Paper): Promise<number> {
  let state = begin;
  const end = Promise.withResolvers<number>();
  const stop = new AbortController();
  const quit = () => end.resolve(0);

  const screen = openScreen({
    ...{ input: process.stdin, output: process.stdout },
    ...{ onKey: take, onResize: resize, onClose: quit },
  });
  for (const signal of STOP_SIGNALS)
    process.on(signal, () => end.resolve(SIGNAL_EXIT + constants.signals[signal]));
  process.on('uncaughtException', end.reject);
  process.on('unhandledRejection', end.reject);
  const feed = startFeed({
    client,
    signal: stop.signal,
    query: () => ({ ...queryOfTop(state, Date.now()), limit: String(MAX_JOBS), offset: offsetOf(state) }),
    onNews: (news) => show(withNews(state, news)),
    onConnection: (connection) => show({ ...state, connection }),
    onChange: (change) => {
      if (state.page.kind === 'report' && concerns(change, state.page.jobId)) void report(state.page.jobId);
    },
  });
  const clock = setInterval(draw, DRAW_EVERY_MS);
  resize();
  try {
    return await end.promise;
  } finally {
    clearInterval(clock);
    stop.abort();
    screen.leave();
  }

  function draw(): void {
    screen.draw(renderTop(state, { paper, nowMs: Date.now(), formatClock: formatLocalClock }));
  }

  function show(next: TopState): void {
    state = next;
    draw();
  }

  function resize(): void {
    show(showSelected({ ...state, ...screen.size() }));
  }

  function take(key: string): void {
    const pressed = press(state, key, Date.now());
    show(pressed.state);
    if (pressed.effect) act(pressed.effect);
  }

  function act(effect: Effect): void {
    if (effect === 'quit') quit();
    if (effect === 'suspend') screen.suspend();
    if (effect === 'read') feed.readNow();
    if (effect === 'pause') feed.setPaused(state.connection.state !== 'paused');
    if (effect === 'redraw') {
      screen.forget();
      draw();
    }
    const job = state.list?.jobs[state.selected - state.list.offset];
    if (effect === 'report' && job) {
      show({ ...state, page: { kind: 'report', jobId: job.id, lines: ['…'], scroll: 0 } });
      void report(job.id);
    }
  }

  /** Reads the report of a job and shows it, if its page is still open. */
  async function report(jobId: string): Promise<void> {
    let lines: readonly string[];
    try {
      lines = await reportLines(client, jobId, paper);
    } catch (error) {
      lines = [(error as Error).message];
    }
    const { page } = state;
    if (page.kind !== 'report' || page.jobId !== jobId) return;
    show({ ...state, page: { ...page, lines } satisfies TopPage });
  }
}

async function reportLines(client: Client, jobId: string, paper: Paper): Promise<string[]> {
  const [runs, verdict] = await Promise.all([client.listRuns(jobId), client.judgeRun(jobId)]);
  const [latest] = runs;
  if (!latest) return ['Nothing is known of its runs.'];
  const { job, summary, run } = latest;
  const text = renderJobText(
    { job, summary, verdict, run: { number: run, of: runs.length } },
    { paper, nowMs: Date.now(), formatTime: formatLocalTime },
  );
  return text.trimEnd().split('\n');
}

const concerns = (change: ChangeEvent | 'anew', jobId: string): boolean =>
  change === 'anew' || change.jobs.includes(jobId) || change.measured.includes(jobId);

/** Loads what is on the screen and as much before it as after it. */
function offsetOf({ first, rows }: TopState): string {
  const before = Math.max(0, first - Math.max(0, (MAX_JOBS - rows) >> 1));
  return String(Math.min(MAX_OFFSET, before));
}

/** Puts new jobs on the screen; the selected job stays selected where it went, unless it is the first. */
function withNews(state: TopState, { jobs, total, offset, overview }: News): TopState {
  const { list, selected } = state;
  const id = list?.jobs[selected - list.offset]?.id;
  const found = selected === 0 ? 0 : jobs.findIndex((job) => job.id === id) + offset;
  const at = found >= offset ? found : Math.max(0, Math.min(selected, total - 1));
  const next = { ...state, overview, list: { jobs, total, offset }, selected: at };
  const first = Math.max(0, Math.min(next.first, total - 1));
  const shown = showSelected({ ...next, first });
  return isLoaded(shown) ? shown : { ...shown, first: Math.max(offset, Math.min(first, at)) };
}
