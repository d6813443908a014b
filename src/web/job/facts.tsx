import type { JobAnswer } from '../../api/job.ts';
import type { EventListAnswer } from '../../api/job-event.ts';
import { formatMb, formatSeconds } from '../../domain/figures.ts';
import { formatLocal, Moment } from '../parts/moment.tsx';
import { apiAddress, jobPath, type Query } from '../parts/request.ts';

/** Fields that the rest of the page shows. */
const SHOWN = new Set([
  'id',
  'user',
  'state',
  'cpu_usage',
  'memory_usage_mb',
  'gpu_usage',
  'nodes',
  'node_count',
  'allocations',
]);
const MAX_NODES = 40;

interface FactsProps {
  readonly job: JobAnswer;
  readonly events: EventListAnswer | undefined;
  /** The run that is shown; undefined for the latest. */
  readonly run: number | undefined;
}

/** Shows everything that is known of a job, its changes, and where to get its data. */
export function Facts({ job, events, run }: FactsProps) {
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
          {job.nodes.length === 0 && job.node_count !== undefined && (
            <div>
              <dt>nodes asked for</dt>
              <dd>{job.node_count}</dd>
            </div>
          )}
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
      <Data id={job.id} run={run} />
    </>
  );
}

/** Where everything on the page can be had. */
function Data({ id, run }: { id: string; run: number | undefined }) {
  const ofRun = (part: string, query: Query = {}) => apiAddress(jobPath(id, part), { run, ...query });
  const links = [
    ['Samples as CSV', ofRun('/metrics', { format: 'csv' }), `${id}.csv`],
    ['Samples as JSON', ofRun('/metrics')],
    ['Summary', ofRun('/summary')],
    ['Findings', ofRun('/findings')],
    ['Sizing', ofRun('/sizing')],
    ['Heat map', ofRun('/heatmap')],
    ['Completeness', ofRun('/quality')],
    ['Job', apiAddress(jobPath(id))],
    ['Runs', apiAddress(jobPath(id, '/runs'))],
    ['Changes', apiAddress(jobPath(id, '/events'))],
  ] as const;
  return (
    <section aria-labelledby="data" class="data">
      <h2 id="data">Data</h2>
      <ul class="links">
        {links.map(([name, address, file]) => (
          <li key={name}>
            <a href={address} download={file}>
              {name}
            </a>
          </li>
        ))}
        <li>
          <button type="button" onClick={() => print()}>
            Print
          </button>
        </li>
      </ul>
    </section>
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
