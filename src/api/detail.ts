import { type TSchema, Type } from '@sinclair/typebox';
import { defined } from '../domain/defined.ts';
import { type Allocation, type JobDetails, SHOWN_DETAILS } from '../domain/detail.ts';
import { MAX_NODES } from '../domain/job.ts';
import { formatTime, requireTime } from '../domain/time.ts';
import { Count, Identity, Moment, optional, Text, type Wire } from './field.ts';

/** The id of a GPU, and the most ids of one node. */
export const GpuId = Type.String({ maxLength: 256, format: 'text' });
export const MAX_GPU_IDS = 1024;

const AllocationBody = Type.Object(
  {
    node: Identity('Node name'),
    cpus: optional(Count('CPUs allocated on this node')),
    memory_mb: optional(Count('Memory allocated on this node, in MB (2^20 bytes)')),
    gpu_ids: optional(Type.Array(GpuId, { maxItems: MAX_GPU_IDS })),
  },
  { additionalProperties: false },
);

type AllocationBody = Wire<typeof AllocationBody>;

type ShownDetail = (typeof SHOWN_DETAILS)[number];

/** The meaning of each detail, for the documentation. */
const MEANS: Record<ShownDetail['field'], string> = {
  name: 'Name of the job',
  account: 'Account that is charged',
  partition: 'Partition; a pending job may name several, separated by commas',
  qos: 'Quality of service',
  cluster: 'Cluster that runs the job',
  submit_time: 'ISO 8601 time of submission',
  time_limit_seconds: 'Time limit of the job',
  cpus: 'CPUs allocated on all nodes together',
  memory_limit_mb: 'Memory limit of all nodes together, in MB (2^20 bytes)',
  gpus: 'GPUs allocated on all nodes together',
  node_count: 'Nodes allocated; those asked for while the job waits',
  work_dir: 'Working directory',
  array_job_id: 'Id of the job array that this job is a task of',
  array_task_id: 'Index of the task in its job array',
  array_task_limit: 'Tasks of the job array that may run at the same time, while others wait',
  exit_code: 'Exit code',
  signal: 'Signal that ended the job',
  raw_state: 'State as the scheduler names it',
  reason: 'Why the job is pending, or why it ended',
  restarts: 'Number of times the job was requeued before this run',
  sluid: 'SLUID, Slurm’s unique key of the run; a resized run keeps the SLUID that it started with',
  suspended_seconds:
    'Time for which the run was suspended (not part of its runtime); for a running job, so far',
  energy_joules:
    'Energy of the run on all nodes together, in joules; absent where nothing measured it, or other jobs shared the nodes',
  energy_method:
    'How the energy was measured; slurm: by Slurm’s accounting of nodes that the run had to itself',
  allocations: 'Resources allocated on each node',
};

const MAXIMUM: Partial<Record<ShownDetail['field'], number>> = { exit_code: 2 ** 31, signal: 1024 };

/** The schema of each kind of detail. */
const SCHEMAS = {
  text: ({ field }: ShownDetail) => optional(Text(MEANS[field])),
  identity: ({ field }: ShownDetail) => optional(Identity(MEANS[field])),
  label: ({ field }: ShownDetail) => optional(Identity(MEANS[field])),
  count: ({ field }: ShownDetail) => optional(Count(MEANS[field], MAXIMUM[field])),
  time: ({ field }: ShownDetail) => optional(Moment(MEANS[field])),
  allocations: ({ field }: ShownDetail) =>
    optional(Type.Array(AllocationBody, { maxItems: MAX_NODES, description: MEANS[field] })),
} satisfies Record<ShownDetail['kind'], (row: ShownDetail) => TSchema>;

type FieldSchemas = { [Row in ShownDetail as Row['field']]: ReturnType<(typeof SCHEMAS)[Row['kind']]> };

/** The optional fields of a job in requests. */
export const DetailFields = Object.fromEntries(
  SHOWN_DETAILS.map((row) => [row.field, SCHEMAS[row.kind](row)]),
) as FieldSchemas;
const DetailBody = Type.Object(DetailFields);
type DetailBody = Wire<typeof DetailBody>;

const FIELDS = new Map<string, ShownDetail['field']>(SHOWN_DETAILS.map(({ key, field }) => [key, field]));

/** Returns the JSON name of a detail; undefined for any other field of a run. */
export const fieldOf = (key: string): ShownDetail['field'] | undefined => FIELDS.get(key);

/** Returns the detail that a JSON name stands for; undefined if it is none. */
export const keyOf = (field: string): ShownDetail['key'] | undefined =>
  SHOWN_DETAILS.find((row) => row.field === field)?.key;

/**
 * Reads the details of a request or an answer; undefined if
 * there are none. A bad `submit_time` is a `validation_error`.
 */
export function readDetails(body: DetailBody): JobDetails | undefined {
  const details: Record<string, unknown> = {};
  for (const { key, field, kind } of SHOWN_DETAILS) {
    const value = body[field];
    if (value === undefined) continue;
    if (kind === 'time') details[key] = requireTime(field, value as string);
    else if (kind === 'allocations') details[key] = (value as AllocationBody[]).map(readAllocation);
    else details[key] = value;
  }
  return Object.keys(details).length === 0 ? undefined : (details as JobDetails);
}

const readAllocation = ({ node, cpus, memory_mb, gpu_ids }: AllocationBody): Allocation =>
  defined<Allocation>({ node, cpus, memoryMb: memory_mb, gpuIds: gpu_ids });

/** Renders details, in the order of DetailFields. */
export function renderDetails(details: JobDetails): DetailBody {
  const body: Record<string, unknown> = {};
  for (const { key, field, kind } of SHOWN_DETAILS) {
    const value = details[key];
    if (value === undefined) continue;
    if (kind === 'time') body[field] = formatTime(value as number);
    else if (kind === 'allocations') body[field] = (value as Allocation[]).map(renderAllocation);
    else body[field] = value;
  }
  return body;
}

const renderAllocation = ({ node, cpus, memoryMb, gpuIds }: Allocation): AllocationBody =>
  defined<AllocationBody>({ node, cpus, memory_mb: memoryMb, gpu_ids: gpuIds });
