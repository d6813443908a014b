import type { Condition } from './condition.ts';

/** Who is told: the user of the jobs, the coordinators of their account, or the administrators. */
export const AUDIENCES = ['user', 'coordinators', 'administrators'] as const;
export type Audience = (typeof AUDIENCES)[number];

/** How people are told. What a user is told is always on the user's page; `page` alone sends nothing. */
export const WAYS = ['mail', 'webhook', 'page'] as const;
export type Way = (typeof WAYS)[number];

/** What a policy selects jobs by, as a key of its file and as `excluded_…`. */
export const SELECTORS = ['partitions', 'accounts', 'users', 'qos'] as const;
export type Selector = (typeof SELECTORS)[number];

export type Selection = Readonly<Partial<Record<Selector, readonly string[]>>>;

/** What a site wants to be said about jobs, to whom, and whether they are cancelled. */
export interface Policy {
  /** Letters, digits and hyphens. What was sent is stored under it. */
  readonly name: string;
  /** What people are told beside the figures: what is wrong, and what to do. */
  readonly says: string;
  /** Jobs that run now, each by itself; or those that ended in the window, all of a user together. */
  readonly looksAt: 'running' | 'ended';
  /** Nobody gets two messages of the policy within it. */
  readonly windowMs: number;
  /** A job must have one of these findings; none are asked for if empty. */
  readonly findings: readonly string[];
  readonly only: Selection;
  readonly excluded: Selection;
  /** All must hold for a job. */
  readonly job: readonly Condition[];
  /** All must hold for what the matching jobs of a user are together. */
  readonly total: readonly Condition[];
  /** Only this many users, those who held most. */
  readonly top?: number;
  readonly tell: readonly Audience[];
  readonly by: readonly Way[];
  /** Not on weekends and holidays. */
  readonly workdaysOnly: boolean;
  /** The policy whose message the user must have had about the same run, `graceMs` ago or longer. */
  readonly after?: string;
  readonly graceMs: number;
  /** Cancels the job, where the command line of `serve` allows it. */
  readonly act: boolean;
}

/** The weekly digest. */
export interface DigestRules {
  readonly tell: readonly Audience[];
  readonly by: readonly Way[];
  /** 1 is Monday, 7 is Sunday. */
  readonly weekday: number;
  /** From this hour of that day on, by the clock of the site. */
  readonly hour: number;
}

/** The file of a site. */
export interface PolicyFile {
  readonly policies: readonly Policy[];
  readonly digest?: DigestRules;
  /** Addresses of mail. */
  readonly administrators: readonly string[];
  /** Where messages are posted as JSON. */
  readonly webhook?: string;
  /** IANA name, such as Europe/Berlin. */
  readonly timeZone: string;
  /** Dates such as 2026-12-24. */
  readonly holidays: readonly string[];
}
