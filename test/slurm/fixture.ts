import { readFileSync } from 'node:fs';
import type { Report } from '../../src/domain/report.ts';

/** The separator of the recorded outputs. */
export const SEPARATOR = '|k3f9xq|';

/** Reads a recorded output of Slurm; test/fixtures/slurm/README.md describes them. */
export const readFixture = (name: string): string => readFileSync(`test/fixtures/slurm/${name}`, 'utf8');

/** The report of job 14, the same in every recorded output after its end. */
export const JOB_14: Omit<Report, 'source' | 'observedMs'> = {
  id: '14',
  user: 'carol',
  nodes: ['node01'],
  state: 'completed',
  startTimeMs: 1_795_477_407_000,
  endTimeMs: 1_795_477_410_000,
  name: 'array',
  account: 'physics',
  partition: 'debug',
  qos: 'normal',
  cluster: 'testbed',
  submitTimeMs: 1_795_477_405_000,
  timeLimitSeconds: 600,
  cpus: 1,
  nodeCount: 1,
  memoryLimitMb: 50,
  workDir: '/home/carol',
  arrayJobId: '7',
  arrayTaskId: 0,
  exitCode: 0,
  rawState: 'COMPLETED',
};
