import { DatabaseInUse } from '../../../domain/errors.ts';
import type { StoreObserver } from '../../../domain/store/options.ts';
import { describeError } from '../server/errors.ts';
import { endWaiting, holdsLock, renewLock, showWaiting, tryLock } from '../server/lock.ts';
import type { Queries } from '../sql/queries.ts';
import type { WriterConnection } from './connection.ts';
import { beginEpoch, beginFenced, readUrl, saveUrl } from './fence.ts';

/** The server may take a moment to notice that the connection of an ended service is gone. */
const TRIES = 10;
const PAUSE_MS = 100;
/**
 * A small statement without an answer for this long: the network or the server hangs. A service that is alone
 * is in no hurry to give up.
 */
const ANSWER_MS = { alone: 10_000, watched: 3000 } as const;
/** How often work that goes on asks on another connection whether its session still has the lock. */
const ASK_MS = 1500;
/** So many questions without an answer mean that the network hangs. */
const MAX_UNANSWERED = 2;

interface LeaseOptions extends Pick<StoreObserver, 'onNotice'> {
  readonly connection: WriterConnection;
  /** The address of the database, for messages. */
  readonly name: string;
  /** Another connection, which asks whether the first still has the lock. */
  readonly side: Queries;
  /** Called with the lock: brings the database to the newest version. */
  readonly migrate: () => Promise<void>;
  /** Called before this service writes: reads what the writer must know. */
  readonly load: () => Promise<void>;
  /** Called when this service begins to write, and when it has lost that right. */
  readonly onChange: (isHeld: boolean) => void;
}

/**
 * The right to write: an advisory lock, which the server takes back when its session ends or is silent for
 * too long, and the number of the writer's time, which every transaction shows.
 */
export class Lease {
  #epoch: number | undefined;
  #obtaining: Promise<boolean> | undefined;
  #url: string | undefined;
  #writerUrl: string | undefined;
  /** Whether `#url` is in the database. */
  #isAnnounced = true;
  #isWatched = false;
  #wasLost = false;
  #lastFault: string | undefined;

  constructor(private readonly options: LeaseOptions) {}

  get isHeld(): boolean {
    return this.#epoch !== undefined;
  }

  /** Whether other services wait for the lock. */
  get isWatched(): boolean {
    return this.isHeld && this.#isWatched;
  }

  /** Where the service is that writes; undefined if it has not said, or if this one writes. */
  get writerUrl(): string | undefined {
    return this.isHeld ? undefined : this.#writerUrl;
  }

  /** The statements that begin a transaction. Throws without the lease. */
  begin(): string {
    if (this.#epoch === undefined) throw new DatabaseInUse(this.#inUse());
    return beginFenced(this.#epoch);
  }

  /**
   * Takes the lock, if no other service has it, and prepares to write. Returns whether this service may
   * write. Rejects with OperatorError if the database must not be used.
   */
  obtain(tries = 1): Promise<boolean> {
    if (this.isHeld) return Promise.resolve(true);
    this.#obtaining ??= this.#obtain(tries).finally(() => {
      this.#obtaining = undefined;
    });
    return this.#obtaining;
  }

  /** As `obtain`, at a start: an earlier service may have ended a moment ago. */
  obtainPatiently(): Promise<boolean> {
    return this.obtain(TRIES);
  }

  /** As `obtain`, for a service that must not wait for its turn: DatabaseInUse if another one writes. */
  async require(): Promise<void> {
    if (!(await this.obtainPatiently())) throw new DatabaseInUse(this.#inUse());
  }

  async #obtain(tries: number): Promise<boolean> {
    const { connection, migrate, load, onChange, onNotice } = this.options;
    // A start may wait; later this service may have to replace another one.
    const answer = <Value>(statement: Promise<Value>) => this.#answer(statement, tries > 1);
    let epoch: number;
    try {
      if (!connection.isOpen) {
        await connection.open();
        await answer(showWaiting(connection.db));
      }
      for (let attempt = 1; !(await answer(tryLock(connection.db))); attempt++) {
        if (attempt >= tries) {
          const url = await answer(readUrl(connection.db));
          // Not its own, of an earlier time as the writer.
          this.#writerUrl = url === this.#url ? undefined : url;
          this.#lastFault = undefined;
          return false;
        }
        await Bun.sleep(PAUSE_MS);
      }
      await answer(endWaiting(connection.db));
      this.#isWatched = await answer(renewLock(connection.db));
      await this.guard(migrate());
      epoch = await beginEpoch(connection.db, this.#url);
      await this.guard(load());
    } catch (error) {
      connection.lose();
      if (tries === 1) this.#tellFault(error);
      throw error;
    }
    this.#lastFault = undefined;
    this.#epoch = epoch;
    if (this.#wasLost)
      onNotice({
        level: 'info',
        event: 'database_back',
        message: 'The database is back; writes are stored again.',
      });
    this.#wasLost = false;
    onChange(true);
    return true;
  }

  /** Says once why the lock cannot be taken, for as long as the reason is the same. */
  #tellFault(error: unknown): void {
    const fault = describeError(error);
    if (fault === this.#lastFault) return;
    this.#lastFault = fault;
    const message = `This service cannot ask for the lock of the database (${fault}); it tries again and again.`;
    this.options.onNotice({ level: 'error', event: 'lock_not_taken', message });
  }

  /** Proves to the server that this service lives. Gives the lease up if there is no answer. */
  async renew(): Promise<void> {
    if (this.#epoch === undefined) return;
    const { db } = this.options.connection;
    try {
      this.#isWatched = await this.#answer(renewLock(db));
      if (this.#isAnnounced || this.#url === undefined) return;
      await this.#answer(saveUrl(db, this.#epoch, this.#url));
      this.#isAnnounced = true;
    } catch (error) {
      this.lose(error);
    }
  }

  /**
   * Waits for work of the writer. Gives the connection up, which ends the work, if the server has taken back
   * the lock meanwhile, or does not answer.
   */
  async guard<Value>(work: Promise<Value>): Promise<Value> {
    const { side, connection } = this.options;
    const { pid } = connection;
    let unanswered = 0;
    const timer = setInterval(async () => {
      const fault = await this.#answer(holdsLock(side, pid)).then(
        (holds) => (holds ? undefined : new Error('the server has ended its session')),
        (error: Error) => (++unanswered < MAX_UNANSWERED ? undefined : error),
      );
      if (fault && connection.pid === pid) this.#giveUp(fault);
    }, ASK_MS);
    try {
      return await work;
    } finally {
      clearInterval(timer);
    }
  }

  /** Gives the lease up after an error. The next `obtain` connects again. */
  lose(error: unknown): void {
    if (this.isHeld) this.#giveUp(error);
  }

  #giveUp(error: unknown): void {
    const { connection, onNotice, onChange } = this.options;
    connection.lose();
    if (!this.isHeld) return;
    this.#epoch = undefined;
    this.#wasLost = true;
    const message = `The connection to the database was lost (${describeError(error)}); writes are refused until it is back.`;
    onNotice({ level: 'error', event: 'database_lost', message });
    onChange(false);
  }

  /** Sets where clients reach this service while it writes; saved when the lease is renewed. */
  announce(url: string): void {
    this.#url = url;
    this.#isAnnounced = false;
  }

  async close(): Promise<void> {
    await this.#obtaining?.catch(() => {});
    this.#epoch = undefined;
    await this.options.connection.close();
  }

  /** Resolves as a small statement does; rejects if that takes too long. */
  async #answer<Value>(statement: Promise<Value>, isPatient = !this.#isWatched): Promise<Value> {
    const late = Promise.withResolvers<never>();
    const ms = ANSWER_MS[isPatient ? 'alone' : 'watched'];
    const timer = setTimeout(() => late.reject(new Error(`there was no answer for ${ms / 1000} s`)), ms);
    try {
      return await Promise.race([statement, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #inUse(): string {
    return `${this.options.name} is used by another hpc-observe, which may run on another machine. Stop it, or name another database or search_path with --database.`;
  }
}
