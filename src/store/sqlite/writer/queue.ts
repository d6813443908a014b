import type { Change } from '../../../domain/changes.ts';
import {
  AppError,
  OperatorError,
  shuttingDown,
  storeFailed,
  tooManyWrites,
  writeNotStored,
} from '../../../domain/errors.ts';
import type { StoreObserver } from '../../../domain/store/options.ts';
import { yieldToOthers } from '../../../pace.ts';
import { MAX_WAITING_ROWS, PROBE_BYTES } from '../../writer/limits.ts';
import {
  type Lane,
  ruleOf,
  type Write,
  type WriteFields,
  type WriteKind,
  type WriteValues,
} from '../../writer/write.ts';
import { packRequest } from './message.ts';
import type { GroupOutcome, Outcome, ThreadAnswer, ThreadOptions, ThreadRequest } from './protocol.ts';
import type { WriterThreads } from './threads.ts';

interface Waiting {
  readonly lane: Lane;
  readonly rows: number;
  /** Only while somebody watches: it keeps the rows of a batch in memory until they are on disk. */
  readonly write: Write | undefined;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

type WriterEvents = Pick<StoreObserver, 'onCommit' | 'onNotice' | 'onDeath'>;

/**
 * Sends writes to the writing thread. The writes of one turn of the event loop are sent together, and the
 * thread commits all that arrived since its last commit as one group: the busier the service, the more writes
 * share one sync of the disk, and the disk is never idle while a write waits.
 */
export class Writer {
  #unsent: Write[] = [];
  #nextId = 0;
  /** All writes without an answer, by id. */
  readonly #waiting = new Map<number, Waiting>();
  readonly #watchers = new Set<(change: Change) => void>();
  readonly #waitingRows: Record<Lane, number> = { single: 0, batch: 0, step: 0 };
  #unsealed = 0;
  #isFailing = false;
  #isDead = false;
  #opened: ((answer: ThreadAnswer) => void) | undefined;
  #closed: (() => void) | undefined;
  #failure: AppError | undefined;

  private constructor(
    private readonly thread: Worker,
    private readonly threads: WriterThreads,
    private readonly events: WriterEvents,
  ) {
    thread.onmessage = ({ data }: { data: string }) => this.#receive(JSON.parse(data));
    thread.onerror = (event) => this.#abandon(event.message);
    thread.addEventListener('close', () => this.#abandon('The writing thread ended by itself.'));
  }

  /** Starts the thread, which opens and migrates the database. Rejects with OperatorError if that fails. */
  static async open(
    path: string,
    { cacheBytes, thresholds, ...events }: WriterEvents & ThreadOptions,
    threads: WriterThreads,
  ): Promise<Writer> {
    const thread = threads.start();
    const writer = new Writer(thread, threads, events);
    const answer = await new Promise<ThreadAnswer>((resolve, reject) => {
      writer.#opened = resolve;
      writer.#closed = () =>
        reject(new Error('The writing thread did not start.', { cause: writer.#failure }));
      send(thread, { kind: 'open', path, cacheBytes, thresholds });
    });
    writer.#opened = undefined;
    writer.#closed = undefined;
    if (answer.kind === 'opened') return writer;
    writer.#isDead = true;
    threads.end(thread);
    if (answer.kind !== 'notOpened') throw new Error(`The writing thread answered ${answer.kind} to open.`);
    throw answer.isForPerson ? new OperatorError(answer.message) : new Error(answer.message);
  }

  get queuedRows(): number {
    return this.#waitingRows.batch + this.#waitingRows.single;
  }

  /** Samples that wait to be sealed, as of the last commit. */
  get unsealedSamples(): number {
    return this.#unsealed;
  }

  /** Queues a write. Resolves with its value once it is on disk. */
  async submit<Kind extends WriteKind>(kind: Kind, fields: WriteFields[Kind]): Promise<WriteValues[Kind]> {
    const write = makeWrite(kind, fields);
    this.#admit([write]);
    return this.#queue(write) as Promise<WriteValues[Kind]>;
  }

  /**
   * Queues the parts of a batch in order, one in each turn of the event loop, because packing one takes
   * milliseconds; other writes may come in between. Resolves with their values once all are on disk. If a
   * part fails, rejects after the others have ended, and those that succeeded stay stored.
   */
  async submitParts<Kind extends WriteKind>(
    kind: Kind,
    parts: readonly WriteFields[Kind][],
  ): Promise<WriteValues[Kind][]> {
    const writes = parts.map((fields) => makeWrite(kind, fields));
    this.#admit(writes);
    const values: Promise<unknown>[] = [];
    for (const write of writes) {
      if (values.length > 0) await yieldToOthers();
      const value = this.#failure ? Promise.reject(this.#failure) : this.#queue(write);
      // A rejection is reported below, once the last part is queued.
      value.catch(() => {});
      values.push(value);
    }
    await Promise.allSettled(values);
    return Promise.all(values) as Promise<WriteValues[Kind][]>;
  }

  /** Calls `tell` with what each write has changed, until the returned function is called. */
  watch(tell: (change: Change) => void): () => void {
    this.#watchers.add(tell);
    return () => void this.#watchers.delete(tell);
  }

  /** Commits a small write that only proves that the disk accepts one. It takes no room in the queue. */
  probe(): Promise<void> {
    return this.submit('probe', { bytes: this.#isFailing ? PROBE_BYTES.afterFailure : PROBE_BYTES.usual });
  }

  /**
   * Commits what is queued, then closes the database and
   * ends the thread. Returns at once if the thread is dead.
   */
  async close(): Promise<void> {
    this.#failure = shuttingDown();
    if (!this.#isDead) {
      await new Promise<void>((resolve) => {
        this.#closed = resolve;
        // Messages keep their order: all waiting writes are answered before the thread answers `closed`.
        this.#sendUnsent();
        send(this.thread, { kind: 'close' });
      });
    }
    this.#isDead = true;
    this.threads.end(this.thread);
    this.#rejectAll(this.#failure);
  }

  /** Counts the rows of writes of one kind as waiting. Throws if there is no room for all of them. */
  #admit(writes: readonly Write[]): void {
    if (this.#failure) throw this.#failure;
    const { lane } = ruleOf(writes[0]!);
    const rows = writes.reduce((sum, write) => sum + ruleOf(write).rows(write), 0);
    const waitingRows = this.#waitingRows[lane];
    // A single batch may be larger than the limit.
    if (rows > 0 && waitingRows > 0 && waitingRows + rows > MAX_WAITING_ROWS[lane]) throw tooManyWrites();
    this.#waitingRows[lane] += rows;
  }

  #queue(write: Write): Promise<unknown> {
    const { lane, rows } = ruleOf(write);
    if (this.#unsent.length === 0) setImmediate(() => this.#sendUnsent());
    this.#unsent.push(write);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const watched = this.#watchers.size > 0 ? write : undefined;
      this.#waiting.set(id, { lane, rows: rows(write), write: watched, resolve, reject });
    });
  }

  #sendUnsent(): void {
    if (this.#unsent.length === 0) return;
    send(this.thread, {
      kind: 'writes',
      firstId: this.#nextId - this.#unsent.length,
      writes: this.#unsent,
    });
    this.#unsent = [];
  }

  #receive(answer: ThreadAnswer): void {
    if (answer.kind === 'group') this.#settle(answer.ids, answer.outcome);
    else if (answer.kind === 'notice') this.events.onNotice(answer.notice);
    else if (answer.kind === 'closed') this.#closed?.();
    else this.#opened?.(answer);
  }

  #settle(ids: readonly number[], outcome: GroupOutcome): void {
    const group = ids.map((id) => this.#waiting.get(id)!);
    let rows = 0;
    for (const [index, waiting] of group.entries()) {
      this.#waiting.delete(ids[index]!);
      this.#waitingRows[waiting.lane] -= waiting.rows;
      rows += waiting.rows;
    }
    this.#unsealed = outcome.unsealed;
    const endings: string[] =
      outcome.kind === 'diskError' ? [outcome.kind] : outcome.outcomes.map(({ kind }) => kind);
    this.#isFailing = endings.includes('diskError');
    const failed = this.#isFailing || endings.includes('fault');
    this.events.onCommit({ writes: ids.length, rows, seconds: outcome.seconds, failed });
    group.forEach((waiting, index) => {
      if (outcome.kind === 'diskError') waiting.reject(writeNotStored(outcome.message));
      else settleOne(waiting, outcome.outcomes[index]!);
    });
    if (outcome.kind === 'committed' && this.#watchers.size > 0) this.#tell(group, outcome.outcomes);
  }

  /** Tells those who watch what a group has changed. */
  #tell(group: readonly Waiting[], outcomes: readonly Outcome[]): void {
    for (const [index, { write }] of group.entries()) {
      const outcome = outcomes[index]!;
      if (!write || outcome.kind !== 'done') continue;
      const hasStored = (outcome.value as { readonly stored?: number } | undefined)?.stored !== 0;
      const change = ruleOf(write).changes(write, hasStored);
      if (change) for (const tell of this.#watchers) tell(change);
    }
  }

  /** Rejects everything, now and later: the thread has died, and no answer will come. */
  #abandon(message: string): void {
    if (this.#isDead) return;
    this.#isDead = true;
    const cause = new Error(message);
    this.#failure = storeFailed(cause);
    this.#rejectAll(this.#failure);
    this.#closed?.();
    // `open` reports it by rejecting.
    if (!this.#opened) this.events.onDeath(cause);
  }

  #rejectAll(failure: AppError): void {
    for (const waiting of this.#waiting.values()) waiting.reject(failure);
    this.#waiting.clear();
    for (const lane of ['single', 'batch'] as const) this.#waitingRows[lane] = 0;
  }
}

const makeWrite = <Kind extends WriteKind>(kind: Kind, fields: WriteFields[Kind]): Write =>
  ({ kind, ...fields }) as Write;

function send(thread: Worker, request: ThreadRequest): void {
  const message = packRequest(request);
  if (!message.batches) thread.postMessage(message);
  else
    thread.postMessage(
      message,
      message.batches.flatMap(({ numbers, further }) => [
        numbers.buffer,
        ...(further ? [further.buffer] : []),
      ]),
    );
}

function settleOne(waiting: Waiting, outcome: Outcome): void {
  if (outcome.kind === 'done') waiting.resolve(outcome.value);
  else if (outcome.kind === 'refused') waiting.reject(new AppError(outcome.code, outcome.message));
  else if (outcome.kind === 'diskError') waiting.reject(writeNotStored(outcome.message));
  else waiting.reject(new Error(outcome.message));
}
