import type { NodeAnswer, NodeJobAnswer, PastNodeJobAnswer } from '../../api/node.ts';
import { formatCount, formatMb, formatPercent, formatSeconds, shorten } from '../../domain/figures.ts';
import { Moment, now } from '../parts/moment.tsx';
import { jobAddress, userAddress } from '../parts/router.ts';
import { State } from '../parts/state.tsx';

type Whose = Pick<NodeJobAnswer, 'job_id' | 'user' | 'name'>;

const WhoseCells = ({ job_id, user, name }: Whose) => (
  <>
    <th scope="row">
      <a href={jobAddress(job_id)}>{job_id}</a>
    </th>
    <td>
      <a href={userAddress(user)}>{user}</a>
    </td>
    <td class="long-name" title={name}>
      {name}
    </td>
  </>
);

const Heads = ({ names, from }: { names: readonly string[]; from: number }) => (
  <thead>
    <tr>
      {names.map((name, place) => (
        <th key={name} scope="col" class={place >= from ? 'figure' : undefined}>
          {name}
        </th>
      ))}
    </tr>
  </thead>
);

/** Jobs that run on the node now. */
export function JobsNow({ node: { jobs, running } }: { node: NodeAnswer }) {
  const hidden = running - jobs.length;
  return (
    <section aria-label="Jobs now">
      <h2>Jobs now</h2>
      {running === 0 && <p class="soft">No job runs here.</p>}
      {jobs.length > 0 && (
        <div class="wide">
          <table>
            <Heads
              names={['Job', 'User', 'Name', 'Ran', 'CPUs', 'busy', 'Memory', 'GPUs', 'in use']}
              from={3}
            />
            <tbody>
              {jobs.map((job) => (
                <tr key={job.job_id}>
                  <WhoseCells {...job} />
                  <td class="figure">{formatSeconds((now.value - Date.parse(job.start_time)) / 1000)}</td>
                  <td class="figure">{job.cpus === undefined ? '' : shorten(job.cpus)}</td>
                  <td class="figure">{percent(job.cpu_usage)}</td>
                  <td class="figure">{memoryText(job)}</td>
                  <td class="figure">{job.gpus ? shorten(job.gpus) : ''}</td>
                  <td class="figure">{percent(job.gpu_usage)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {hidden > 0 && <p class="soft">{formatCount(hidden, 'further job')}.</p>}
    </section>
  );
}

const percent = (value: number | undefined): string => (value === undefined ? '' : formatPercent(value));

function memoryText({ memory_usage_mb, memory_mb }: NodeJobAnswer): string {
  const used = memory_usage_mb === undefined ? '' : formatMb(memory_usage_mb);
  return memory_mb === undefined ? used : `${used} of ${formatMb(memory_mb)}`.trim();
}

/** Jobs that ran on the node and have ended. */
export function JobsBefore({ jobs }: { jobs: readonly PastNodeJobAnswer[] }) {
  return (
    <section aria-label="Jobs before">
      <h2>Jobs before</h2>
      {jobs.length === 0 && <p class="soft">None is known.</p>}
      {jobs.length > 0 && (
        <div class="wide">
          <table>
            <Heads names={['Job', 'User', 'Name', 'End', 'Nodes', 'Ran', 'Ended']} from={4} />
            <tbody>
              {jobs.map((job) => (
                <tr key={job.job_id}>
                  <WhoseCells {...job} />
                  <td>
                    <State state={job.state as 'failed'} rawState={job.raw_state} />
                  </td>
                  <td class="figure">{job.nodes}</td>
                  <td class="figure">{ranText(job)}</td>
                  <td class="figure">{job.end_time && <Moment time={job.end_time} isRelative />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

const ranText = ({ start_time, end_time }: PastNodeJobAnswer): string =>
  start_time && end_time ? formatSeconds((Date.parse(end_time) - Date.parse(start_time)) / 1000) : '';
