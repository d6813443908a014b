import { Type } from '@sinclair/typebox';
import { RESOURCES, type Resource, type Size, type Sizing, scriptLines } from '../domain/sizing/sizing.ts';
import { Count, type Wire } from './field.ts';
import { JOB_ID, operation, RUN } from './operation.ts';

const SizeAnswer = Type.Object(
  {
    enough: Type.Number({
      description: 'Enough for every past run, with some room, and more than any of them ran out of',
    }),
    asked: Type.Optional(Type.Number({ description: 'What this run asked for' })),
    median: Type.Optional(Type.Number({ description: 'Of the runs that did not run out of it' })),
    upper: Type.Optional(Type.Number({ description: 'What 95 % of them did not exceed' })),
    most: Type.Optional(Type.Number({ description: 'The most of any of them' })),
    failed: Type.Optional(Type.Number({ description: 'The largest limit that a run ran out of' })),
    runs: Count('Runs in which it was known'),
    failed_runs: Count('Those of them that ran out of it'),
    option: Type.String({ description: 'The option of sbatch that asks for it' }),
    is_worth_it: Type.Boolean({ description: 'Too much was asked for, or too little' }),
  },
  { additionalProperties: false },
);

/** The field of each resource, which names its unit. */
const FIELDS: Readonly<Record<Resource, keyof typeof sizes>> = {
  memory: 'memory_mb',
  time: 'time_seconds',
  cpus: 'cpus',
  gpus: 'gpus',
};

const sizes = {
  memory_mb: Type.Optional(SizeAnswer),
  time_seconds: Type.Optional(SizeAnswer),
  cpus: Type.Optional(SizeAnswer),
  gpus: Type.Optional(SizeAnswer),
};

export const SizingAnswer = Type.Object(
  {
    job_id: Type.String(),
    message: Type.String({ description: 'One sentence with its numbers' }),
    lack: Type.Optional(Type.String({ description: 'Why there is no size at all' })),
    runs: Count(
      'Past runs of the same user, account, name, nodes, CPUs and GPUs that say anything, 200 at most',
    ),
    script: Type.Array(Type.String(), { description: 'Lines for the job script: what is worth changing' }),
    ...sizes,
  },
  { $id: 'Sizing', additionalProperties: false },
);
export type SizingAnswer = Wire<typeof SizingAnswer>;

const renderSize = ({ failedRuns, isWorthIt, ...size }: Size) => ({
  ...size,
  failed_runs: failedRuns,
  is_worth_it: isWorthIt,
});

export function renderSizing(jobId: string, sizing: Sizing): SizingAnswer {
  const known = RESOURCES.flatMap((resource) => {
    const size = sizing.sizes[resource];
    return size ? [[FIELDS[resource], renderSize(size)] as const] : [];
  });
  return {
    job_id: jobId,
    message: sizing.sentence,
    ...(sizing.lack !== undefined && { lack: sizing.lack }),
    runs: sizing.runs,
    script: scriptLines(sizing),
    ...Object.fromEntries(known),
  };
}

/** Reads what `renderSizing` wrote. */
export function readSizing(answer: SizingAnswer): Sizing {
  const known = RESOURCES.flatMap((resource) => {
    const size = answer[FIELDS[resource]];
    if (!size) return [];
    const { failed_runs, is_worth_it, ...rest } = size;
    return [[resource, { ...rest, failedRuns: failed_runs, isWorthIt: is_worth_it }] as const];
  });
  return {
    runs: answer.runs,
    sizes: Object.fromEntries(known),
    sentence: answer.message,
    ...(answer.lack !== undefined && { lack: answer.lack }),
  };
}

export const GET_SIZING = operation({
  id: 'getSizing',
  method: 'GET',
  path: '/v1/jobs/:jobId/sizing',
  tag: 'Jobs',
  access: 'read',
  summary:
    'Say what would be enough for the next run like this one, by the last ones of the same user, account, name and size',
  parameters: [JOB_ID, RUN],
  answers: { 200: { schema: SizingAnswer, means: 'Sizes, and the lines for a job script' } },
  errors: ['validation_error', 'not_found', 'unavailable'],
  repeatable: 'always',
});
