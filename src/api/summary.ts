import { Type } from '@sinclair/typebox';
import type { JobSummary, MeasuredUsage, NodeSummary } from '../domain/store/samples.ts';
import type { Wire } from './field.ts';
import {
  Load,
  MeasureFields,
  NodeMeasureFields,
  readGpu,
  readMeasured,
  renderGpu,
  renderMeasured,
} from './measure-summary.ts';
import { JOB_ID, operation, RUN } from './operation.ts';

const UsageFields = {
  samples: Type.Integer({ minimum: 0, description: 'Samples ever recorded' }),
  observed_seconds: Type.Number({ minimum: 0, description: 'From the first sample to the last' }),
  cpu_usage: Type.Optional(Load),
  memory_usage_mb: Type.Optional(Load),
  gpu_usage: Type.Optional(Load),
  ...MeasureFields,
};

const UsageAnswer = Type.Object(UsageFields, { additionalProperties: false });
type UsageAnswer = Wire<typeof UsageAnswer>;

const NodeSummaryAnswer = Type.Object(
  { node: Type.String(), ...UsageFields, ...NodeMeasureFields },
  { additionalProperties: false },
);
type NodeSummaryAnswer = Wire<typeof NodeSummaryAnswer>;

/** The fields of a summary: of the whole job, then of each node that reported. */
const SummaryFields = { ...UsageFields, nodes: Type.Array(NodeSummaryAnswer) };

export const SummaryAnswer = Type.Object(SummaryFields, { additionalProperties: false });
export type SummaryAnswer = Wire<typeof SummaryAnswer>;

export const JobSummaryAnswer = Type.Object(
  { job_id: Type.String(), ...SummaryFields },
  { $id: 'JobSummary', additionalProperties: false },
);

export const renderUsage = (usage: MeasuredUsage): UsageAnswer => ({
  samples: usage.samples,
  observed_seconds: usage.observedSeconds,
  ...(usage.cpuUsage && { cpu_usage: usage.cpuUsage }),
  ...(usage.memoryUsageMb && { memory_usage_mb: usage.memoryUsageMb }),
  ...(usage.gpuUsage && { gpu_usage: usage.gpuUsage }),
  ...(usage.measured && renderMeasured(usage.measured)),
});

export const renderNodeSummary = ({ node, gpus, ...usage }: NodeSummary): NodeSummaryAnswer => ({
  node,
  ...renderUsage(usage),
  ...(gpus && { gpus: gpus.map(renderGpu) }),
});

function readUsage(usage: UsageAnswer): MeasuredUsage {
  const measured = readMeasured(usage);
  return {
    samples: usage.samples,
    observedSeconds: usage.observed_seconds,
    ...(usage.cpu_usage && { cpuUsage: usage.cpu_usage }),
    ...(usage.memory_usage_mb && { memoryUsageMb: usage.memory_usage_mb }),
    ...(usage.gpu_usage && { gpuUsage: usage.gpu_usage }),
    ...(Object.keys(measured).length > 0 && { measured }),
  };
}

export const readSummary = ({ nodes, ...whole }: SummaryAnswer): JobSummary => ({
  whole: readUsage(whole),
  nodes: nodes.map(({ node, gpus, ...usage }) => ({
    node,
    ...readUsage(usage),
    ...(gpus && { gpus: gpus.map(readGpu) }),
  })),
});

export const GET_SUMMARY = operation({
  id: 'getSummary',
  method: 'GET',
  path: '/v1/jobs/:jobId/summary',
  tag: 'Jobs',
  access: 'read',
  summary: 'Summarize all samples of a run (of a running job: so far); kept as long as the job',
  parameters: [JOB_ID, RUN],
  answers: { 200: { schema: JobSummaryAnswer, means: 'The summary, of the whole job and by node' } },
  errors: ['validation_error', 'not_found', 'unavailable'],
  repeatable: 'always',
});
