import type { QueuedJobAnswer } from '../../api/queue.ts';
import { formatSeconds } from '../../domain/figures.ts';
import { jobAddress, userAddress } from '../parts/router.ts';
import { CAUSE_WORDS } from './causes.tsx';

interface OldestProps {
  readonly title: string;
  readonly jobs: readonly QueuedJobAnswer[];
}

/** The jobs that have waited longest, with what each waits for. */
export function Oldest({ title, jobs }: OldestProps) {
  if (jobs.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">Job</th>
              <th scope="col">User</th>
              <th class="from-1500" scope="col">
                Name
              </th>
              <th class="from-900" scope="col">
                Partition
              </th>
              <th class="figure" scope="col">
                Waited
              </th>
              <th class="from-600" scope="col">
                Reason
              </th>
              <th class="figure from-900" scope="col">
                Nodes
              </th>
              <th class="figure from-900" scope="col">
                CPUs
              </th>
              <th class="figure from-900" scope="col">
                GPUs
              </th>
            </tr>
          </thead>
          <tbody>
            {jobs.map((job) => (
              <tr key={job.job_id}>
                <td>
                  <a href={jobAddress(job.job_id)}>{job.job_id}</a>
                </td>
                <td>
                  <a href={userAddress(job.user)}>{job.user}</a>
                </td>
                <td class="long-name from-1500" title={job.name}>
                  {job.name}
                </td>
                <td class="from-900">{job.partition}</td>
                <td class="figure">
                  <time dateTime={job.submit_time} title={`submitted ${job.submit_time} in UTC`}>
                    {formatSeconds(job.wait_seconds)}
                  </time>
                </td>
                <td class="queue-reason from-600" title={job.action}>
                  {job.meaning ?? job.reason ?? CAUSE_WORDS[job.cause]}
                </td>
                <td class="figure from-900">{job.node_count}</td>
                <td class="figure from-900">{job.cpus}</td>
                <td class="figure from-900">{job.gpus || ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
