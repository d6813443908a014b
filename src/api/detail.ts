import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { defined } from '../domain/defined.ts';
import { type Allocation, type JobDetails, SHOWN_DETAILS } from '../domain/detail.ts';
import { MAX_NODES } from '../domain/job.ts';
import { formatTime, requireTime } from '../domain/time.ts';
import { Identity, Moment } from './identity.ts';

/** A field that may be left out; null says the same, and has gone before the body is checked. */
export const optional = <Schema extends TSchema>(schema: Schema) =>
  Type.Optional({ ...schema, nullable: true } as Schema);

const MAX_INTEGER = Number.MAX_SAFE_INTEGER;
const Text = (description: string) => optional(Type.String({ maxLength: 4096, format: 'text', description }));
/** A count of a body; the most is what a double holds without error. */
export const Count = (description: string, maximum = MAX_INTEGER) =>
  optional(Type.Integer({ minimum: 0, maximum, description }));

/** The id of a GPU, and how many of one node may be named. */
export const GpuId = Type.String({ maxLength: 256, format: 'text' });
export const MAX_GPU_IDS = 1024;

export const AllocationBody = Type.Object(
  {
    node: Identity('Node name'),
    cpus: Count('CPUs of this node'),
    memory_mb: Count('Memory of this node in megabytes'),
    gpu_ids: optional(Type.Array(GpuId, { maxItems: MAX_GPU_IDS })),
  },
  { additionalProperties: false },
);

type AllocationBody = Static<typeof AllocationBody>;

type ShownDetail = (typeof SHOWN_DETAILS)[number];

/** What the published schema says of each detail. */
const MEANS: Record<ShownDetail['field'], string> = {
  name: 'Name of the job',
  account: 'Account that is charged',
  partition: 'Partition, or several with commas between them while the job waits',
  qos: 'Quality of service',
  cluster: 'Cluster that runs the job',
  submit_time: 'ISO 8601 time of the submission',
  time_limit_seconds: 'How long the job may run',
  cpus: 'CPUs, of all nodes together',
  memory_limit_mb: 'Memory that the job may use, in megabytes, of all nodes together',
  gpus: 'GPUs, of all nodes together',
  work_dir: 'Working directory',
  array_job_id: 'Id of the array that the job is a task of',
  array_task_id: 'Number of the task in its array',
  exit_code: 'Exit code',
  signal: 'Signal that ended the job',
  raw_state: 'The state in the scheduler’s own word',
  reason: 'Why the job waits, or why it ended so',
  restarts: 'How often the job had been requeued before this run',
  sluid: 'Slurm’s key of the run (SLUID); of a run that changed its size the one that it began with',
  suspended_seconds:
    'How long the run had been suspended, which is no run time; of one that runs, up to the last look at it',
  allocations: 'What the job was given of each node',
};

const MAXIMUM: Partial<Record<ShownDetail['field'], number>> = { exit_code: 2 ** 31, signal: 1024 };

/** The schema of each kind of detail. */
const SCHEMAS = {
  text: ({ field }: ShownDetail) => Text(MEANS[field]),
  identity: ({ field }: ShownDetail) => optional(Identity(MEANS[field])),
  label: ({ field }: ShownDetail) => optional(Identity(MEANS[field])),
  count: ({ field }: ShownDetail) => Count(MEANS[field], MAXIMUM[field]),
  time: ({ field }: ShownDetail) => optional(Moment(MEANS[field])),
  allocations: ({ field }: ShownDetail) =>
    optional(Type.Array(AllocationBody, { maxItems: MAX_NODES, description: MEANS[field] })),
} satisfies Record<ShownDetail['kind'], (row: ShownDetail) => TSchema>;

type FieldSchemas = { [Row in ShownDetail as Row['field']]: ReturnType<(typeof SCHEMAS)[Row['kind']]> };

/** The optional fields of a job, as bodies and answers have them. */
export const DetailFields = Object.fromEntries(
  SHOWN_DETAILS.map((row) => [row.field, SCHEMAS[row.kind](row)]),
) as FieldSchemas;
const DetailBody = Type.Object(DetailFields);
export type DetailBody = Static<typeof DetailBody>;

const FIELDS = new Map<string, ShownDetail['field']>(SHOWN_DETAILS.map(({ key, field }) => [key, field]));

/** The name of a detail in bodies and answers; undefined for a field of a run that is no detail. */
export const fieldOf = (key: string): ShownDetail['field'] | undefined => FIELDS.get(key);

/** The details that a body gives; undefined when it gives none. A bad `submit_time` is a `validation_error`. */
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

/** Details as answers have them, in the order of DetailFields. */
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
  defined<AllocationBody>({ node, cpus, memory_mb: memoryMb, gpu_ids: gpuIds as string[] | undefined });
