import type { Change } from '../../../domain/changes.ts';
import {
  AppError,
  OperatorError,
  shuttingDown,
  storeFailed,
  tooManyWrites,
  WriterElsewhere,
  writeNotStored,
} from '../../../domain/errors.ts';
import type { Thresholds } from '../../../domain/finding/thresholds.ts';
import type { StoreObserver } from '../../../domain/store/options.ts';
import { MAX_WAITING_ROWS, PROBE_BYTES } from '../../writer/limits.ts';
import { Schedule } from '../../writer/schedule.ts';
import {
  type Lane,
  ruleOf,
  type Write,
  type WriteFields,
  type WriteKind,
  type WriteValues,
} from '../../writer/write.ts';
import { UnsealedCount } from '../samples/unsealed-count.ts';
import { describeError, isConnectionLost } from '../server/errors.ts';
import type { Writing } from '../sql/queries.ts';
import { writeApplier } from './apply.ts';
import { groupCommitter, type Outcome } from './commit.ts';
import type { Lease } from './lease.ts';

interface Waiting {
  readonly lane: Lane;
  readonly rows: number;
  readonly write: Write;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

interface WriterOptions extends Pick<StoreObserver, 'onCommit' | 'onDeath'> {
  readonly db: Writing;
  /** Allows it to write. */
  readonly lease: Lease;
  /** Whether it waits for the lease while another service has it, and does not die. */
  readonly standsBy: boolean;
  /** Whether anybody wants to know what writes change. */
  readonly isWatched: () => boolean;
  /** Called with what each write has changed, while `isWatched`. */
  readonly onChange: (change: Change) => void;
  readonly thresholds?: Thresholds | undefined;
}

/** How often the lease is renewed, or asked for. */
const LEASE_MS = { renew: 1000, obtain: 500 } as const;

/**
 * Commits writes in groups: all that arrived while the last group was on its way, so that the busier the
 * service, the more writes share one commit.
 */
export class Writer {
  readonly #schedule = new Schedule();
  /** All writes without an answer, by id. */
  readonly #waiting = new Map<number, Waiting>();
  readonly #waitingRows: Record<Lane, number> = { single: 0, batch: 0, step: 0 };
  readonly #unsealed = new UnsealedCount();
  readonly #applier: ReturnType<typeof writeApplier>;
  readonly #commit: (writes: readonly Write[]) => Promise<Outcome[]>;
  #nextId = 0;
  #tick: ReturnType<typeof setTimeout> | undefined;
  #renewedMs = performance.now();
  #work: Promise<void> | undefined;
  #isFailing = false;
  #isDead = false;
  #failure: AppError | undefined;

  constructor(private readonly options: WriterOptions) {
    const { db, lease, thresholds } = options;
    this.#applier = writeApplier(db, this.#unsealed, thresholds);
    this.#commit = groupCommitter({
      db,
      begin: () => lease.begin(),
      applier: this.#applier,
      unsealed: this.#unsealed,
      onServerError: (error) => {
        if (isConnectionLost(error)) lease.lose(error);
      },
    });
  }

  /**
   * Reads what the writer must know before the first write with a new lease: everything that was cached may
   * have been changed by another service.
   */
  load(): Promise<void> {
    this.#applier.forget();
    return this.#unsealed.load(this.options.db);
  }

  /** Renews the lease from now on, and asks for it while another service has it. */
  keepLease(): void {
    const { lease, standsBy } = this.options;
    const tick = async () => {
      // Never beside a group: what is left of it must not reach a new session.
      if (!this.#work) {
        if (lease.isHeld) this.#work = this.#commitAll();
        else if (standsBy) await this.#obtainLease().catch(() => {});
      }
      if (!this.#failure) this.#tick = setTimeout(tick, LEASE_MS.obtain);
    };
    this.#tick = setTimeout(tick, LEASE_MS.obtain);
  }

  get queuedRows(): number {
    return this.#waitingRows.batch + this.#waitingRows.single;
  }

  /** Samples that wait to be sealed. */
  get unsealedSamples(): number {
    return this.#unsealed.samples;
  }

  /** Queues a write. Resolves with its value once it is on disk. */
  async submit<Kind extends WriteKind>(kind: Kind, fields: WriteFields[Kind]): Promise<WriteValues[Kind]> {
    const write = { kind, ...fields } as Write;
    this.#admit([write]);
    return this.#queue(write) as Promise<WriteValues[Kind]>;
  }

  /**
   * Queues the parts of a batch in order. Resolves with their values once all are on disk. If a part fails,
   * rejects after the others have ended, and those that succeeded stay stored.
   */
  async submitParts<Kind extends WriteKind>(
    kind: Kind,
    parts: readonly WriteFields[Kind][],
  ): Promise<WriteValues[Kind][]> {
    const writes = parts.map((fields) => ({ kind, ...fields }) as Write);
    this.#admit(writes);
    const values = writes.map((write) => this.#queue(write));
    await Promise.allSettled(values);
    return Promise.all(values) as Promise<WriteValues[Kind][]>;
  }

  /** Commits a small write that only proves that the server accepts one. It takes no room in the queue. */
  probe(): Promise<void> {
    return this.submit('probe', { bytes: this.#isFailing ? PROBE_BYTES.afterFailure : PROBE_BYTES.usual });
  }

  /** Commits what is queued, then closes the connection. */
  async close(): Promise<void> {
    this.#failure ??= shuttingDown();
    clearTimeout(this.#tick);
    await this.#work;
    await this.options.lease.close();
    for (const waiting of this.#waiting.values()) waiting.reject(this.#failure);
    this.#waiting.clear();
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
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { lane, rows: rows(write), write, resolve, reject });
      this.#schedule.add(id, write);
      this.#work ??= this.#commitAll();
    });
  }

  async #commitAll(): Promise<void> {
    // The writes of one turn of the event loop share the first commit.
    await new Promise<void>((resume) => setImmediate(resume));
    await this.#renewLease();
    while (!this.#schedule.isEmpty) {
      const group = this.#schedule.next();
      const startedMs = performance.now();
      const outcomes = await this.#commitGroup(group.map(({ write }) => write));
      this.#settle(
        group.map(({ id }) => id),
        outcomes,
        (performance.now() - startedMs) / 1000,
      );
      await this.#renewLease();
    }
    this.#work = undefined;
  }

  /** Sets where clients reach this service while it writes, and saves it soon. */
  announce(url: string): void {
    this.options.lease.announce(url);
    this.#renewedMs = Number.NEGATIVE_INFINITY;
  }

  async #renewLease(): Promise<void> {
    if (performance.now() - this.#renewedMs < LEASE_MS.renew) return;
    this.#renewedMs = performance.now();
    await this.options.lease.renew();
  }

  async #commitGroup(writes: readonly Write[]): Promise<Outcome[]> {
    const { lease } = this.options;
    try {
      if (!(await this.#obtainLease()))
        return writes.map(() => ({ kind: 'elsewhere', url: lease.writerUrl }));
      return await lease.guard(this.#commit(writes));
    } catch (error) {
      const outcome: Outcome = { kind: 'serverError', message: describeError(error) };
      return writes.map(() => outcome);
    }
  }

  /** Returns whether this service may write. Where it must not wait for its turn, it dies if it may not. */
  async #obtainLease(): Promise<boolean> {
    const { lease, standsBy } = this.options;
    if (lease.isHeld) return true;
    if (this.#isDead) throw this.#failure!;
    try {
      if (standsBy) return await lease.obtain();
      await lease.require();
      return true;
    } catch (error) {
      // What this service would write next is for another one to decide, or the database is not for it.
      if (error instanceof OperatorError) this.#die(error);
      throw error;
    }
  }

  #die(cause: Error): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.#failure = storeFailed(cause);
    this.options.onDeath(cause);
  }

  #settle(ids: readonly number[], outcomes: readonly Outcome[], seconds: number): void {
    const group = ids.map((id) => this.#waiting.get(id)!);
    let rows = 0;
    for (const [index, waiting] of group.entries()) {
      this.#waiting.delete(ids[index]!);
      this.#waitingRows[waiting.lane] -= waiting.rows;
      rows += waiting.rows;
    }
    this.#isFailing = outcomes.some(({ kind }) => kind === 'serverError');
    const failed = this.#isFailing || outcomes.some(({ kind }) => kind === 'fault');
    if (outcomes.some(({ kind }) => kind !== 'elsewhere'))
      this.options.onCommit({ writes: ids.length, rows, seconds, failed });
    for (const [index, waiting] of group.entries()) settleOne(waiting, outcomes[index]!);
    if (this.options.isWatched()) this.#tell(group, outcomes);
  }

  /** Tells those who watch what a group has changed. */
  #tell(group: readonly Waiting[], outcomes: readonly Outcome[]): void {
    for (const [index, { write }] of group.entries()) {
      const outcome = outcomes[index]!;
      if (outcome.kind !== 'done') continue;
      const hasStored = (outcome.value as { readonly stored?: number } | undefined)?.stored !== 0;
      const change = ruleOf(write).changes(write, hasStored);
      if (change) this.options.onChange(change);
    }
  }
}

function settleOne(waiting: Waiting, outcome: Outcome): void {
  if (outcome.kind === 'done') waiting.resolve(outcome.value);
  else if (outcome.kind === 'refused') waiting.reject(new AppError(outcome.code, outcome.message));
  else if (outcome.kind === 'elsewhere') waiting.reject(new WriterElsewhere(outcome.url));
  else if (outcome.kind === 'serverError') waiting.reject(writeNotStored(outcome.message));
  else waiting.reject(new Error(outcome.message));
}
