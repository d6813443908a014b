import { useEffect } from 'preact/hooks';
import type { JobListAnswer } from '../../api/job-list.ts';
import type { ConcernAnswer, OverviewAnswer } from '../../api/overview.ts';
import { formatCount } from '../../domain/figures.ts';
import { Empty } from '../parts/empty.tsx';
import { writeTerm } from '../parts/filter.ts';
import { Moment } from '../parts/moment.tsx';
import { Problem } from '../parts/problem.tsx';
import { getJson } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';
import { addressOf, jobAddress } from '../parts/router.ts';
import { Amounts } from './amounts.tsx';

const POLL_MS = 10_000;

/** The state of the cluster at a glance. */
export function OverviewPage() {
  const { value, error } = useResource(
    'overview',
    (signal) => getJson<OverviewAnswer>('v1/overview', {}, signal),
    { everyMs: POLL_MS },
  );
  const any = useResource(
    'any job',
    (signal) => getJson<JobListAnswer>('v1/jobs', { limit: 1 }, signal),
    // Until there is one, a new one matters.
    value && value.running + value.pending > 0 ? {} : { on: 'jobs' },
  );
  useEffect(() => {
    document.title = 'hpc-observe';
  }, []);
  if (!value) return error ? <Problem error={error} /> : <p class="soft">Reading …</p>;
  if (any.value?.total === 0) return <Empty />;
  return (
    <>
      <h1 class="visually-hidden">Overview</h1>
      {error && <Problem error={error} />}
      <Amounts overview={value} />
      <div class="concerns">
        <Concerns
          title="Wasting now"
          concerns={value.wasting}
          none="No running job holds idle GPUs or CPUs."
        />
        <Concerns title="In trouble" concerns={value.troubled} none="No running job is near a limit." />
        <Failed overview={value} />
      </div>
      <p class="soft">
        As of <Moment time={value.timestamp} />.
      </p>
    </>
  );
}

interface ConcernsProps {
  readonly title: string;
  readonly concerns: readonly ConcernAnswer[];
  readonly none: string;
}

function Concerns({ title, concerns, none }: ConcernsProps) {
  return (
    <section>
      <h2>{title}</h2>
      {concerns.length === 0 && <p class="soft">{none}</p>}
      <table>
        <tbody>
          {concerns.map(({ job_id, user, name, kind, message }) => (
            <tr key={`${job_id} ${kind}`}>
              <td>
                <a href={jobAddress(job_id)}>{job_id}</a>
              </td>
              <td>
                <a href={addressOf('jobs', { filter: writeTerm('user', user) })}>{user}</a>
              </td>
              <td class="concern-name" title={name}>
                {name}
              </td>
              <td class="concern-message">{message}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** A node on which so many jobs ended at once is likely the reason. */
const BLACK_HOLE_JOBS = 5;

function Failed({ overview: { failed } }: { overview: OverviewAnswer }) {
  return (
    <section>
      <h2>Failed within the last hour</h2>
      {failed.length === 0 && <p class="soft">No job failed.</p>}
      <table>
        <tbody>
          {failed.map(({ node, jobs, short, states, examples }) => (
            <tr key={node ?? ''} class={short >= BLACK_HOLE_JOBS ? 'is-harm' : undefined}>
              <td>
                {node === undefined ? (
                  'no node'
                ) : (
                  <a href={addressOf('jobs', { filter: `${writeTerm('node', node)} state:failed since:1h` })}>
                    {node}
                  </a>
                )}
              </td>
              <td>
                {formatCount(jobs, 'job')}
                {short >= BLACK_HOLE_JOBS && `, ${short} within a minute of their start`}
              </td>
              <td>
                {states
                  .map(({ state, jobs: count }) => `${count} ${state.toLowerCase().replaceAll('_', ' ')}`)
                  .join(', ')}
              </td>
              <td>
                {examples.map((id) => (
                  <a key={id} class="example" href={jobAddress(id)}>
                    {id}
                  </a>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
