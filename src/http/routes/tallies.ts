import { Elysia } from 'elysia';
import {
  type AccountAnswer,
  type CardAnswer,
  GET_ACCOUNT,
  GET_CARD,
  GET_USER,
  renderHoldings,
  type UserAnswer,
  WINDOWS,
  type Window,
} from '../../api/holder.ts';
import { renderTally } from '../../api/tally.ts';
import {
  DEFAULT_TALLIES,
  LIST_TALLIES,
  MAX_TALLIES,
  renderTallies,
  renderTallyRow,
  TALLY_PARAMETERS,
  type TallyListAnswer,
} from '../../api/tally-list.ts';
import { invalid } from '../../domain/errors.ts';
import { type Holder, TALLY_GROUPS, type TallyGroup } from '../../domain/store/tallies.ts';
import type { View, ViewStore } from '../../domain/store/view.ts';
import { sortTallies } from '../../domain/tally/order.ts';
import { openEnd } from '../../domain/tally/spans.ts';
import { NO_TALLY } from '../../domain/tally/tally.ts';
import { callerContext, viewOf } from '../request/caller.ts';
import { readQuery } from '../request/query.ts';
import { readTallyFilter, readTimes, tallyRange } from '../request/tally-range.ts';
import { describe } from '../response/operation.ts';

const DAY_MS = 86_400_000;
/** Days of one answer: what the longest range by day has. */
const MAX_DAYS = 3660;
/** Users of an account, or accounts of a user, in one answer. */
const MAX_MEMBERS = 1000;

interface TallyOptions {
  readonly store: ViewStore;
  readonly now: () => number;
}

/** Serves what jobs held and used, and what users and accounts have now. */
export const tallies = ({ store, now }: TallyOptions) =>
  new Elysia({ name: 'tallies', normalize: false })
    .use(callerContext)
    .get(LIST_TALLIES.path, ({ request, caller }) => listTallies(viewOf(store, caller), request, now()), {
      detail: describe(LIST_TALLIES),
    })
    .get(
      GET_USER.path,
      async ({ params: { user }, request: { signal }, caller }): Promise<UserAnswer> => {
        const reader = holderReader(viewOf(store, caller), { user }, now(), signal);
        return {
          user,
          ...(await reader.card()),
          days: await reader.group('day'),
          accounts: await reader.group('account'),
        };
      },
      { detail: describe(GET_USER) },
    )
    .get(
      GET_CARD.path,
      async ({ params: { user }, request: { signal }, caller }): Promise<CardAnswer> => ({
        user,
        ...(await holderReader(viewOf(store, caller), { user }, now(), signal).card()),
      }),
      { detail: describe(GET_CARD) },
    )
    .get(
      GET_ACCOUNT.path,
      async ({ params: { account }, request: { signal }, caller }): Promise<AccountAnswer> => {
        const reader = holderReader(viewOf(store, caller), { account }, now(), signal);
        return {
          account,
          ...(await reader.card()),
          days: await reader.group('day'),
          users: await reader.group('user'),
        };
      },
      { detail: describe(GET_ACCOUNT) },
    );

async function listTallies(view: View, request: Request, nowMs: number): Promise<TallyListAnswer> {
  const query = readQuery(
    request,
    TALLY_PARAMETERS.map(({ name }) => name),
  );
  const groupBy = query.choice('group_by', TALLY_GROUPS) ?? 'user';
  const { sinceMs, untilMs } = readTimes(query, nowMs);
  const range = rangeOf(groupBy, sinceMs, untilMs, nowMs);
  if (groupBy === 'day' && untilMs - sinceMs > MAX_DAYS * DAY_MS)
    throw invalid(`since and until must be at most ${MAX_DAYS} days apart with group_by=day.`);
  const filter = readTallyFilter(query);
  const limit = query.integer('limit', { min: 1, max: MAX_TALLIES, otherwise: DEFAULT_TALLIES });
  const wanted = { ...openEnd(range, nowMs), ...filter };
  const rows = await view.sumTallies({ groupBy, ...wanted }, request.signal);
  const findings = await view.sumFindings(wanted, request.signal);
  const isBehind = await view.areTalliesBehind();
  const runningFindings = await view.sumRunningFindings(filter, request.signal);
  return renderTallies(sortTallies(groupBy, rows), {
    ...{ groupBy, range, limit, findings, runningFindings, isBehind },
  });
}

const rangeOf = (groupBy: TallyGroup, sinceMs: number, untilMs: number, nowMs: number) =>
  tallyRange(sinceMs, untilMs, nowMs, groupBy === 'day');

/** Reads the parts of what is shown of a user or an account. */
function holderReader(view: View, holder: Holder, nowMs: number, signal: AbortSignal) {
  const own: TallyGroup = 'user' in holder ? 'user' : 'account';
  const sum = (groupBy: TallyGroup, days: number) =>
    view.sumTallies(
      { groupBy, ...openEnd(rangeOf(groupBy, nowMs - days * DAY_MS, nowMs, nowMs), nowMs), ...holder },
      signal,
    );

  async function window(name: Window) {
    const [row] = await sum(own, WINDOWS[name]);
    return renderTally(row?.tally ?? NO_TALLY);
  }

  return {
    async card() {
      // First, because it refuses those who are not to be seen.
      const holdings = await view.countHoldings(holder, signal);
      return {
        now: renderHoldings(holdings),
        last_24h: await window('last_24h'),
        last_7d: await window('last_7d'),
        last_30d: await window('last_30d'),
      };
    },
    async group(groupBy: TallyGroup) {
      const rows = sortTallies(groupBy, await sum(groupBy, WINDOWS.last_30d));
      return rows.slice(0, MAX_MEMBERS).map(renderTallyRow);
    },
  };
}
