import { Type } from '@sinclair/typebox';
import { MAX_MEMORY_MB } from '../domain/job.ts';

export const CpuUsage = Type.Number({ minimum: 0, maximum: 100, description: 'CPU usage in percent' });
export const MemoryUsage = Type.Integer({
  minimum: 0,
  maximum: MAX_MEMORY_MB,
  description: 'Memory in MB (2^20 bytes)',
});
export const GpuUsage = Type.Number({ minimum: 0, maximum: 100, description: 'GPU usage in percent' });
