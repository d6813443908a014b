import { formatAmount, formatPercent } from '../../domain/figures.ts';
import { FINDING_KINDS } from '../../domain/finding/judge.ts';
import type { Thresholds } from '../../domain/finding/thresholds.ts';
import { composeDigest, type DigestPart, type Week } from '../../domain/policy/digest.ts';
import type { NewNotice, NoticeJob } from '../../domain/policy/notice.ts';
import type { DigestRules } from '../../domain/policy/policy.ts';
import type { PolicyStore } from '../../domain/store/policies.ts';
import type { TallyFilter, TallyGroup, TallyRow } from '../../domain/store/tallies.ts';
import type { View } from '../../domain/store/view.ts';
import { sortTallies } from '../../domain/tally/order.ts';
import { widenRange } from '../../domain/tally/spans.ts';
import { addTallies, NO_TALLY } from '../../domain/tally/tally.ts';
import { type FactStore, readFacts } from './facts.ts';

/** Jobs that a digest names, and users of an account. */
const MAX_JOBS = 5;
const MAX_USERS = 5;
/** Jobs that are judged again to find those worth naming. */
const MAX_JUDGED = 20;
const JUDGED: ReadonlySet<'findings' | 'summary'> = new Set(['summary', 'findings']);
/** Those of ends are known to their users. */
const KINDS = FINDING_KINDS.filter((kind) => !kind.startsWith('ended-by-cancel'));

export type DigestStore = FactStore &
  Pick<View, 'sumTallies' | 'listJobs'> &
  Pick<PolicyStore, 'listDigestRefusals' | 'recordNotices'>;

interface DigestOptions {
  readonly store: DigestStore;
  readonly rules: DigestRules;
  readonly thresholds: Thresholds;
  readonly coordinatorsOf: (account: string) => readonly string[];
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

/** Stores the digests of a week for everybody who is to have one and has not refused it. */
export async function writeDigests(week: Week, options: DigestOptions): Promise<void> {
  const { store, rules, nowMs, signal } = options;
  for await (const [recipient, parts] of digestsOf(week, options)) {
    signal.throwIfAborted();
    const notice = composeDigest(recipient, parts, { week, rules, nowMs });
    if (notice) await store.recordNotices([notice]);
  }
}

type Digest = readonly [recipient: Pick<NewNotice, 'audience' | 'name'>, parts: readonly DigestPart[]];

async function* digestsOf(week: Week, options: DigestOptions): AsyncGenerator<Digest> {
  const { tell } = options.rules;
  const refusals = await options.store.listDigestRefusals();
  const reader = digestReader(week, options);
  if (tell.includes('user'))
    for (const { name } of await reader.rows('user'))
      if (name !== undefined && !refusals.has(name))
        yield [{ audience: 'user', name }, [await reader.part('You', { user: name })]];
  const accounts = await reader.rows('account');
  if (tell.includes('coordinators'))
    for (const [name, own] of coordinated(accounts, options))
      if (!refusals.has(name))
        yield [{ audience: 'coordinators', name }, await Promise.all(own.map(reader.accountPart))];
  if (tell.includes('administrators')) {
    const lines = accounts.slice(0, MAX_USERS).map(({ name = 'no account', tally }) => lineOf(name, tally));
    yield [{ audience: 'administrators', name: '' }, [{ ...(await reader.part('All jobs', {})), lines }]];
  }
}

/** Returns the coordinators, each with the accounts that had jobs. */
function coordinated(
  accounts: readonly TallyRow[],
  { coordinatorsOf }: Pick<DigestOptions, 'coordinatorsOf'>,
): ReadonlyMap<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { name: account } of accounts)
    for (const coordinator of account === undefined ? [] : coordinatorsOf(account))
      found.set(coordinator, [...(found.get(coordinator) ?? []), account!]);
  return found;
}

/** Reads what happened in a week. */
function digestReader({ sinceMs, untilMs }: Week, { store, thresholds, nowMs, signal }: DigestOptions) {
  const range = widenRange(sinceMs, untilMs, nowMs);
  const rows = async (groupBy: TallyGroup, filter: TallyFilter = {}): Promise<TallyRow[]> =>
    sortTallies(groupBy, await store.sumTallies({ groupBy, ...range, ...filter }, signal));

  async function findJobs({ user, account }: TallyFilter): Promise<DigestPart['found']> {
    const { jobs, total } = await store.listJobs(
      {
        state: ['completed', 'failed', 'cancelled'],
        ...(user !== undefined && { user: [user] }),
        ...(account !== undefined && { details: { account: [account] } }),
        finding: KINDS,
        sinceMs,
        untilMs,
      },
      { limit: MAX_JUDGED, nowMs },
      signal,
    );
    const named: NoticeJob[] = [];
    for (const job of jobs) {
      if (named.length === MAX_JOBS) break;
      const { findings = [] } = await readFacts(job, JUDGED, { store, thresholds, nowMs, idleMs: 0, signal });
      const [worst] = findings.filter(({ kind }) => KINDS.includes(kind));
      if (!worst) continue;
      const name = job.details?.name;
      named.push({
        id: job.id,
        ...(name !== undefined && { name }),
        text: user === undefined ? `${job.user}: ${worst.message}` : worst.message,
        ...(worst.action !== undefined && { action: worst.action }),
      });
    }
    return { jobs: named, total: Math.max(total, named.length) };
  }

  async function part(title: string, filter: TallyFilter): Promise<DigestPart> {
    const all = await rows('partition', filter);
    const tally = all.reduce((sum, row) => addTallies(sum, row.tally), NO_TALLY);
    return { title, tally, found: await findJobs(filter) };
  }

  return {
    rows,
    part,
    async accountPart(account: string): Promise<DigestPart> {
      const users = await rows('user', { account });
      const lines = users.slice(0, MAX_USERS).map(({ name = '', tally }) => lineOf(name, tally));
      return { ...(await part(`Account ${account}`, { account })), lines };
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
