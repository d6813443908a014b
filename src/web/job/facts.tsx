import type { JobAnswer } from '../../api/job.ts';
import type { EventListAnswer } from '../../api/job-event.ts';
import { formatMb, formatSeconds } from '../../domain/figures.ts';
import { formatLocal, Moment } from '../parts/moment.tsx';
import { apiAddress, jobPath } from '../parts/request.ts';

/** Fields that the rest of the page shows. */
const SHOWN = new Set([
  'id',
  'user',
  'state',
  'cpu_usage',
  'memory_usage_mb',
  'gpu_usage',
  'nodes',
  'allocations',
]);
const MAX_NODES = 200;

/** Shows everything that is known of a job, its changes, and where to get its data. */
export function Facts({ job, events }: { job: JobAnswer; events: EventListAnswer | undefined }) {
  const facts = Object.entries(job).filter(([name]) => !SHOWN.has(name));
  return (
    <>
      <section aria-labelledby="facts">
        <h2 id="facts">Facts</h2>
        <dl class="facts">
          {facts.map(([name, value]) => (
            <div key={name} id={`fact-${name}`}>
              <dt>
                <a href={`${location.pathname}${location.search}#fact-${name}`}>{wordsOf(name)}</a>
              </dt>
              <dd>{factText(name, value)}</dd>
            </div>
          ))}
          {job.nodes.length > 0 && (
            <div>
              <dt>nodes</dt>
              <dd>
                {job.nodes.slice(0, MAX_NODES).join(' ')}
                {job.nodes.length > MAX_NODES && ` and ${job.nodes.length - MAX_NODES} more`}
              </dd>
            </div>
          )}
        </dl>
      </section>
      {events && <Changes events={events} />}
      <section aria-labelledby="data" class="data">
        <h2 id="data">Data</h2>
        <p>
          <a href={apiAddress(jobPath(job.id, '/metrics'), { format: 'csv' })} download={`${job.id}.csv`}>
            Samples as CSV
          </a>{' '}
          · <a href={apiAddress(jobPath(job.id, '/metrics'))}>Samples as JSON</a> ·{' '}
          <a href={apiAddress(jobPath(job.id, '/summary'))}>Summary</a> ·{' '}
          <a href={apiAddress(jobPath(job.id))}>Job</a> ·{' '}
          <button type="button" onClick={() => print()}>
            Print
          </button>
        </p>
      </section>
    </>
  );
}

/** `time_limit_seconds` is `time limit`, because its value has a unit. */
const wordsOf = (name: string): string => name.replace(/_(seconds|mb)$/, '').replaceAll('_', ' ');

function factText(name: string, value: unknown) {
  if (typeof value === 'string' && name.endsWith('_time')) return <Moment time={value} />;
  return Array.isArray(value) ? value.join(' ') : plainText(name, value);
}

function plainText(name: string, value: unknown): string {
  if (typeof value === 'string' && name.endsWith('_time')) return formatLocal(Date.parse(value));
  if (typeof value === 'number' && name.endsWith('_seconds')) return formatSeconds(value);
  if (typeof value === 'number' && name.endsWith('_mb')) return formatMb(value);
  return String(value);
}

const MAX_CHANGES = 200;

function Changes({ events: { events } }: { events: EventListAnswer }) {
  return (
    <section aria-labelledby="changes">
      <h2 id="changes">Changes</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Source</th>
            <th scope="col">What</th>
          </tr>
        </thead>
        <tbody>
          {events.slice(-MAX_CHANGES).map(({ time, source, change }, index) => (
            // Changes have no id, and their order does not change.
            <tr key={String(index)}>
              <td>
                <Moment time={time} />
              </td>
              <td>{source}</td>
              <td class="change">{describeChange(change as Record<string, unknown>)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const describeChange = (change: Record<string, unknown>): string =>
  Object.entries(change)
    .filter(([name]) => name !== 'allocations')
    .map(([name, value]) =>
      value === null ? `no ${wordsOf(name)}` : `${wordsOf(name)} ${textOf(name, value)}`,
    )
    .join(', ');

function textOf(name: string, value: unknown): string {
  if (!Array.isArray(value)) return plainText(name, value);
  return value.length > 8 ? `${value.slice(0, 8).join(' ')} and ${value.length - 8} more` : value.join(' ');
}
