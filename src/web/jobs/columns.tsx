import type { ComponentChildren } from 'preact';
import { writeTerm } from '../../api/filter-text.ts';
import type { JobAnswer } from '../../api/job.ts';
import type { SparklineAnswer } from '../../api/sparkline.ts';
import { formatMb, formatPercent, formatSeconds, groupDigits } from '../../domain/figures.ts';
import { Moment } from '../parts/moment.tsx';
import { arrayAddress, jobAddress, nodeAddress } from '../parts/router.ts';
import { runtimeOf } from '../parts/runtime.ts';
import { State } from '../parts/state.tsx';
import type { ColumnSize } from './column-choice.ts';
import { FoundCell } from './found-cell.tsx';
import { Spark } from './spark.tsx';
import { type Tint, tintCpu, tintFinding, tintGpu, tintMemory, tintRuntime } from './tint.ts';

export interface Cell {
  readonly job: JobAnswer;
  /** Undefined until it has been read, and for jobs without samples. */
  readonly line: SparklineAnswer | undefined;
  readonly nowMs: number;
  /** Adds a condition to the filter. */
  readonly narrow: (term: string) => void;
}

export const GROUPS = ['Job', 'Asked for', 'Time', 'Used'] as const;

export interface Column extends ColumnSize {
  readonly title: string;
  readonly group: (typeof GROUPS)[number];
  /** The name of the sort of GET /v1/jobs. */
  readonly sort?: string;
  readonly isFigure?: true;
  /** Takes the room that is left. */
  readonly isWide?: true;
  /** The fields of a job that it shows, for CSV. */
  readonly fields: readonly (keyof JobAnswer)[];
  readonly show: (cell: Cell) => ComponentChildren;
  /** What a rule says of the cell. */
  readonly tint?: (cell: Cell) => Tint;
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

const narrowed = (name: 'partition' | 'account' | 'qos') => ({
  name,
  fields: [name],
  show: ({ job, narrow }: Cell) => job[name] && <Narrow name={name} value={job[name]} narrow={narrow} />,
});

function Id({ job }: Cell) {
  const { id, array_job_id: array, array_task_id: task, restarts } = job;
  return (
    <>
      <a href={jobAddress(id)} title={id}>
        {id}
      </a>
      {array !== undefined && (
        <a class="badge" href={arrayAddress(array)} title={`Task ${task ?? ''} of array ${array}`}>
          [{task ?? ''}]
        </a>
      )}
      {restarts ? (
        <span class="badge" title={`Run ${restarts + 1}: it was requeued`}>
          ↻{restarts + 1}
        </span>
      ) : null}
    </>
  );
}

function Nodes({ job: { nodes } }: Cell) {
  const [first] = nodes;
  if (first === undefined) return null;
  return (
    <span title={nodes.slice(0, 20).join(' ')}>
      <a href={nodeAddress(first)}>{first}</a>
      {nodes.length > 1 && ` +${groupDigits(nodes.length - 1)}`}
    </span>
  );
}

function Runtime({ job, nowMs }: Cell) {
  const seconds = runtimeOf(job, nowMs);
  if (seconds === undefined) return null;
  const limit = job.time_limit_seconds;
  return (
    <span title={limit ? `${formatSeconds(seconds)} of ${formatSeconds(limit)}` : undefined}>
      {formatSeconds(seconds)}
      {limit && (
        <span class="thin-bar" aria-hidden="true">
          <span style={{ width: `${Math.min(100, (100 * seconds) / limit)}%` }} />
        </span>
      )}
    </span>
  );
}

function waitOf({ submit_time, start_time, end_time }: JobAnswer, nowMs: number): string {
  if (submit_time === undefined) return '';
  const until = start_time ?? end_time;
  return formatSeconds(((until ? Date.parse(until) : nowMs) - Date.parse(submit_time)) / 1000);
}

const measured = (job: JobAnswer, text: string) => (job.usage_time === undefined ? '' : text);
const time = (text: string | undefined) => text && <Moment time={text} isRelative />;

/** A figure, and how it went. */
const Usage = ({ text, ...line }: { text: string } & Parameters<typeof Spark>[0]) => (
  <span class="usage">
    {text}
    <Spark {...line} />
  </span>
);

function Memory({ job, line }: Cell) {
  const limit = job.memory_limit_mb;
  return (
    <span title={limit ? `limit ${formatMb(limit)}` : undefined}>
      <Usage text={measured(job, formatMb(job.memory_usage_mb))} values={line?.memory_mb} max={limit} />
    </span>
  );
}

/** The columns of the list, in order. Those without a rank are shown when they are chosen. */
export const COLUMNS: readonly Column[] = [
  {
    ...{ name: 'id', title: 'Job', group: 'Job', pixels: 116, rank: 99, fields: ['id', 'array_task_id'] },
    show: (cell) => <Id {...cell} />,
  },
  {
    ...{ name: 'state', title: 'State', group: 'Job', pixels: 108, rank: 98 },
    fields: ['state', 'raw_state'],
    show: ({ job }) => <State state={job.state} rawState={job.raw_state} />,
  },
  {
    ...{ name: 'user', title: 'User', group: 'Job', pixels: 84, rank: 5, fields: ['user'] },
    show: ({ job, narrow }) => <Narrow name="user" value={job.user} narrow={narrow} />,
  },
  {
    ...{ name: 'name', title: 'Name', group: 'Job', pixels: 110, rank: 20, fields: ['name'], isWide: true },
    show: ({ job }) => <span title={job.name}>{job.name}</span>,
  },
  { ...narrowed('account'), title: 'Account', group: 'Job', pixels: 92, rank: 1 },
  { ...narrowed('partition'), title: 'Partition', group: 'Job', pixels: 80, rank: 4 },
  { ...narrowed('qos'), title: 'QOS', group: 'Job', pixels: 80 },
  {
    ...{ name: 'reason', title: 'Reason', group: 'Job', pixels: 140, fields: ['reason'] },
    show: ({ job }) => <span title={job.reason}>{job.reason}</span>,
  },
  {
    ...{ name: 'exit', title: 'Exit', group: 'Job', pixels: 60, fields: ['exit_code', 'signal'] },
    isFigure: true,
    show: ({ job }) => (job.signal ? `signal ${job.signal}` : (job.exit_code ?? '')),
  },
  {
    ...{ name: 'finding', title: 'Finding', group: 'Job', pixels: 150, fields: ['finding', 'severity'] },
    show: (cell) => <FoundCell {...cell} />,
    tint: tintFinding,
  },
  {
    ...{ name: 'nodes', title: 'Nodes', group: 'Asked for', pixels: 100, rank: 6, fields: ['nodes'] },
    sort: 'nodes',
    show: (cell) => <Nodes {...cell} />,
  },
  {
    ...{ name: 'cpus', title: 'CPUs', group: 'Asked for', pixels: 52, rank: 3, fields: ['cpus'] },
    ...{ sort: 'cpus', isFigure: true },
    show: ({ job }) => job.cpus ?? '',
  },
  {
    ...{ name: 'gpus', title: 'GPUs', group: 'Asked for', pixels: 52, rank: 7, fields: ['gpus'] },
    ...{ sort: 'gpus', isFigure: true },
    show: ({ job }) => job.gpus || '',
  },
  {
    ...{
      name: 'memory-limit',
      title: 'Memory limit',
      group: 'Asked for',
      pixels: 100,
      fields: ['memory_limit_mb'],
    },
    isFigure: true,
    show: ({ job }) => (job.memory_limit_mb ? formatMb(job.memory_limit_mb) : ''),
  },
  {
    ...{ name: 'limit', title: 'Time limit', group: 'Asked for', pixels: 92, rank: 0 },
    ...{ fields: ['time_limit_seconds'], isFigure: true },
    show: ({ job }) => (job.time_limit_seconds ? formatSeconds(job.time_limit_seconds) : ''),
  },
  {
    ...{ name: 'submitted', title: 'Submitted', group: 'Time', pixels: 84, fields: ['submit_time'] },
    isFigure: true,
    show: ({ job }) => time(job.submit_time),
  },
  {
    ...{ name: 'wait', title: 'Waited', group: 'Time', pixels: 96, rank: 2, sort: 'wait', isFigure: true },
    fields: ['submit_time'],
    show: ({ job, nowMs }) => waitOf(job, nowMs),
  },
  {
    ...{ name: 'start', title: 'Started', group: 'Time', pixels: 88, rank: 8, sort: 'start_time' },
    ...{ isFigure: true, fields: ['start_time'] },
    show: ({ job }) => time(job.start_time),
  },
  {
    ...{ name: 'end', title: 'Ended', group: 'Time', pixels: 84, sort: 'end_time', isFigure: true },
    fields: ['end_time'],
    show: ({ job }) => time(job.end_time),
  },
  {
    ...{ name: 'runtime', title: 'Ran', group: 'Time', pixels: 96, rank: 97, sort: 'runtime' },
    ...{ isFigure: true, fields: ['runtime_seconds', 'time_limit_seconds'], tint: tintRuntime },
    show: (cell) => <Runtime {...cell} />,
  },
  {
    ...{ name: 'cpu', title: 'CPU', group: 'Used', pixels: 122, rank: 30, sort: 'cpu_usage' },
    ...{ isFigure: true, fields: ['cpu_usage'], tint: tintCpu },
    show: ({ job, line }) => (
      <Usage text={measured(job, formatPercent(job.cpu_usage))} values={line?.cpu} max={100} />
    ),
  },
  {
    ...{ name: 'memory', title: 'Memory', group: 'Used', pixels: 138, rank: 25, sort: 'memory_usage' },
    ...{ isFigure: true, fields: ['memory_usage_mb', 'memory_limit_mb'], tint: tintMemory },
    show: (cell) => <Memory {...cell} />,
  },
  {
    ...{ name: 'gpu', title: 'GPU', group: 'Used', pixels: 122, rank: 29, sort: 'gpu_usage' },
    ...{ isFigure: true, fields: ['gpu_usage'], tint: tintGpu },
    show: ({ job, line }) => (
      <Usage
        text={job.gpu_usage === undefined ? '' : formatPercent(job.gpu_usage)}
        values={line?.gpu}
        max={100}
      />
    ),
  },
];

/** On a phone each job has two lines, in two columns. */
export const PHONE_COLUMNS: readonly Column[] = [
  {
    ...{ name: 'id', title: 'Job', group: 'Job', pixels: 200, fields: ['id'], isWide: true },
    show: (cell) => (
      <>
        <span class="line line-parts">
          <Id {...cell} />
          <State state={cell.job.state} rawState={cell.job.raw_state} />
        </span>
        <span class="line soft">{cell.job.name ?? cell.job.user}</span>
      </>
    ),
  },
  {
    ...{ name: 'runtime', title: 'Ran', group: 'Time', pixels: 156, fields: ['runtime_seconds'] },
    ...{ sort: 'runtime', isFigure: true },
    show: (cell) => {
      const { job, line } = cell;
      const isGpu = job.gpu_usage !== undefined;
      const figure = measured(job, formatPercent(job.gpu_usage ?? job.cpu_usage));
      return (
        <>
          <span class="line">
            <Runtime {...cell} />
          </span>
          <span class="line">
            {figure !== '' && (
              <Usage
                text={`${isGpu ? 'GPU' : 'CPU'} ${figure}`}
                values={isGpu ? line?.gpu : line?.cpu}
                max={100}
              />
            )}
          </span>
        </>
      );
    },
  },
];
