import { useEffect } from 'preact/hooks';
import { writeTerm } from '../../api/filter-text.ts';
import type { TallyListAnswer } from '../../api/tally-list.ts';
import type { WasteAnswer } from '../../api/waste.ts';
import type { WhoamiAnswer } from '../../api/whoami.ts';
import { formatAmount, formatCount } from '../../domain/figures.ts';
import { FindingCounts } from '../parts/finding-counts.tsx';
import { BEHIND, filterOf, type GroupFilter, GroupHead, useSums } from '../parts/group-head.tsx';
import { Problem } from '../parts/problem.tsx';
import { changed, formatRange, timesOf } from '../parts/range.tsx';
import { getJson } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';
import { place } from '../parts/router.ts';
import { AMOUNTS, type Amount, chooseAmount, efficiencyOf } from './amounts.ts';
import { TREND_WEEKS, Trend } from './trend.tsx';
import { WasteBar } from './waste-bar.tsx';
import { WasteTable } from './waste-table.tsx';
import { weekOf } from './weeks.ts';

const POLL_MS = 60_000;
const WEEK_MS = 7 * 86_400_000;
const GROUPS = ['account', 'user', 'partition', 'node'] as const;
const FEW_ROWS = 50;
const MANY_ROWS = 10_000;

/** Who wastes what: by account, user, partition or node, week by week, and what rules found. */
export function EfficiencyPage() {
  const { query } = place.value;
  const wanted = query.get('of');
  const groupBy = GROUPS.find((group) => group === query.get('by')) ?? 'account';
  const filter = filterOf(query);
  const { value, error, isLoading } = useSums(`waste ${query}`, (signal) =>
    getJson<WasteAnswer>(
      'v1/waste',
      {
        ...{ group_by: groupBy, limit: query.has('all') ? MANY_ROWS : FEW_ROWS, ...timesOf(query) },
        ...(groupBy !== 'node' && filter),
        ...(wanted !== null && { sort: chooseAmount(wanted, undefined).field }),
      },
      signal,
    ),
  );
  const seesAll =
    useResource('whoami', (signal) => getJson<WhoamiAnswer>('v1/whoami', {}, signal)).value?.sees === 'all';
  useEffect(() => {
    document.title = 'Efficiency · hpc-observe';
  }, []);
  const amount = chooseAmount(wanted, value?.sum);
  return (
    <>
      <h1 class="visually-hidden">Efficiency</h1>
      <GroupHead
        groups={GROUPS.filter((group) => group !== 'node' || seesAll)}
        groupBy={groupBy}
        filter={filter}
        unfiltered={['node']}
      />
      {error && <Problem error={error} />}
      {!value && !error && <p class="soft">Reading …</p>}
      {value && <Waste list={value} amount={amount} isLoading={isLoading} />}
      {value && <Course amount={amount} filter={filter} />}
      <Findings filter={filter} />
    </>
  );
}

interface WasteProps {
  readonly list: WasteAnswer;
  readonly amount: Amount;
  readonly isLoading: boolean;
}

function Waste({ list, amount, isLoading }: WasteProps) {
  const { group_by, rows, sum, total, is_behind } = list;
  const range = formatRange(list);
  if (total === 0) return <p>{is_behind ? BEHIND : `No job ended from ${range}.`}</p>;
  return (
    <div aria-busy={isLoading}>
      <Sums sum={sum} chosen={amount} />
      <WasteTable list={list} amount={amount} />
      <p class="soft">
        Jobs that ended from {range}. Wasted is what was held, measured and not used; what was not measured is
        hatched and not called waste. A bar or a figure leads to the jobs that rules call wasteful.
        {total > rows.length && (
          <>
            {' '}
            {formatCount(total - rows.length, `more ${group_by}`)} wasted less.{' '}
            <a href={changed({ all: '1' })}>Show all</a>
          </>
        )}
        {is_behind && ` ${BEHIND}`}
      </p>
    </div>
  );
}

/** What all wasted of each resource; press one to sort by it. */
function Sums({ sum, chosen }: { sum: WasteAnswer['sum']; chosen: Amount }) {
  return (
    <nav class="amounts waste-sums" aria-label="Waste of">
      {AMOUNTS.map(({ field, name, unit }) => {
        const amount = sum[field];
        if (!amount) return null;
        const efficiency = efficiencyOf(amount);
        return (
          <a
            key={field}
            class="amount"
            href={changed({ of: field })}
            aria-current={field === chosen.field ? 'true' : undefined}
          >
            <span class="amount-name">{name}</span>
            <WasteBar amount={amount} of={amount.held} unit={unit} />
            <span>
              {amount.wasted === undefined
                ? 'not measured'
                : `${formatAmount(amount.wasted)} ${unit} wasted, ${efficiency} used`}
            </span>
          </a>
        );
      })}
    </nav>
  );
}

function Course({ amount, filter }: { amount: Amount; filter: GroupFilter }) {
  const nowMs = Date.now();
  const since = new Date(weekOf(nowMs) - (TREND_WEEKS - 1) * WEEK_MS).toISOString();
  const { value } = useResource(
    `waste by week ${since} ${JSON.stringify(filter)}`,
    (signal) =>
      getJson<TallyListAnswer>('v1/usage', { group_by: 'day', limit: MANY_ROWS, since, ...filter }, signal),
    { everyMs: POLL_MS },
  );
  return value ? <Trend days={value.rows} amount={amount} nowMs={nowMs} /> : null;
}

function Findings({ filter }: { filter: GroupFilter }) {
  const { query } = place.value;
  const { value } = useResource(
    `findings ${query}`,
    (signal) =>
      getJson<TallyListAnswer>(
        'v1/usage',
        { group_by: 'partition', limit: 1, ...timesOf(query), ...filter },
        signal,
      ),
    { everyMs: POLL_MS },
  );
  const conditions = Object.entries(filter).flatMap(([name, wanted]) =>
    wanted === undefined ? [] : [writeTerm(name, wanted)],
  );
  return value ? <FindingCounts counts={value} conditions={conditions} /> : null;
}
