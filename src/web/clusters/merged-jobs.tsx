import { useState } from 'preact/hooks';
import type { MergedJobsAnswer } from '../../api/clusters.ts';
import { formatCount, formatPercent, groupDigits } from '../../domain/figures.ts';
import { Moment } from '../parts/moment.tsx';
import { Problem } from '../parts/problem.tsx';
import { getJson, type RequestError } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';
import { jobAddress } from '../parts/router.ts';
import { State } from '../parts/state.tsx';

const PAGE_JOBS = 100;

interface MergedJobsProps {
  readonly query: Readonly<Record<string, string>>;
}

/** The jobs of all clusters in one order; further pages are read when they are asked for. */
export function MergedJobs({ query }: MergedJobsProps) {
  const [more, setMore] = useState<readonly MergedJobsAnswer[]>([]);
  const [moreError, setMoreError] = useState<RequestError>();
  const [isReading, setReading] = useState(false);
  const read = (cursor: string | undefined, signal: AbortSignal) =>
    getJson<MergedJobsAnswer>('v1/clusters/jobs', { ...query, limit: PAGE_JOBS, cursor }, signal);
  const { value, error } = useResource('merged jobs', (signal) => read(undefined, signal));
  if (!value) return error ? <Problem error={error} /> : <p class="soft">Reading …</p>;
  const pages = [value, ...more];
  const last = pages.at(-1)!;

  async function readNext(cursor: string): Promise<void> {
    setReading(true);
    try {
      const next = await read(cursor, new AbortController().signal);
      setMore((before) => [...before, next]);
      setMoreError(undefined);
    } catch (reason) {
      setMoreError(reason as RequestError);
    } finally {
      setReading(false);
    }
  }

  const jobs = pages.flatMap((page) => page.jobs);
  const total = value.clusters.reduce((sum, cluster) => sum + (cluster.total ?? 0), 0);
  return (
    <>
      {last.clusters.map(
        ({ name, error: reason }) =>
          reason !== undefined && (
            <p key={name} class="problem" role="status">
              {reason} Its jobs are missing.
            </p>
          ),
      )}
      <JobRows jobs={jobs} />
      {moreError && <Problem error={moreError} />}
      <p class="soft">
        {jobs.length < total
          ? `${groupDigits(jobs.length)} of ${formatCount(total, 'job')}.`
          : `${formatCount(total, 'job')}.`}{' '}
        {last.next_cursor !== undefined && (
          <button type="button" disabled={isReading} onClick={() => readNext(last.next_cursor!)}>
            {jobs.length < total ? 'Show more' : 'Ask again'}
          </button>
        )}
      </p>
    </>
  );
}

function JobRows({ jobs }: { jobs: MergedJobsAnswer['jobs'] }) {
  return (
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col">Cluster</th>
            <th scope="col">Job</th>
            <th scope="col">State</th>
            <th class="from-600" scope="col">
              User
            </th>
            <th class="from-900" scope="col">
              Name
            </th>
            <th class="from-900" scope="col">
              Started
            </th>
            <th class="figure from-600" scope="col">
              CPUs
            </th>
            <th class="figure from-600" scope="col">
              GPUs
            </th>
            <th class="figure from-900" scope="col">
              CPU
            </th>
            <th class="figure from-900" scope="col">
              GPU
            </th>
          </tr>
        </thead>
        <tbody>
          {jobs.map(({ cluster, url, job }) => (
            <tr key={`${cluster} ${job.id}`}>
              <td>{cluster}</td>
              <td>
                <a href={url ?? jobAddress(job.id)}>{job.id}</a>
              </td>
              <td>
                <State state={job.state} rawState={job.raw_state} />
              </td>
              <td class="from-600">{job.user}</td>
              <td class="long-name from-900" title={job.name}>
                {job.name}
              </td>
              <td class="from-900">{job.start_time && <Moment time={job.start_time} />}</td>
              <td class="figure from-600">{job.cpus}</td>
              <td class="figure from-600">{job.gpus || ''}</td>
              <td class="figure from-900">{formatPercent(job.cpu_usage)}</td>
              <td class="figure from-900">
                {job.gpu_usage !== undefined && job.gpu_usage !== null && formatPercent(job.gpu_usage)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
