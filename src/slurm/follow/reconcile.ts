import { OperatorError } from '../../domain/errors.ts';
import type { Report } from '../../domain/report.ts';
import type { Unconfirmed } from '../../domain/store/runs.ts';
import { ENDS_OF_WAITS, type SacctChoice } from '../records/sacct-arguments.ts';
import { hidesJobs, parseSlurmConfig } from '../records/slurm-conf.ts';
import type { Unreadable } from '../records/unreadable.ts';
import { loggedAttempts } from './attempt.ts';
import { readOutput, type SlurmCommands } from './commands.ts';
import { trackMissing } from './missing.ts';
import { cutPortions } from './portions.ts';
import { collectQueue, type QueuePoll } from './queue.ts';
import { readSacctColumns, runSacct } from './sacct.ts';
import { readSqueueColumns, runSqueue } from './squeue.ts';

const SQUEUE_TIMEOUT_MS = 60_000;
const SACCT_TIMEOUT_MS = 120_000;
/** Reports per commit, which takes the store some milliseconds. */
const BATCH_REPORTS = 500;
/** How long a job that left the queue may be without a record of sacct: slurmdbd may be minutes behind. */
const PATIENCE_MS = 10 * 60_000;
/** How long sacct is asked to confirm an end. */
const UNCONFIRMED_MS = 60 * 60_000;
/** Unchanged rows of squeue are delivered again this often, in case the stored job was changed in between. */
const REPEAT_MS = 10 * 60_000;
/** How far back the first poll goes when there was none before, and at most. */
const FIRST_GAP_MS = 24 * 3_600_000;
const LONGEST_GAP_MS = 30 * 24 * 3_600_000;
/** sacct may get a record this long after the end it describes. */
const OVERLAP_MS = 10 * 60_000;

export interface ReconcileOptions {
  readonly commands: SlurmCommands;
  /** Resolves when the reports are on disk. */
  readonly deliver: (reports: readonly Report[]) => Promise<void>;
  /** Lists Slurm's jobs that have not ended, and those that ended after `sinceMs` without a confirmed end. */
  readonly listUnconfirmed: (sinceMs: number) => Promise<readonly Unconfirmed[]>;
  /** Returns when the last complete poll began; undefined before the first. */
  readonly readLastPollMs: () => Promise<number | undefined>;
  readonly saveLastPollMs: (timeMs: number) => Promise<void>;
  readonly warn: (event: string, fields: Record<string, unknown>) => void;
  readonly debug: (event: string, fields: Record<string, unknown>) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly patienceMs?: number;
}

/**
 * Compares the stored jobs with Slurm, one poll at a time: delivers what squeue shows, asks sacct for jobs
 * that have left the queue, and reports as failed those that neither knows. The first poll also asks sacct
 * for what happened since the last one. `poll` never rejects; it resolves to the milliseconds that Slurm's
 * commands took, without those that only the first poll needs. It ends early once `signal` is aborted.
 */
export function reconciler(options: ReconcileOptions) {
  const { commands, listUnconfirmed, warn, debug, now, patienceMs = PATIENCE_MS } = options;
  const attempt = loggedAttempts(warn);
  const missing = trackMissing(patienceMs);
  let isGapClosed = false;
  /** Of the current poll. */
  let signal: AbortSignal;
  /** In Slurm's commands, during this poll. */
  let spentMs = 0;
  let deliveredReports = 0;

  async function timed<Value>(run: () => Promise<Value>): Promise<Value> {
    const startedMs = performance.now();
    try {
      return await run();
    } finally {
      spentMs += performance.now() - startedMs;
    }
  }

  async function deliver(reports: readonly Report[]): Promise<void> {
    for (const portion of cutPortions(reports, BATCH_REPORTS)) {
      if (signal.aborted) return;
      await options.deliver(portion);
      deliveredReports += portion.length;
    }
  }

  const { pollQueue, markStored } = queuePoller({ commands, deliver, warn, now });
  const askSacct = sacctAsker({ commands, deliver, warn, now });

  /** Delivers what happened while the service did not run. */
  async function closeGap(): Promise<void> {
    const lastMs = (await options.readLastPollMs()) ?? now() - FIRST_GAP_MS;
    const fromMs = Math.max(lastMs - OVERLAP_MS, now() - LONGEST_GAP_MS);
    const span = { fromMs, toMs: now() + 1000 };
    await askSacct(span);
    await askSacct({ ...span, states: ENDS_OF_WAITS });
    isGapClosed = true;
  }

  /** Asks sacct for the jobs that are missing in the queue; without sacct, they fail after `patienceMs`. */
  async function findMissing(queue: QueuePoll): Promise<void> {
    const unconfirmed = await listUnconfirmed(now() - UNCONFIRMED_MS);
    const question = missing.select(unconfirmed, queue.live, now());
    const ids = question.jobs.map(({ id }) => id);
    const ended =
      commands.has('sacct') && ids.length > 0
        ? await attempt('ask sacct for missing jobs', () => timed(() => askSacct({ ids })))
        : new Set<string>();
    if (!ended) return;
    const lost = missing.settle(question, queue.live, ended, now());
    if (lost.length === 0) return;
    const isWhole = await attempt('check that squeue shows all jobs', () => requireAllJobs(commands, queue));
    if (isWhole) await deliver(lost);
  }

  async function compare(): Promise<void> {
    const queue = await attempt('poll squeue', () => timed(pollQueue));
    if (!queue || signal.aborted) return;
    await attempt('store the queue', async () => {
      // Not marked as stored, so that the next poll delivers all of it again.
      if (queue.storeError !== undefined) throw queue.storeError;
      markStored(queue);
      await findMissing(queue);
      if (isGapClosed || !commands.has('sacct')) await options.saveLastPollMs(queue.observedMs);
    });
  }

  return {
    async poll(pollSignal: AbortSignal): Promise<number> {
      signal = pollSignal;
      deliveredReports = 0;
      if (!isGapClosed && commands.has('sacct')) await attempt('ask sacct since the last poll', closeGap);
      spentMs = 0;
      await compare();
      debug('slurm_poll', { ms: Math.round(spentMs), reports: deliveredReports });
      return spentMs;
    },
  };
}

type CallOptions = Pick<ReconcileOptions, 'commands' | 'deliver' | 'warn' | 'now'>;

/** Polls squeue and delivers what is new or has changed since the last poll that was stored. */
function queuePoller({ commands, deliver, warn, now }: CallOptions) {
  const withColumns = keepColumns(() => readSqueueColumns(commands, SQUEUE_TIMEOUT_MS));
  let lastHashes: QueuePoll['hashes'] = new Map();
  let lastWholeMs = Number.NEGATIVE_INFINITY;

  return {
    /** Rejects when squeue fails; an error of the store is in the result. */
    async pollQueue(): Promise<QueuePoll> {
      const observedMs = now();
      const isWhole = observedMs - lastWholeMs >= REPEAT_MS;
      const queue = collectQueue({ observedMs, isWhole, lastHashes, deliver });
      const call = { nowMs: observedMs, timeoutMs: SQUEUE_TIMEOUT_MS, deliver: queue.add };
      const unreadable = await withColumns((columns) => runSqueue(commands, { ...call, columns }));
      warnUnreadable(warn, 'squeue_unreadable', unreadable);
      return queue;
    },
    markStored({ hashes, isWhole, observedMs }: QueuePoll): void {
      lastHashes = hashes;
      if (isWhole) lastWholeMs = observedMs;
    },
  };
}

/**
 * Returns a function that delivers sacct's records of a choice of jobs and resolves to the ids of those that
 * have ended.
 */
function sacctAsker({ commands, deliver, warn, now }: CallOptions) {
  const withColumns = keepColumns(() => readSacctColumns(commands, SACCT_TIMEOUT_MS));

  return async (choice: SacctChoice): Promise<Set<string>> => {
    const ended = new Set<string>();
    const call = { choice, nowMs: now(), timeoutMs: SACCT_TIMEOUT_MS, deliver: deliverEnds };
    const unreadable = await withColumns((columns) => runSacct(commands, { ...call, columns }));
    warnUnreadable(warn, 'sacct_unreadable', unreadable);
    return ended;

    async function deliverEnds(reports: readonly Report[]): Promise<void> {
      for (const { id, endTimeMs } of reports) if (endTimeMs !== undefined) ended.add(id);
      await deliver(reports);
    }
  };
}

/**
 * Returns a function that makes a call with the columns that `read` finds. They are kept until a call fails,
 * because Slurm may then have been upgraded.
 */
function keepColumns(read: () => Promise<readonly string[]>) {
  let kept: readonly string[] | undefined;
  return async <Result>(call: (columns: readonly string[]) => Promise<Result>): Promise<Result> => {
    try {
      kept ??= await read();
      return await call(kept);
    } catch (error) {
      kept = undefined;
      throw error;
    }
  };
}

function warnUnreadable(warn: ReconcileOptions['warn'], event: string, unreadable: Unreadable): void {
  const { count, examples } = unreadable;
  if (count > 0) warn(event, { count, examples });
}

/**
 * Rejects with OperatorError unless squeue shows the jobs of all users: only then is a job gone that it does
 * not show.
 */
async function requireAllJobs(commands: SlurmCommands, { showsOthers }: QueuePoll): Promise<true> {
  if (showsOthers || !commands.has('scontrol')) return true;
  const config = parseSlurmConfig(
    await readOutput(commands, 'scontrol', ['show', 'config'], SQUEUE_TIMEOUT_MS),
  );
  if (!hidesJobs(config)) return true;
  throw new OperatorError(
    "PrivateData hides other users' jobs from squeue: make the service's user an operator in Slurm.",
  );
}
