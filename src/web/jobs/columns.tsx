import type { ComponentChildren } from 'preact';
import type { JobAnswer } from '../../api/job.ts';
import { formatMb, formatPercent, formatSeconds } from '../../domain/figures.ts';
import { writeTerm } from '../parts/filter.ts';
import { Moment } from '../parts/moment.tsx';
import { jobAddress } from '../parts/router.ts';
import { runtimeOf } from '../parts/runtime.ts';
import { State } from '../parts/state.tsx';

interface Cell {
  readonly job: JobAnswer;
  readonly nowMs: number;
  /** Adds a condition to the filter. */
  readonly narrow: (term: string) => void;
}

export interface Column {
  readonly name: string;
  readonly title: string;
  /** The name of the sort of GET /v1/jobs. */
  readonly sort?: string;
  readonly isFigure?: true;
  /** Hidden on screens narrower than this many pixels; never if left out. */
  readonly from?: 600 | 900 | 1200 | 1500;
  readonly show: (cell: Cell) => ComponentChildren;
}

/** A value that narrows the list to jobs that share it. */
function Narrow({ name, value, narrow }: { name: string; value: string; narrow: Cell['narrow'] }) {
  const term = writeTerm(name, value);
  return (
    <button type="button" class="narrow" title={`Show only ${term}`} onClick={() => narrow(term)}>
      {value}
    </button>
  );
}

const maybe = (name: string, value: string | undefined, narrow: Cell['narrow']) =>
  value === undefined ? '' : <Narrow name={name} value={value} narrow={narrow} />;

function Runtime({ job, nowMs }: Cell) {
  const seconds = runtimeOf(job, nowMs);
  if (seconds === undefined) return null;
  const limit = job.time_limit_seconds;
  const share = limit ? Math.min(1, seconds / limit) : undefined;
  return (
    <span title={limit ? `of ${formatSeconds(limit)}` : undefined}>
      {formatSeconds(seconds)}
      <span class="thin-bar" aria-hidden="true">
        {share !== undefined && <span style={{ width: `${100 * share}%` }} />}
      </span>
    </span>
  );
}

function waitOf({ submit_time, start_time, end_time }: JobAnswer, nowMs: number): string {
  if (submit_time === undefined) return '';
  const until = start_time ?? end_time;
  return formatSeconds(((until ? Date.parse(until) : nowMs) - Date.parse(submit_time)) / 1000);
}

const measured = (job: JobAnswer, text: string) => (job.usage_time === undefined ? '' : text);

function memoryText(job: JobAnswer): string {
  const limit = job.memory_limit_mb;
  const used = formatMb(job.memory_usage_mb);
  return measured(job, limit ? `${used} of ${formatMb(limit)}` : used);
}

const nodesText = ({ nodes }: JobAnswer) =>
  nodes.length > 1 ? `${nodes[0]} +${nodes.length - 1}` : (nodes[0] ?? '');

/** The columns of the list, in order. */
export const COLUMNS: readonly Column[] = [
  {
    name: 'id',
    title: 'Job',
    show: ({ job }) => <a href={jobAddress(job.id)}>{job.id}</a>,
  },
  { name: 'state', title: 'State', show: ({ job }) => <State state={job.state} rawState={job.raw_state} /> },
  {
    name: 'user',
    title: 'User',
    from: 600,
    show: ({ job, narrow }) => <Narrow name="user" value={job.user} narrow={narrow} />,
  },
  { name: 'name', title: 'Name', show: ({ job }) => <span title={job.name}>{job.name}</span> },
  {
    name: 'partition',
    title: 'Partition',
    from: 900,
    show: ({ job, narrow }) => maybe('partition', job.partition, narrow),
  },
  {
    name: 'account',
    title: 'Account',
    from: 1200,
    show: ({ job, narrow }) => maybe('account', job.account, narrow),
  },
  {
    name: 'nodes',
    title: 'Nodes',
    from: 1200,
    show: ({ job }) => <span title={job.nodes.slice(0, 20).join(' ')}>{nodesText(job)}</span>,
  },
  { name: 'cpus', title: 'CPUs', isFigure: true, from: 1200, show: ({ job }) => job.cpus ?? '' },
  { name: 'gpus', title: 'GPUs', isFigure: true, from: 1200, show: ({ job }) => job.gpus || '' },
  {
    name: 'wait',
    title: 'Waited',
    isFigure: true,
    from: 1500,
    show: ({ job, nowMs }) => waitOf(job, nowMs),
  },
  {
    name: 'start',
    title: 'Started',
    sort: 'start_time',
    isFigure: true,
    from: 900,
    show: ({ job }) => (job.start_time ? <Moment time={job.start_time} isRelative /> : ''),
  },
  { name: 'runtime', title: 'Ran', sort: 'runtime', isFigure: true, show: (cell) => <Runtime {...cell} /> },
  {
    name: 'cpu',
    title: 'CPU',
    sort: 'cpu_usage',
    isFigure: true,
    from: 600,
    show: ({ job }) => measured(job, formatPercent(job.cpu_usage)),
  },
  {
    name: 'memory',
    title: 'Memory',
    sort: 'memory_usage',
    isFigure: true,
    from: 900,
    show: ({ job }) => memoryText(job),
  },
  {
    name: 'gpu',
    title: 'GPU',
    sort: 'gpu_usage',
    isFigure: true,
    from: 600,
    show: ({ job }) => (job.gpu_usage === undefined ? '' : formatPercent(job.gpu_usage)),
  },
];
