import { useEffect } from 'preact/hooks';
import type { ArrayAnswer } from '../../api/array.ts';
import { writeTerm } from '../../api/filter-text.ts';
import { formatCount, formatSeconds } from '../../domain/figures.ts';
import { Moment } from '../parts/moment.tsx';
import { Problem } from '../parts/problem.tsx';
import { getJson } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';
import { accountAddress, addressOf, go, place, userAddress } from '../parts/router.ts';
import { Verdict } from '../parts/verdict.tsx';
import { Distributions } from './distributions.tsx';
import { TaskGrid } from './grid.tsx';
import { MEASURES } from './measures.ts';
import { Outliers } from './outliers.tsx';
import { States } from './states.tsx';

const POLL_MS = 30_000;

/** All tasks of one array as one thing. */
export function ArrayPage({ id }: { id: string }) {
  const { value, error } = useResource(
    `array ${id}`,
    (signal) => getJson<ArrayAnswer>(`v1/arrays/${encodeURIComponent(id)}`, {}, signal),
    { everyMs: POLL_MS, on: 'jobs' },
  );
  useEffect(() => {
    document.title = `array ${id} · hpc-observe`;
  }, [id]);
  if (!value) return error ? <Problem error={error} /> : <p class="soft">Reading …</p>;
  return (
    <div class="array">
      {error && <Problem error={error} />}
      <Title array={value} />
      <Verdict verdict={value.findings} />
      <States array={value} />
      <Tasks array={value} />
      <Distributions array={value} />
      <Outliers array={value} />
    </div>
  );
}

function Title({ array }: { array: ArrayAnswer }) {
  const { array_job_id, name, user, account, partition, task_count, submit_time, start_time, end_time } =
    array;
  const list = (more = '') => addressOf('jobs', { filter: `${writeTerm('array', array_job_id)}${more}` });
  return (
    <header class="title">
      <h1>
        <span class="soft">array</span> {array_job_id}
        {name && <span class="job-name">{name}</span>}
      </h1>
      <p class="soft">
        <a href={userAddress(user)}>{user}</a>
        {account !== undefined && (
          <>
            {' for '}
            <a href={accountAddress(account)}>{account}</a>
          </>
        )}
        {partition !== undefined && (
          <>
            {' in '}
            <a href={list(` ${writeTerm('partition', partition)}`)}>{partition}</a>
          </>
        )}
        {' · '}
        <a href={list()}>{formatCount(task_count, 'task')}</a>
        {array.has_waiting_together && ', and those that wait together'}
        {array.is_partial && ', the first ones of more'}
        {start_time === undefined && submit_time !== undefined && (
          <>
            {' · submitted '}
            <Moment time={submit_time} />
          </>
        )}
        {start_time !== undefined && (
          <>
            {' · started '}
            <Moment time={start_time} />
          </>
        )}
        {end_time !== undefined && (
          <>
            {', ended '}
            <Moment time={end_time} />
          </>
        )}
        {start_time !== undefined &&
          end_time !== undefined &&
          ` after ${formatSeconds((Date.parse(end_time) - Date.parse(start_time)) / 1000)}`}
      </p>
    </header>
  );
}

/** The squares, and what fills them. */
function Tasks({ array }: { array: ArrayAnswer }) {
  const by = place.value.query.get('by') ?? '';
  const known = MEASURES.filter(({ values }) => values(array.tasks).some((value) => value !== null));
  const measure = known.find(({ name }) => name === by);
  const fill = (name: string) => go(addressOf(place.value.path, { by: name }), { replace: true });
  return (
    <section aria-label="Tasks">
      <label class="task-fill">
        <span class="soft">Filled by</span>{' '}
        <select value={measure?.name ?? ''} onChange={({ currentTarget }) => fill(currentTarget.value)}>
          <option value="">state</option>
          {known.map(({ name, title }) => (
            <option key={name} value={name}>
              {title.toLowerCase()}
            </option>
          ))}
        </select>
      </label>
      <TaskGrid tasks={array.tasks} measure={measure} />
    </section>
  );
}
