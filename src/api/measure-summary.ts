import { type TProperties, Type } from '@sinclair/typebox';
import { defined } from '../domain/defined.ts';
import { MEASURES, type MeasureName } from '../domain/measure.ts';
import {
  ENERGY_METHODS,
  type Energy,
  type GpuSummary,
  type MeasureSummary,
} from '../domain/measure-summary.ts';
import { Choice, type Wire } from './field.ts';

export const Load = Type.Object({ mean: Type.Number(), max: Type.Number() }, { additionalProperties: false });
const loadOf = (description: string) => Type.Optional({ ...Load, description });
const helpOf = (name: MeasureName): string => MEASURES.get(name)!.help;
const total = (name: MeasureName) => Type.Optional(Type.Number({ minimum: 0, description: helpOf(name) }));
const Share = (description: string) => Type.Optional(Type.Number({ minimum: 0, maximum: 1, description }));
const closed = <Fields extends TProperties>(fields: Fields) =>
  Type.Object(fields, { additionalProperties: false });

const EnergyAnswer = closed({
  method: Choice(
    ENERGY_METHODS,
    'gpu_power: the power of the GPUs over time; cpu_share: by CPU time, of the CPUs without idling; node_share: by CPU time, of the whole node',
  ),
  joules: Type.Number({ minimum: 0 }),
  idle_joules: Type.Optional(
    Type.Number({ minimum: 0, description: 'What the CPUs of the job took idling, which joules leaves out' }),
  ),
  coverage: Share('Share of the time for which the power was known; absent if that is unknown'),
});

const GpuAnswer = closed({
  gpu: Type.String({ description: 'Its UUID' }),
  utilization_percent: loadOf(helpOf('gpu_utilization_percent')),
  idle_share: Share('Share of its readings in which no kernel ran'),
  memory_used_bytes: loadOf(helpOf('gpu_memory_used_bytes')),
});

/** The lasting measures of a run, beside its usage; what was not measured is absent. */
export const MeasureFields = {
  cpu_seconds: total('cpu_seconds'),
  cpu_throttled_seconds: total('cpu_throttled_seconds'),
  memory_current_bytes: loadOf(helpOf('memory_current_bytes')),
  memory_anonymous_bytes: loadOf(helpOf('memory_anonymous_bytes')),
  memory_peak_bytes: total('memory_peak_bytes'),
  memory_limit_bytes: total('memory_limit_bytes'),
  memory_oom_kills: total('memory_oom_kills'),
  io_read_bytes: total('io_read_bytes'),
  io_written_bytes: total('io_written_bytes'),
  energy: Type.Optional(Type.Array(EnergyAnswer)),
  gpu_count: Type.Optional(Type.Integer({ minimum: 1, description: 'GPUs whose utilization was read' })),
  gpu_idle_share: Share('Mean over the GPUs of their share of readings in which no kernel ran'),
};

/** Those of a node, which has its GPUs one by one. */
export const NodeMeasureFields = { ...MeasureFields, gpus: Type.Optional(Type.Array(GpuAnswer)) };

const MeasureAnswer = closed(MeasureFields);
type MeasureAnswer = Wire<typeof MeasureAnswer>;

export const renderMeasured = ({ energy, ...measured }: MeasureSummary): MeasureAnswer =>
  defined({
    cpu_seconds: measured.cpuSeconds,
    cpu_throttled_seconds: measured.cpuThrottledSeconds,
    memory_current_bytes: measured.memoryCurrentBytes,
    memory_anonymous_bytes: measured.memoryAnonymousBytes,
    memory_peak_bytes: measured.memoryPeakBytes,
    memory_limit_bytes: measured.memoryLimitBytes,
    memory_oom_kills: measured.memoryOomKills,
    io_read_bytes: measured.ioReadBytes,
    io_written_bytes: measured.ioWrittenBytes,
    energy: energy?.map(renderEnergy),
    gpu_count: measured.gpus,
    gpu_idle_share: measured.gpuIdleShare,
  });

const renderEnergy = ({ method, joules, idleJoules, coverage }: Energy): Wire<typeof EnergyAnswer> =>
  defined({ method, joules, idle_joules: idleJoules, coverage });

export const renderGpu = ({ gpu, utilizationPercent, idleShare, memoryUsedBytes }: GpuSummary) =>
  defined<Wire<typeof GpuAnswer>>({
    gpu,
    utilization_percent: utilizationPercent,
    idle_share: idleShare,
    memory_used_bytes: memoryUsedBytes,
  });

/** Reads the measures of a summary; empty if it has none. */
export const readMeasured = ({ energy, ...answer }: MeasureAnswer): MeasureSummary =>
  defined({
    cpuSeconds: answer.cpu_seconds,
    cpuThrottledSeconds: answer.cpu_throttled_seconds,
    memoryCurrentBytes: answer.memory_current_bytes,
    memoryAnonymousBytes: answer.memory_anonymous_bytes,
    memoryPeakBytes: answer.memory_peak_bytes,
    memoryLimitBytes: answer.memory_limit_bytes,
    memoryOomKills: answer.memory_oom_kills,
    ioReadBytes: answer.io_read_bytes,
    ioWrittenBytes: answer.io_written_bytes,
    energy: energy?.map(({ method, joules, idle_joules, coverage }) =>
      defined<Energy>({ method, joules, idleJoules: idle_joules, coverage }),
    ),
    gpus: answer.gpu_count,
    gpuIdleShare: answer.gpu_idle_share,
  });

export const readGpu = (answer: Wire<typeof GpuAnswer>): GpuSummary =>
  defined({
    gpu: answer.gpu,
    utilizationPercent: answer.utilization_percent,
    idleShare: answer.idle_share,
    memoryUsedBytes: answer.memory_used_bytes,
  });
