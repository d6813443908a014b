import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { writeTerm } from '../../api/filter-text.ts';
import type { AccountAnswer, UserAnswer } from '../../api/holder.ts';
import type { JobListAnswer } from '../../api/job-list.ts';
import type { TallyListAnswer } from '../../api/tally-list.ts';
import { formatMb, formatSeconds, groupDigits } from '../../domain/figures.ts';
import { DayColumns } from './days.tsx';
import { FindingCounts } from './finding-counts.tsx';
import { Problem } from './problem.tsx';
import { Ranges, timesOf } from './range.tsx';
import { getJson } from './request.ts';
import { useResource } from './resource.ts';
import { addressOf, jobAddress, place, userAddress } from './router.ts';
import { type TallyGroup, TallyTable } from './tallies.tsx';
import { TallyFigures } from './tally.tsx';

const POLL_MS = 30_000;
const MOST_JOBS = 20;

export interface HolderProps {
  readonly kind: 'user' | 'account';
  readonly name: string;
}

/** One user or account: what it holds now, `children`, what it held and used, and its parts. */
export function HolderPage({ kind, name, children }: HolderProps & { children?: ComponentChildren }) {
  const path = `v1/${kind}s/${encodeURIComponent(name)}`;
  const { value, error } = useResource(
    path,
    (signal) => getJson<UserAnswer | AccountAnswer>(path, {}, signal),
    { everyMs: POLL_MS },
  );
  useEffect(() => {
    document.title = `${name} · hpc-observe`;
  }, [name]);
  if (error && !value) return <Problem error={error} />;
  const jobs = (state?: string) =>
    addressOf('jobs', {
      filter: [writeTerm(kind, name), state && `state:${state}`].filter(Boolean).join(' '),
    });
  return (
    <>
      <div class="usage-head">
        <h1>
          <span class="soft">{kind === 'user' ? 'User' : 'Account'}</span> {name}
        </h1>
        <a href={jobs()}>All jobs</a>
        <Ranges />
      </div>
      {value && <Now now={value.now} jobs={jobs} />}
      {children}
      <Past kind={kind} name={name} />
      {value && value.now.running > 0 && <Running kind={kind} name={name} address={jobs('running')} />}
    </>
  );
}

interface NowProps {
  readonly now: UserAnswer['now'];
  readonly jobs: (state: string) => string;
}

function Now({ now: { running, pending, cpus, gpus, memory_mb }, jobs }: NowProps) {
  return (
    <p class="holder-now">
      Now <a href={jobs('running')}>{groupDigits(running)} running</a> and{' '}
      <a href={jobs('pending')}>{groupDigits(pending)} pending</a>
      {cpus !== undefined && `, ${groupDigits(cpus)} CPUs`}
      {!!gpus && `, ${groupDigits(gpus)} GPUs`}
      {memory_mb !== undefined && `, ${formatMb(memory_mb)} of memory`}
      {running > 0 && ' held'}.
    </p>
  );
}

/** Reads the tallies of a user or an account in the times of the page. */
function useTallies({ kind, name }: HolderProps, groupBy: TallyGroup) {
  const { query } = place.value;
  return useResource(
    `${kind} ${name} ${groupBy} ${query}`,
    (signal) =>
      getJson<TallyListAnswer>(
        'v1/usage',
        { group_by: groupBy, [kind]: name, limit: 1000, ...timesOf(query) },
        signal,
      ),
    { everyMs: POLL_MS },
  );
}

function Past({ kind, name }: HolderProps) {
  const members: TallyGroup = kind === 'user' ? 'account' : 'user';
  const days = useTallies({ kind, name }, 'day').value;
  const parts = useTallies({ kind, name }, members).value;
  const partitions = useTallies({ kind, name }, 'partition').value;
  if (!days || !parts || !partitions) return <p class="soft">Reading …</p>;
  if (parts.total === 0) return <p>No job ended in this time.</p>;
  return (
    <>
      <TallyFigures tally={parts.sum} />
      <DayColumns list={days} />
      <div class="holder-lists">
        <section>
          <h2>{kind === 'user' ? 'By account' : 'By user'}</h2>
          <TallyTable groupBy={members} rows={parts.rows} />
        </section>
        <section>
          <h2>By partition</h2>
          <TallyTable groupBy="partition" rows={partitions.rows} />
        </section>
        <FindingCounts counts={parts} conditions={[writeTerm(kind, name)]} />
      </div>
    </>
  );
}

function Running({ kind, name, address }: HolderProps & { readonly address: string }) {
  const { value } = useResource(
    `running of ${kind} ${name}`,
    (signal) =>
      getJson<JobListAnswer>('v1/jobs', { [kind]: name, state: 'running', limit: MOST_JOBS }, signal),
    { everyMs: POLL_MS },
  );
  if (!value || value.jobs.length === 0) return null;
  return (
    <section class="holder-part">
      <h2>Running</h2>
      <div class="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">Job</th>
              {kind === 'account' && <th scope="col">User</th>}
              <th scope="col" class="from-600">
                Name
              </th>
              <th scope="col" class="figure">
                Runtime
              </th>
              <th scope="col" class="figure">
                CPUs
              </th>
              <th scope="col" class="figure">
                GPUs
              </th>
              <th scope="col" class="figure">
                CPU
              </th>
              <th scope="col" class="figure">
                GPU
              </th>
            </tr>
          </thead>
          <tbody>
            {value.jobs.map((job) => (
              <tr key={job.id}>
                <th scope="row">
                  <a href={jobAddress(job.id)}>{job.id}</a>
                </th>
                {kind === 'account' && (
                  <td>
                    <a href={userAddress(job.user)}>{job.user}</a>
                  </td>
                )}
                <td class="long-name from-600" title={job.name}>
                  {job.name}
                </td>
                <td class="figure">{job.start_time && sinceStart(job.start_time)}</td>
                <td class="figure">{job.cpus}</td>
                <td class="figure">{job.gpus || ''}</td>
                <td class="figure">{job.usage_time && `${Math.round(job.cpu_usage)} %`}</td>
                <td class="figure">{job.gpu_usage !== undefined && `${Math.round(job.gpu_usage)} %`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {value.total > value.jobs.length && (
        <p>
          <a href={address}>All {groupDigits(value.total)} running jobs</a>
        </p>
      )}
    </section>
  );
}

const sinceStart = (start: string): string => formatSeconds((Date.now() - Date.parse(start)) / 1000);
