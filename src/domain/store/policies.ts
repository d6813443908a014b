import type { ActState, StoredAct } from '../policy/act.ts';
import type { NewNotice, Notice } from '../policy/notice.ts';
import type { Audience, Way } from '../policy/policy.ts';
import type { ToldRows } from '../policy/told.ts';
import type { AuditEntry } from './access.ts';

/** No attempt to send follows another later than this. */
export const LONGEST_RETRY_MS = 3_600_000;

/**
 * `waiting`: to be sent; `sending`: handed over at this moment; `sent`; `unknown`: the service ended while it
 * was handed over, so that it may have arrived, and is never sent again; `expired`: nobody took it in time;
 * `failed`: it can never be sent, such as to a user whose name makes no address.
 */
export const DELIVERY_STATES = ['waiting', 'sending', 'sent', 'unknown', 'expired', 'failed'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** How a notice is sent in one way. */
export interface Delivery {
  readonly way: Exclude<Way, 'page'>;
  readonly state: DeliveryState;
  readonly tries: number;
  /** Why it was not taken. */
  readonly error?: string;
}

/** Notices are numbered in the order in which they were stored. */
export interface StoredNotice extends Notice {
  readonly number: number;
  readonly deliveries: readonly Delivery[];
}

/** One notice to be sent in one way. */
export interface DueDelivery {
  readonly notice: StoredNotice;
  readonly tries: number;
}

/** How an attempt to send ended: `waiting` until `nextMs` for another. */
export interface DeliveryOutcome {
  readonly state: Exclude<DeliveryState, 'sending'>;
  readonly nextMs: number;
  readonly error?: string;
}

/** The newest `limit` notices (1 to 1,000), of those with numbers below `before`, and to somebody only. */
export interface NoticePage {
  readonly limit: number;
  readonly before?: number;
  readonly audience?: Audience;
  readonly name?: string;
}

/**
 * What policies told and did. See `Store` for the promises of all methods. A notice is stored with all its
 * deliveries and the runs that it names in one commit, before anything of it is sent. Notices, acts and what
 * was told are kept as long as the audit record.
 */
export interface PolicyStore {
  /** Stores notices. One of the same policy, recipient and `untilMs` as a stored one is left out. */
  recordNotices(notices: readonly NewNotice[]): Promise<void>;

  /**
   * Reads the latest notice since a time of each policy to each recipient, and about each job. Those that
   * expired without being sent in any way do not count.
   */
  readTold(sinceMs: number): Promise<ToldRows>;

  /**
   * Makes the best of what an earlier process or another clock left: what it was sending is `unknown` if
   * `isStart`, and times after `nowMs` become `nowMs`, so that no silence lasts longer than its window.
   */
  steadyNotices(nowMs: number, isStart: boolean): Promise<void>;

  /** Lists deliveries in one way whose next attempt is due, the oldest first. */
  listDue(way: Delivery['way'], nowMs: number, limit: number): Promise<DueDelivery[]>;

  /** Marks a delivery as `sending`; returns false if it is not waiting any more. */
  claimDelivery(notice: number, way: Delivery['way']): Promise<boolean>;

  /** Stores how an attempt ended. */
  settleDelivery(notice: number, way: Delivery['way'], outcome: DeliveryOutcome): Promise<void>;

  listNotices(page: NoticePage): Promise<StoredNotice[]>;

  /**
   * Stores an act in place of an earlier one of its job, with an entry in the audit record if it is given.
   */
  recordAct(act: StoredAct, entry?: AuditEntry): Promise<void>;

  /** Stores how the act of a job ended. */
  settleAct(job: string, state: ActState, error?: string): Promise<void>;

  /** Lists the newest acts since a time. */
  listActs(sinceMs: number, limit: number): Promise<StoredAct[]>;

  /** Stores whether a user wants the weekly digest. */
  saveDigestWish(user: string, isWanted: boolean, nowMs: number): Promise<void>;

  /** Returns the users who do not want the digest. */
  listDigestRefusals(): Promise<ReadonlySet<string>>;

  /** Returns the secret that signs links in mails: the same for the life of the database. */
  readLinkSecret(): Promise<string>;
}
