import { AppError, StartError } from '../../domain/errors.ts';
import type { Commit } from '../../domain/store.ts';
import type { GroupOutcome, Outcome, ThreadAnswer, ThreadRequest, Write } from './write.ts';

/** Set by build.ts: where the executable holds the thread's module. */
declare const WRITER_THREAD_MODULE: string | undefined;

/** Rows that may wait: about 10 MB of samples, and seconds of work for the disk. Beyond it a sender is told to slow down. */
const MAX_QUEUED_ROWS = 100_000;
/** Rows of one transaction: large enough to make the sync cheap, small enough to keep the wait for it short. */
const MAX_GROUP_ROWS = 5_000;
/** After a failure, room for a whole group has to be proved, not just for one page. */
const PROBE_BYTES = 256 * 1024;

interface Waiting {
  readonly write: Write;
  readonly rows: number;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * The queue in front of the writing thread. Writes wait here while a group is being committed, and make up the next
 * group together: the busier the service, the more writes share one sync of the disk.
 */
export class Writer {
  #queue: Waiting[] = [];
  #queuedRows = 0;
  #inFlight: Waiting[] | undefined;
  #isFlushPlanned = false;
  #isFailing = false;
  #closed: (() => void) | undefined;
  #failure: AppError | undefined;

  private constructor(
    private readonly thread: Worker,
    private readonly onCommit: (commit: Commit) => void,
  ) {
    thread.onmessage = ({ data }: { data: string }) => {
      const answer: ThreadAnswer = JSON.parse(data);
      if (answer.kind === 'group') this.#settle(answer.outcome);
      else if (answer.kind === 'closed') this.#closed?.();
    };
    thread.onerror = (event) => this.#abandon(event.message);
  }

  /** Starts the thread, which opens and migrates the database. Rejects with StartError when that cannot be. */
  static async open(path: string, onCommit: (commit: Commit) => void): Promise<Writer> {
    const module =
      typeof WRITER_THREAD_MODULE === 'string'
        ? WRITER_THREAD_MODULE
        : new URL('./thread.ts', import.meta.url).href;
    const thread = new Worker(module, { name: 'writer' });
    const answer = await new Promise<ThreadAnswer>((resolve, reject) => {
      thread.onmessage = ({ data }: { data: string }) => resolve(JSON.parse(data));
      thread.onerror = (event) => reject(new Error(`The writing thread did not start: ${event.message}`));
      tell(thread, { kind: 'open', path });
    });
    if (answer.kind === 'opened') return new Writer(thread, onCommit);
    thread.terminate();
    if (answer.kind !== 'notOpened') throw new Error(`The writing thread answered ${answer.kind} to open.`);
    throw answer.isForPerson ? new StartError(answer.message) : new Error(answer.message);
  }

  get queuedRows(): number {
    return this.#queuedRows;
  }

  /** Queues a write of so many rows; resolves with its value once it is on disk. */
  submit<Value>(write: Write, rows = 1): Promise<Value> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#queuedRows + rows > MAX_QUEUED_ROWS && this.#queuedRows > 0) {
      return Promise.reject(
        new AppError('unavailable', 'Too many writes are waiting for the disk; try again in a second.'),
      );
    }
    this.#queuedRows += rows;
    return new Promise<Value>((resolve, reject) => {
      this.#queue.push({ write, rows, resolve: resolve as (value: unknown) => void, reject });
      this.#planFlush();
    });
  }

  /** A write that only proves that the disk takes one. It costs no place in the queue. */
  probe(): Promise<void> {
    return this.submit<void>({ kind: 'probe', bytes: this.#isFailing ? PROBE_BYTES : 1 }, 0);
  }

  /** Commits what is queued, then closes the database and ends the thread. */
  async close(): Promise<void> {
    const last = this.probe().catch(() => {});
    this.#failure = new AppError('unavailable', 'The service is shutting down.');
    await last;
    await new Promise<void>((resolve) => {
      this.#closed = resolve;
      tell(this.thread, { kind: 'close' });
    });
    this.thread.terminate();
  }

  /** Waits for the end of this turn of the event loop, so that all requests that came with it share the group. */
  #planFlush(): void {
    if (this.#isFlushPlanned || this.#inFlight) return;
    this.#isFlushPlanned = true;
    setImmediate(() => {
      this.#isFlushPlanned = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#inFlight || this.#queue.length === 0) return;
    let count = 0;
    for (let rows = 0; count < this.#queue.length; count++) {
      rows += this.#queue[count]!.rows;
      if (rows > MAX_GROUP_ROWS && count > 0) break;
    }
    const group = count === this.#queue.length ? this.#queue : this.#queue.slice(0, count);
    this.#queue = count === this.#queue.length ? [] : this.#queue.slice(count);
    this.#inFlight = group;
    tell(this.thread, { kind: 'group', writes: group.map(({ write }) => write) });
  }

  #settle(outcome: GroupOutcome): void {
    const group = this.#inFlight ?? [];
    const rows = group.reduce((sum, waiting) => sum + waiting.rows, 0);
    this.#inFlight = undefined;
    this.#queuedRows -= rows;
    // Not at once: those who are answered now may be back with their next write in time for the same group.
    if (this.#queue.length > 0) this.#planFlush();
    const failed = outcome.kind === 'diskError';
    this.#isFailing = failed;
    this.onCommit({ rows, seconds: outcome.seconds, failed });
    group.forEach((waiting, index) => {
      if (failed) waiting.reject(diskRefused(outcome.message));
      else settleOne(waiting, outcome.outcomes[index]!);
    });
  }

  /** The thread has died, which is a fault of ours: nobody may wait for it for ever. */
  #abandon(message: string): void {
    this.#failure = new AppError(
      'unavailable',
      'The store has failed; the service has to be started again.',
      {
        cause: new Error(message),
      },
    );
    for (const waiting of [...(this.#inFlight ?? []), ...this.#queue]) waiting.reject(this.#failure);
    this.#inFlight = undefined;
    this.#queue = [];
    this.#queuedRows = 0;
    this.#closed?.();
  }
}

/** Messages cross as JSON text, which costs half of what a copied graph of objects does. */
const tell = (thread: Worker, request: ThreadRequest) => thread.postMessage(JSON.stringify(request));

function settleOne(waiting: Waiting, outcome: Outcome): void {
  if (outcome.kind === 'done') waiting.resolve(outcome.value);
  else if (outcome.kind === 'refused') waiting.reject(new AppError(outcome.code, outcome.message));
  else waiting.reject(new Error(outcome.message));
}

function diskRefused(cause: string): AppError {
  return new AppError(
    'unavailable',
    'The disk did not take this write, so nothing of it was kept; try again later.',
    {
      cause: new Error(cause),
    },
  );
}
