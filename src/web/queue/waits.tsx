import { useMemo } from 'preact/hooks';
import { writeTerm } from '../../api/filter-text.ts';
import type { TallyListAnswer } from '../../api/tally-list.ts';
import { formatSeconds } from '../../domain/figures.ts';
import { Plot } from '../parts/plot.tsx';
import { getJson } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';
import { addressOf } from '../parts/router.ts';
import { linesOf, type PartitionWaits } from './wait-lines.ts';

const DAYS = 28;
const DAY_MS = 86_400_000;
/** Partitions with the most jobs; more lines cannot be told apart. */
const MAX_PARTITIONS = 6;
const POLL_MS = 600_000;

/** How long jobs waited in each partition, by the day of their end. */
export function Waits() {
  const { value } = useResource('waits', readWaits, { everyMs: POLL_MS });
  const lines = useMemo(() => (value ? linesOf(value) : undefined), [value]);
  if (!lines || lines.partitions.length === 0) return null;
  const { partitions, times, columns } = lines;
  return (
    <section>
      <h2>Wait by partition</h2>
      <ul class="legend">
        {partitions.map((partition, place) => (
          <li key={partition} style={{ '--line-colour': `var(--series-${place + 1})` }}>
            <a href={addressOf('jobs', { filter: writeTerm('partition', partition) })}>{partition}</a>
          </li>
        ))}
      </ul>
      <Plot
        title="Mean wait of the jobs that ended each day (UTC)"
        times={times}
        columns={columns}
        labels={partitions}
        format={(hours) => formatSeconds(3600 * hours)}
        onZoom={() => {}}
      />
    </section>
  );
}

async function readWaits(signal: AbortSignal): Promise<readonly PartitionWaits[]> {
  const since = new Date(Math.floor(Date.now() / DAY_MS - DAYS) * DAY_MS).toISOString();
  const read = (query: Record<string, string>) =>
    getJson<TallyListAnswer>('v1/usage', { since, ...query }, signal);
  const { rows } = await read({ group_by: 'partition' });
  const named = rows.flatMap(({ name, jobs, wait_seconds }) =>
    name === undefined || wait_seconds === undefined ? [] : [{ name, jobs }],
  );
  const largest = named.sort((one, other) => other.jobs - one.jobs).slice(0, MAX_PARTITIONS);
  return Promise.all(
    largest.map(async ({ name }) => ({
      partition: name,
      days: (await read({ group_by: 'day', partition: name })).rows,
    })),
  );
}
