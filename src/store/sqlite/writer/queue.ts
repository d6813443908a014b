import { AppError, StartError } from '../../../domain/errors.ts';
import type { Commit } from '../../../domain/store/upkeep.ts';
import { takeTurn } from '../../../pace.ts';
import { packRequest } from './message.ts';
import {
  type GroupOutcome,
  type NoticeLevel,
  type Outcome,
  rowsOf,
  type ThreadAnswer,
  type ThreadRequest,
  type Write,
} from './write.ts';

/** Set by build.ts: where the executable holds the thread's module. */
declare const WRITER_THREAD_MODULE: string | undefined;

/**
 * Rows of batches that may wait, and single writes beside them: a fraction of a second of work for the disk. Beyond it
 * a sender is told to slow down; a batch, of which one may be larger, never keeps single writes out, nor they it.
 */
const MAX_WAITING_ROWS = { batch: 20_000, single: 10_000 };
/** After a failure, room for a whole group has to be proved, not just for one page. */
const PROBE_BYTES = 256 * 1024;

type Size = 'batch' | 'single';

interface Waiting {
  readonly size: Size;
  readonly rows: number;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** What a Writer reports beside the answers to its writes. */
export interface WriterEvents {
  readonly onCommit: (commit: Commit) => void;
  /** What an administrator has to know of the database file, one sentence. */
  readonly onNotice: (level: NoticeLevel, text: string) => void;
  /** The thread has died, and every write is refused from now on: the process should end. Called at most once. */
  readonly onDeath: (cause: Error) => void;
}

/**
 * The way to the writing thread. The writes of one turn of the event loop go over together, and the thread commits
 * all that has come in since its last commit as one group: the busier the service, the more writes share one sync of the
 * disk, and the disk is never idle while one waits.
 */
export class Writer {
  #unsent: Write[] = [];
  #nextId = 0;
  /** Everything unanswered, by id. */
  readonly #waiting = new Map<number, Waiting>();
  readonly #waitingRows: Record<Size, number> = { batch: 0, single: 0 };
  #isFailing = false;
  #isDead = false;
  #opened: ((answer: ThreadAnswer) => void) | undefined;
  #closed: (() => void) | undefined;
  #failure: AppError | undefined;

  private constructor(
    private readonly thread: Worker,
    private readonly events: WriterEvents,
  ) {
    thread.onmessage = ({ data }: { data: string }) => this.#take(JSON.parse(data));
    thread.onerror = (event) => this.#abandon(event.message);
    thread.addEventListener('close', () => this.#abandon('The writing thread ended by itself.'));
  }

  /** Starts the thread, which opens and migrates the database. Rejects with StartError when that cannot be. */
  static async open(
    path: string,
    { cacheBytes, ...events }: WriterEvents & { cacheBytes?: number | undefined },
  ): Promise<Writer> {
    const module =
      typeof WRITER_THREAD_MODULE === 'string'
        ? WRITER_THREAD_MODULE
        : new URL('./thread.ts', import.meta.url).href;
    const thread = new Worker(module, { name: 'writer', smol: true });
    const writer = new Writer(thread, events);
    const answer = await new Promise<ThreadAnswer>((resolve, reject) => {
      writer.#opened = resolve;
      writer.#closed = () =>
        reject(new Error('The writing thread did not start.', { cause: writer.#failure }));
      tell(thread, { kind: 'open', path, cacheBytes });
    });
    writer.#opened = undefined;
    writer.#closed = undefined;
    if (answer.kind === 'opened') return writer;
    writer.#isDead = true;
    thread.terminate();
    if (answer.kind !== 'notOpened') throw new Error(`The writing thread answered ${answer.kind} to open.`);
    throw answer.isForPerson ? new StartError(answer.message) : new Error(answer.message);
  }

  get queuedRows(): number {
    return this.#waitingRows.batch + this.#waitingRows.single;
  }

  /** Queues a write; resolves with its value once it is on disk. */
  async submit<Value>(write: Write): Promise<Value> {
    this.#admit('single', rowsOf(write));
    return this.#queue('single', write);
  }

  /**
   * Queues the parts of a batch in order, one in a turn of the event loop, because packing one takes milliseconds; other
   * writes may come in between. Resolves with their values once all are on disk; when a part fails, rejects after the others
   * have ended, and those that succeeded stay stored.
   */
  async submitParts<Value>(parts: readonly Write[]): Promise<Value[]> {
    this.#admit(
      'batch',
      parts.reduce((sum, part) => sum + rowsOf(part), 0),
    );
    const values: Promise<Value>[] = [];
    for (const part of parts) {
      if (values.length > 0) await takeTurn();
      const value = this.#failure ? Promise.reject(this.#failure) : this.#queue<Value>('batch', part);
      // Told of below, when the last part has been queued.
      value.catch(() => {});
      values.push(value);
    }
    await Promise.allSettled(values);
    return Promise.all(values);
  }

  /** Makes room for so many rows, or throws. */
  #admit(size: Size, rows: number): void {
    if (this.#failure) throw this.#failure;
    const waitingRows = this.#waitingRows[size];
    if (rows > 0 && waitingRows > 0 && waitingRows + rows > MAX_WAITING_ROWS[size])
      throw new AppError('unavailable', 'Too many writes are waiting for the disk; try again in a second.');
    this.#waitingRows[size] += rows;
  }

  #queue<Value>(size: Size, write: Write): Promise<Value> {
    const rows = rowsOf(write);
    if (this.#unsent.length === 0) setImmediate(() => this.#send());
    this.#unsent.push(write);
    const id = this.#nextId++;
    // A turn is long when batches are read in it; what is sent now may be on disk before it ends.
    if (this.#waitingRows.batch > 0) this.#send();
    return new Promise<Value>((resolve, reject) => {
      this.#waiting.set(id, { size, rows, resolve: resolve as (value: unknown) => void, reject });
    });
  }

  /** A write that only proves that the disk takes one. It costs no place in the queue. */
  probe(): Promise<void> {
    return this.submit<void>({ kind: 'probe', bytes: this.#isFailing ? PROBE_BYTES : 1 });
  }

  /** Commits what is queued, then closes the database and ends the thread. Returns at once when the thread is dead. */
  async close(): Promise<void> {
    this.#failure = new AppError('unavailable', 'The service is shutting down.');
    if (!this.#isDead) {
      await new Promise<void>((resolve) => {
        this.#closed = resolve;
        // Messages keep their order: all that is waiting is answered before the thread says that it has closed.
        this.#send();
        tell(this.thread, { kind: 'close' });
      });
    }
    this.#isDead = true;
    this.thread.terminate();
    this.#refuseAll(this.#failure);
  }

  #send(): void {
    if (this.#unsent.length === 0) return;
    tell(this.thread, {
      kind: 'writes',
      firstId: this.#nextId - this.#unsent.length,
      writes: this.#unsent,
    });
    this.#unsent = [];
  }

  #take(answer: ThreadAnswer): void {
    if (answer.kind === 'group') this.#settle(answer.ids, answer.outcome);
    else if (answer.kind === 'notice') this.events.onNotice(answer.level, answer.text);
    else if (answer.kind === 'closed') this.#closed?.();
    else this.#opened?.(answer);
  }

  #settle(ids: readonly number[], outcome: GroupOutcome): void {
    const group = ids.map((id) => this.#waiting.get(id)!);
    let rows = 0;
    for (const [index, waiting] of group.entries()) {
      this.#waiting.delete(ids[index]!);
      this.#waitingRows[waiting.size] -= waiting.rows;
      rows += waiting.rows;
    }
    const endings: string[] =
      outcome.kind === 'diskError' ? [outcome.kind] : outcome.outcomes.map(({ kind }) => kind);
    this.#isFailing = endings.includes('diskError');
    const failed = this.#isFailing || endings.includes('fault');
    this.events.onCommit({ rows, seconds: outcome.seconds, failed });
    group.forEach((waiting, index) => {
      if (outcome.kind === 'diskError') waiting.reject(diskRefused(outcome.message));
      else settleOne(waiting, outcome.outcomes[index]!);
    });
  }

  /** The thread has died, which is a fault of ours: nobody may wait for it for ever. */
  #abandon(message: string): void {
    if (this.#isDead) return;
    this.#isDead = true;
    const cause = new Error(message);
    this.#failure = new AppError(
      'unavailable',
      'The store has failed, and whether it has kept this write is not known. Send it again when the service is back.',
      { cause },
    );
    this.#refuseAll(this.#failure);
    this.#closed?.();
    // Who opens the writer learns of it from the promise.
    if (!this.#opened) this.events.onDeath(cause);
  }

  #refuseAll(failure: AppError): void {
    for (const waiting of this.#waiting.values()) waiting.reject(failure);
    this.#waiting.clear();
    for (const size of ['batch', 'single'] as const) this.#waitingRows[size] = 0;
  }
}

function tell(thread: Worker, request: ThreadRequest): void {
  const message = packRequest(request);
  if (!message.batches) thread.postMessage(message);
  else
    thread.postMessage(
      message,
      message.batches.map(({ numbers }) => numbers.buffer),
    );
}

function settleOne(waiting: Waiting, outcome: Outcome): void {
  if (outcome.kind === 'done') waiting.resolve(outcome.value);
  else if (outcome.kind === 'refused') waiting.reject(new AppError(outcome.code, outcome.message));
  else if (outcome.kind === 'diskError') waiting.reject(diskRefused(outcome.message));
  else waiting.reject(new Error(outcome.message));
}

function diskRefused(cause: string): AppError {
  return new AppError('unavailable', 'The disk did not take this write; try again later.', {
    cause: new Error(cause),
  });
}
