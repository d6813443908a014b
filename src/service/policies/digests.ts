import { formatAmount, formatCount, formatPercent } from '../../domain/figures.ts';
import { FINDING_KINDS } from '../../domain/finding/judge.ts';
import type { Thresholds } from '../../domain/finding/thresholds.ts';
import type { Job } from '../../domain/job.ts';
import { composeDigest, type DigestPart, type Week } from '../../domain/policy/digest.ts';
import { DIGEST, type NewNotice, type NoticeJob } from '../../domain/policy/notice.ts';
import type { DigestRules } from '../../domain/policy/policy.ts';
import type { Told } from '../../domain/policy/told.ts';
import type { PolicyStore } from '../../domain/store/policies.ts';
import type { TallyFilter, TallyGroup, TallyRow } from '../../domain/store/tallies.ts';
import type { View } from '../../domain/store/view.ts';
import { sortTallies } from '../../domain/tally/order.ts';
import { widenRange } from '../../domain/tally/spans.ts';
import { sumTallies } from '../../domain/tally/tally.ts';
import { type FactStore, readFacts } from './facts.ts';

/** Jobs that a digest names, users of an account, and accounts. */
const MAX_JOBS = 5;
const MAX_USERS = 5;
const MAX_ACCOUNTS = 50;
/** Jobs that are judged again to find those worth naming. */
const MAX_JUDGED = 20;
const JUDGED: ReadonlySet<'findings' | 'summary'> = new Set(['summary', 'findings']);
/** Those of ends are known to their users. */
const KINDS = FINDING_KINDS.filter((kind) => !kind.startsWith('ended-by-cancel'));

export type DigestStore = FactStore &
  Pick<View, 'sumTallies' | 'listJobs' | 'areTalliesBehind'> &
  Pick<PolicyStore, 'listDigestRefusals' | 'recordNotices'>;

interface DigestOptions {
  readonly store: DigestStore;
  readonly rules: DigestRules;
  readonly thresholds: Thresholds;
  readonly coordinatorsOf: (account: string) => readonly string[];
  readonly nowMs: number;
  readonly told: Told;
  readonly signal: AbortSignal;
}

/**
 * Stores the digests of a week for everybody who is to have one, has not refused it and does not have it yet.
 * One that cannot be made leaves those of others alone; rejects after them.
 */
export async function writeDigests(week: Week, options: DigestOptions): Promise<void> {
  const { store, rules, nowMs, told, signal } = options;
  const failures: unknown[] = [];
  for await (const { audience, name, readParts } of digestsOf(week, options)) {
    signal.throwIfAborted();
    const last = told.last({ policy: DIGEST, audience, name });
    if (last && last.untilMs >= week.untilMs) continue;
    try {
      const notice = composeDigest({ audience, name }, await readParts(), { week, rules, nowMs });
      if (notice) await store.recordNotices([notice]);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

type Found = Required<DigestPart>['found'];

interface Digest extends Pick<NewNotice, 'audience' | 'name'> {
  readonly readParts: () => Promise<DigestPart[]>;
}

async function* digestsOf(week: Week, options: DigestOptions): AsyncGenerator<Digest> {
  const { tell } = options.rules;
  const refusals = await options.store.listDigestRefusals();
  const reader = digestReader(week, options);
  if (tell.includes('user'))
    for (const { name } of await reader.rows('user'))
      if (name !== undefined && !refusals.has(name))
        yield { audience: 'user', name, readParts: async () => [await reader.part('You', { user: name })] };
  const accounts = await reader.rows('account');
  if (tell.includes('coordinators'))
    for (const [name, own] of coordinated(accounts, options))
      if (!refusals.has(name))
        yield { audience: 'coordinators', name, readParts: () => reader.accountParts(own) };
  if (tell.includes('administrators')) {
    const lines = accounts.slice(0, MAX_USERS).map(({ name = 'no account', tally }) => lineOf(name, tally));
    const readParts = async () => [{ ...(await reader.part('All jobs', {})), lines }];
    yield { audience: 'administrators', name: '', readParts };
  }
}

/** Returns the coordinators, each with the accounts that had jobs, those that held most first. */
function coordinated(
  accounts: readonly TallyRow[],
  { coordinatorsOf }: Pick<DigestOptions, 'coordinatorsOf'>,
): ReadonlyMap<string, TallyRow[]> {
  const found = new Map<string, TallyRow[]>();
  for (const row of accounts)
    for (const coordinator of row.name === undefined ? [] : coordinatorsOf(row.name)) {
      const own = found.get(coordinator);
      if (own) own.push(row);
      else found.set(coordinator, [row]);
    }
  return found;
}

/** Reads what happened in a week. */
function digestReader({ sinceMs, untilMs }: Week, { store, thresholds, nowMs, signal }: DigestOptions) {
  const range = widenRange(sinceMs, untilMs, nowMs);
  const rows = async (groupBy: TallyGroup, filter: TallyFilter = {}): Promise<TallyRow[]> =>
    sortTallies(groupBy, await store.sumTallies({ groupBy, ...range, ...filter }, signal));

  const endedSince = (timeMs: number, { user, account }: TallyFilter, limit: number) =>
    store.listJobs(
      {
        state: ['completed', 'failed', 'cancelled'],
        ...(user !== undefined && { user: [user] }),
        ...(account !== undefined && { details: { account: [account] } }),
        finding: KINDS,
        sinceMs: timeMs,
        // Lists ask when jobs started, and the week is that of their end.
        untilMs,
      },
      { limit, nowMs },
      signal,
    );

  /** Returns what the worst finding of a job says; undefined if it has none any more. */
  async function describeJob(job: Job, namesUser: boolean): Promise<NoticeJob | undefined> {
    const { findings = [] } = await readFacts(job, JUDGED, { store, thresholds, nowMs, idleMs: 0, signal });
    const worst = findings.find(({ kind }) => KINDS.includes(kind));
    const name = job.details?.name;
    return (
      worst && {
        id: job.id,
        ...(name !== undefined && { name }),
        text: namesUser ? `${job.user}: ${worst.message}` : worst.message,
        ...(worst.action !== undefined && { action: worst.action }),
      }
    );
  }

  async function findJobs(filter: TallyFilter): Promise<Found> {
    const { total: later } = await endedSince(untilMs, filter, 1);
    const { jobs, total } = await endedSince(sinceMs, filter, MAX_JUDGED + Math.min(later, MAX_JUDGED));
    const named: NoticeJob[] = [];
    for (const job of jobs.filter(({ endTimeMs = 0 }) => endTimeMs < untilMs)) {
      if (named.length === MAX_JOBS) break;
      const found = await describeJob(job, filter.user === undefined);
      if (found) named.push(found);
    }
    return { jobs: named, total: Math.max(total - later, named.length) };
  }

  async function part(title: string, filter: TallyFilter): Promise<DigestPart> {
    const all = await rows('partition', filter);
    const tally = sumTallies(all.map((row) => row.tally));
    return { title, tally, found: await findJobs(filter) };
  }

  async function accountPart(account: string): Promise<DigestPart> {
    const users = await rows('user', { account });
    const lines = users.slice(0, MAX_USERS).map(({ name = '', tally }) => lineOf(name, tally));
    return { ...(await part(`Account ${account}`, { account })), lines };
  }

  return {
    rows,
    part,
    /** Reads accounts one after the other, because reads have few places. */
    async accountParts(accounts: readonly TallyRow[]): Promise<DigestPart[]> {
      const parts: DigestPart[] = [];
      for (const { name = '' } of accounts.slice(0, MAX_ACCOUNTS)) parts.push(await accountPart(name));
      const rest = accounts.slice(MAX_ACCOUNTS);
      if (rest.length > 0)
        parts.push({
          title: formatCount(rest.length, 'more account'),
          tally: sumTallies(rest.map(({ tally }) => tally)),
        });
      return parts;
    },
  };
}

/** One line on what somebody held. */
function lineOf(name: string, tally: TallyRow['tally']): string {
  const share = (used: number, measured: number) =>
    measured > 0 ? ` (${formatPercent((100 * used) / measured)} used)` : '';
  const gpu =
    tally.gpuSeconds > 0
      ? `, ${formatAmount(tally.gpuSeconds / 3600)} GPU-hours${share(tally.gpuUsedSeconds, tally.gpuMeasuredSeconds)}`
      : '';
  return `${name}: ${formatAmount(tally.cpuSeconds / 3600)} CPU-hours${share(tally.cpuUsedSeconds, tally.cpuMeasuredSeconds)}${gpu}`;
}
