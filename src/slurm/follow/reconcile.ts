import { StartError } from '../../domain/errors.ts';
import type { Report } from '../../domain/report.ts';
import type { Unconfirmed } from '../../domain/store/runs.ts';
import { hidesJobs, parseSlurmConfig } from '../check/slurm-conf.ts';
import { createBackoff } from '../hooks/backoff.ts';
import { createSacctReader, ENDS_OF_WAITS, type SacctChoice, sacctArguments } from '../records/sacct.ts';
import { createMark } from '../records/separator.ts';
import { createQueueReader, squeueArguments } from '../records/squeue.ts';
import { readOutput, readSacctColumns, readSqueueColumns, type SlurmCommands } from './commands.ts';
import { cutPortions } from './portions.ts';
import { type QueueLook, watchQueue } from './queue.ts';

const SQUEUE_TIMEOUT_MS = 60_000;
const SACCT_TIMEOUT_MS = 120_000;
/** Reports that go to the store at once: some milliseconds of its time. */
const BATCH_REPORTS = 500;
/** Jobs of one call of sacct. */
const BATCH_JOBS = 500;
const OLD_JOBS = 100;
/** A job that has left the queue is waited for this long: slurmdbd may be minutes behind. */
const PATIENCE_MS = 10 * 60_000;
/** An end that is not confirmed is asked for this long. */
const UNCONFIRMED_MS = 60 * 60_000;
/** What was said unchanged is said again after this long, in case somebody changed it meanwhile. */
const REPEAT_MS = 10 * 60_000;
/** How far the first look goes back, where nobody has looked before; and how far any does. */
const FIRST_LOOK_MS = 24 * 3_600_000;
const LONGEST_LOOK_MS = 30 * 24 * 3_600_000;
/** Records come to sacct after their end. */
const OVERLAP_MS = 10 * 60_000;

export interface ReconcileOptions {
  readonly commands: SlurmCommands;
  /** Resolves when the reports are on disk. */
  readonly deliver: (reports: readonly Report[]) => Promise<void>;
  /** Jobs of schedulers that have not ended, and those that ended after `sinceMs` without Slurm's own word for it. */
  readonly listUnconfirmed: (sinceMs: number) => Promise<readonly Unconfirmed[]>;
  /** When the last look was complete; undefined when there was none. */
  readonly readLastLookMs: () => Promise<number | undefined>;
  readonly keepLastLookMs: (timeMs: number) => Promise<void>;
  readonly warn: (event: string, fields: Record<string, unknown>) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly patienceMs?: number;
}

/**
 * Compares what is known with what Slurm says, a look at a time: what squeue shows is taken over, what has left the queue
 * is asked of sacct, and what neither knows has failed. The first look starts with sacct for what happened since the last
 * one. `stop` lets the look at hand end early. `look` never rejects; it resolves to the milliseconds that Slurm's commands took,
 * without those that only the first look needs.
 */
export function reconciler(options: ReconcileOptions) {
  const { commands, deliver, listUnconfirmed, warn, now, patienceMs = PATIENCE_MS } = options;
  /** What was said last of each job of the queue. */
  let said: QueueLook['shown'] = new Map();
  let saidMs = Number.NEGATIVE_INFINITY;
  /** Since when a job has been missing. */
  let missing = new Map<string, number>();
  let columns: string[] | undefined;
  let queueColumns: readonly string[] | undefined;
  const backoff = createBackoff();
  let isGapClosed = false;
  let isStopped = false;
  const told = new Map<string, string>();
  /** In Slurm's commands, of the look at hand. */
  let spentMs = 0;

  async function timed<Value>(run: () => Promise<Value>): Promise<Value> {
    const startedMs = performance.now();
    try {
      return await run();
    } finally {
      spentMs += performance.now() - startedMs;
    }
  }

  async function deliverAll(reports: readonly Report[]): Promise<void> {
    for (const portion of cutPortions(reports, BATCH_REPORTS)) {
      if (isStopped) return;
      await deliver(portion);
    }
  }

  /**
   * Takes over what squeue shows and has not shown before, as it comes, so that a long queue neither fills the memory nor
   * stops anybody. Rejects when squeue fails; what the store refused is said with the answer.
   */
  async function lookAtQueue(): Promise<QueueLook> {
    const observedMs = now();
    const queue = watchQueue({ isWhole: observedMs - saidMs >= REPEAT_MS, deliver: deliverAll, said });
    try {
      queueColumns ??= await readSqueueColumns(commands, SQUEUE_TIMEOUT_MS);
      const mark = createMark();
      const reader = createQueueReader(queueColumns, mark, observedMs);
      await commands.run('squeue', squeueArguments(queueColumns, mark), {
        timeoutMs: SQUEUE_TIMEOUT_MS,
        read: (text) => queue.take(reader.read(text)),
      });
      reader.finish();
      const { count, first } = reader.faults;
      if (count > 0) warn('squeue_faults', { count, first });
    } catch (error) {
      // It may be of another version by now.
      queueColumns = undefined;
      throw error;
    }
    return queue;
  }

  async function askSacct(choice: SacctChoice): Promise<Set<string>> {
    columns ??= await readSacctColumns(commands, SACCT_TIMEOUT_MS);
    const asked = columns;
    // Should it fail, it may be of another version by now.
    columns = undefined;
    const mark = createMark();
    const reader = createSacctReader(now(), mark);
    const ended = new Set<string>();
    const take = async (reports: readonly Report[]) => {
      for (const { id, endTimeMs } of reports) if (endTimeMs !== undefined) ended.add(id);
      await deliverAll(reports);
    };
    await commands.run('sacct', sacctArguments(asked, mark, choice), {
      timeoutMs: SACCT_TIMEOUT_MS,
      read: (text) => take(reader.read(text)),
    });
    await take(reader.finish());
    columns = asked;
    if (reader.faults.count > 0) {
      warn('sacct_faults', { count: reader.faults.count, first: reader.faults.first });
    }
    return ended;
  }

  /** What happened while nobody looked. */
  async function closeGap(): Promise<void> {
    const lastMs = (await options.readLastLookMs()) ?? now() - FIRST_LOOK_MS;
    const fromMs = Math.max(lastMs - OVERLAP_MS, now() - LONGEST_LOOK_MS);
    const span = { fromMs, toMs: now() + 1000 };
    await askSacct(span);
    await askSacct({ ...span, states: ENDS_OF_WAITS });
    isGapClosed = true;
  }

  /**
   * Jobs that ought to be in the queue, and are not, and those of which an earlier run is not known well; those that have been
   * missing for long have failed.
   */
  async function settle(queue: QueueLook): Promise<void> {
    const unconfirmed = await listUnconfirmed(now() - UNCONFIRMED_MS);
    const lacking = unconfirmed.filter(({ lacksRuns }) => lacksRuns).map(({ id }) => id);
    backoff.keep(new Set(lacking));
    // What accounting does not have, as of runs that it has deleted, is not asked for at each look.
    const due = new Set(lacking.filter((id) => backoff.isDue(id, now())));
    const left = unconfirmed.filter(({ id }) => due.has(id) || !queue.live.has(id));
    const gone = left.filter(({ id }) => !queue.live.has(id));
    missing = new Map(gone.map(({ id }) => [id, missing.get(id) ?? now()]));
    // From both ends: what has just ended has a record, and what has long been missing must have its turn too.
    const asked =
      left.length <= BATCH_JOBS ? left : [...left.slice(0, OLD_JOBS), ...left.slice(OLD_JOBS - BATCH_JOBS)];
    const hasSacct = commands.has('sacct');
    const ended =
      hasSacct && asked.length > 0
        ? await attempt('sacct', () => timed(() => askSacct({ ids: asked.map(({ id }) => id) })))
        : new Set<string>();
    if (!ended) return;
    backoff.note(due, now());
    const lost = asked.filter(
      ({ id, hasEnded }) =>
        !hasEnded && !queue.live.has(id) && !ended.has(id) && now() - missing.get(id)! >= patienceMs,
    );
    if (lost.length === 0) return;
    const isKnown = await attempt('jobs that have left the queue', async () => requireWhole(queue));
    if (isKnown) await deliverAll(lost.map(({ id }) => lostReport(id, missing.get(id)!)));
  }

  /** Only where squeue shows what others run has a job gone that it does not show. Rejects with StartError if not. */
  async function requireWhole({ showsOthers }: QueueLook): Promise<true> {
    if (showsOthers || !commands.has('scontrol')) return true;
    const config = parseSlurmConfig(
      await readOutput(commands, 'scontrol', ['show', 'config'], SQUEUE_TIMEOUT_MS),
    );
    if (!hidesJobs(config)) return true;
    throw new StartError('PrivateData hides the jobs of others: make the user of the service an operator.');
  }

  /** Undefined when it failed, which is told once for every different reason. */
  async function attempt<Value>(what: string, run: () => Promise<Value>): Promise<Value | undefined> {
    try {
      const value = await run();
      told.delete(what);
      return value;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (told.get(what) !== message) warn('slurm_failed', { what, message });
      told.set(what, message);
      return undefined;
    }
  }

  async function look(): Promise<number> {
    if (!isGapClosed && commands.has('sacct')) await attempt('sacct since the last look', closeGap);
    spentMs = 0;
    await compare();
    return spentMs;
  }

  async function compare(): Promise<void> {
    const startedMs = now();
    const queue = await attempt('squeue', () => timed(lookAtQueue));
    if (!queue || isStopped) return;
    await attempt('the store', async () => {
      // What was not kept has to be said again.
      if (queue.storeError !== undefined) throw queue.storeError;
      if (queue.isWhole) saidMs = startedMs;
      said = queue.shown;
      await settle(queue);
      if (isGapClosed || !commands.has('sacct')) await options.keepLastLookMs(startedMs);
    });
  }

  return {
    look,
    stop: () => {
      isStopped = true;
    },
  };
}

const lostReport = (id: string, sinceMs: number): Report => ({
  source: 'absence',
  observedMs: sinceMs,
  id,
  state: 'failed',
  endTimeMs: sinceMs,
  reason: 'It left the queue, and nobody knows how it ended.',
});
