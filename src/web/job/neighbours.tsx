import type { JobAnswer } from '../../api/job.ts';
import type { JobListAnswer } from '../../api/job-list.ts';
import { formatPercent } from '../../domain/figures.ts';
import { Fold } from '../parts/fold.tsx';
import { Moment } from '../parts/moment.tsx';
import { Problem } from '../parts/problem.tsx';
import { getJson } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';
import { jobAddress, userAddress } from '../parts/router.ts';
import { State } from '../parts/state.tsx';

const MAX_JOBS = 50;
/** The list takes no more names at once. */
const MAX_NODES = 100;

/** Lists the jobs that ran on the same nodes at the same time. */
export function Neighbours({ job }: { job: JobAnswer }) {
  if (job.nodes.length === 0 || job.start_time === undefined) return null;
  return <Fold title="Jobs on the same nodes at the same time">{() => <List job={job} />}</Fold>;
}

function List({ job }: { job: JobAnswer }) {
  const query = {
    node: job.nodes.slice(0, MAX_NODES).join(','),
    since: job.start_time,
    until: job.end_time,
    limit: MAX_JOBS + 1,
  };
  const { value, error } = useResource(JSON.stringify(query), (signal) =>
    getJson<JobListAnswer>('v1/jobs', query, signal),
  );
  if (!value) return error ? <Problem error={error} /> : <p class="soft">Reading …</p>;
  const others = value.jobs
    .filter(({ id, state }) => id !== job.id && state !== 'pending')
    .slice(0, MAX_JOBS);
  const own = new Set(job.nodes);
  if (others.length === 0)
    return <p class="soft">It had its nodes for itself, of the jobs that you may see.</p>;
  return (
    <>
      <table>
        <thead>
          <tr>
            {['Job', 'State', 'User', 'Started', 'Ended', 'Shared nodes'].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
            <th scope="col" class="figure">
              CPU
            </th>
          </tr>
        </thead>
        <tbody>
          {others.map((other) => (
            <tr key={other.id}>
              <th scope="row">
                <a href={jobAddress(other.id)}>{other.id}</a>
              </th>
              <td>
                <State state={other.state} rawState={other.raw_state} />
              </td>
              <td>
                <a href={userAddress(other.user)}>{other.user}</a>
              </td>
              <td>{other.start_time && <Moment time={other.start_time} />}</td>
              <td>{other.end_time && <Moment time={other.end_time} />}</td>
              <td>{sharedText(other.nodes.filter((node) => own.has(node)))}</td>
              <td class="figure">{other.cpu_usage > 0 && formatPercent(other.cpu_usage)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {(value.total > MAX_JOBS + 1 || job.nodes.length > MAX_NODES) && (
        <p class="soft">
          The {MAX_JOBS} that started last
          {job.nodes.length > MAX_NODES && `, on the first ${MAX_NODES} nodes`}.
        </p>
      )}
    </>
  );
}

const sharedText = (nodes: readonly string[]): string =>
  nodes.length > 4 ? `${nodes.slice(0, 4).join(' ')} and ${nodes.length - 4} more` : nodes.join(' ');
