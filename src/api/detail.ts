import { type Static, type TSchema, Type } from '@sinclair/typebox';
import type { Allocation, JobDetails } from '../domain/detail.ts';
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

/** The optional fields of a job, as bodies and answers have them. */
export const DetailFields = {
  name: Text('Name of the job'),
  account: optional(Identity('Account that is charged')),
  partition: optional(Identity('Partition, or several with commas between them while the job waits')),
  qos: optional(Identity('Quality of service')),
  cluster: optional(Identity('Cluster that runs the job')),
  submit_time: optional(Moment('ISO 8601 time of the submission')),
  time_limit_seconds: Count('How long the job may run'),
  cpus: Count('CPUs, of all nodes together'),
  memory_limit_mb: Count('Memory that the job may use, in megabytes, of all nodes together'),
  gpus: Count('GPUs, of all nodes together'),
  work_dir: Text('Working directory'),
  array_job_id: optional(Identity('Id of the array that the job is a task of')),
  array_task_id: Count('Number of the task in its array'),
  exit_code: Count('Exit code', 2 ** 31),
  signal: Count('Signal that ended the job', 1024),
  raw_state: optional(Identity('The state in the scheduler’s own word')),
  reason: Text('Why the job waits, or why it ended so'),
  restarts: Count('How often the job had been requeued before this run'),
  sluid: optional(
    Identity('Slurm’s key of the run (SLUID); of a run that changed its size the one that it began with'),
  ),
  suspended_seconds: Count(
    'How long the run had been suspended, which is no run time; of one that runs, up to the last look at it',
  ),
  allocations: optional(
    Type.Array(AllocationBody, { maxItems: 100_000, description: 'What the job was given of each node' }),
  ),
};
const DetailBody = Type.Object(DetailFields);
export type DetailBody = Static<typeof DetailBody>;

/** The fields of a body and of JobDetails that mean the same and need no conversion. */
const SAME = [
  ['name', 'name'],
  ['account', 'account'],
  ['partition', 'partition'],
  ['qos', 'qos'],
  ['cluster', 'cluster'],
  ['time_limit_seconds', 'timeLimitSeconds'],
  ['cpus', 'cpus'],
  ['memory_limit_mb', 'memoryLimitMb'],
  ['gpus', 'gpus'],
  ['work_dir', 'workDir'],
  ['array_job_id', 'arrayJobId'],
  ['array_task_id', 'arrayTaskId'],
  ['exit_code', 'exitCode'],
  ['signal', 'signal'],
  ['raw_state', 'rawState'],
  ['reason', 'reason'],
  ['restarts', 'restarts'],
  ['sluid', 'sluid'],
  ['suspended_seconds', 'suspendedSeconds'],
] as const satisfies readonly (readonly [keyof DetailBody, keyof JobDetails])[];

/** The name of a detail in bodies and answers; undefined for what is no detail. */
export function fieldOf(key: keyof JobDetails): keyof DetailBody | undefined {
  if (key === 'submitTimeMs') return 'submit_time';
  if (key === 'allocations') return 'allocations';
  return SAME.find(([, same]) => same === key)?.[0];
}

/** The details that a body gives; undefined when it gives none. A bad `submit_time` is a `validation_error`. */
export function readDetails(body: DetailBody): JobDetails | undefined {
  const details: Record<string, unknown> = {};
  for (const [field, key] of SAME) if (body[field] !== undefined) details[key] = body[field];
  if (body.submit_time !== undefined) details.submitTimeMs = requireTime('submit_time', body.submit_time);
  if (body.allocations !== undefined) {
    details.allocations = body.allocations.map(({ node, cpus, memory_mb, gpu_ids }) => ({
      node,
      ...(cpus !== undefined && { cpus }),
      ...(memory_mb !== undefined && { memoryMb: memory_mb }),
      ...(gpu_ids !== undefined && { gpuIds: gpu_ids }),
    }));
  }
  return Object.keys(details).length === 0 ? undefined : (details as JobDetails);
}

/** The fields of answers in the order of DetailFields, and the details that they show as they are. */
const SHOWN = Object.keys(DetailFields).map(
  (field) => [field, SAME.find(([name]) => name === field)?.[1]] as const,
);

/** Details as answers have them, in the order of DetailFields. */
export function renderDetails(details: JobDetails): DetailBody {
  const { submitTimeMs, allocations } = details;
  const body: Record<string, unknown> = {};
  for (const [field, key] of SHOWN) {
    if (key && details[key] !== undefined) body[field] = details[key];
    if (field === 'submit_time' && submitTimeMs !== undefined) body[field] = formatTime(submitTimeMs);
    if (field === 'allocations' && allocations) body[field] = allocations.map(renderAllocation);
  }
  return body;
}

const renderAllocation = ({ node, cpus, memoryMb, gpuIds }: Allocation) => ({
  node,
  ...(cpus !== undefined && { cpus }),
  ...(memoryMb !== undefined && { memory_mb: memoryMb }),
  ...(gpuIds !== undefined && { gpu_ids: gpuIds }),
});
