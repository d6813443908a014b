import { defined } from '../../domain/defined.ts';
import { type JobStep, MAX_STEPS } from '../../domain/slurm-asks.ts';
import { readMemoryMb } from '../values/memory.ts';
import { readTimeMs } from '../values/time.ts';

/** Columns that every sacct since 21.08 has; the name is last, because users choose it. */
const COLUMNS = [
  'JobIDRaw',
  'State',
  'ExitCode',
  'Start',
  'End',
  'ElapsedRaw',
  'TotalCPU',
  'MaxRSS',
  'NCPUS',
  'NodeList',
  'JobName',
] as const;

/** Returns the arguments of sacct that print the job and its steps, the columns separated by `separator`. */
export const stepArguments = (job: string, separator: string): string[] => [
  ...['-a', '-n', '-P', `--delimiter=${separator}`, '-j', job, '-o', COLUMNS.join(',')],
];

/** Reads the steps of a job; lines that are not such records, as names with line breaks make, are skipped. */
export function readSteps(text: string, id: string, separator: string): JobStep[] {
  const steps: JobStep[] = [];
  for (const line of text.split('\n')) {
    const pieces = line.split(separator);
    if (pieces.length !== COLUMNS.length || !pieces[0]!.startsWith(`${id}.`)) continue;
    if (steps.push(readStep(pieces)) >= MAX_STEPS) break;
  }
  return steps;
}

function readStep(pieces: readonly string[]): JobStep {
  const [raw, state, exit, start, end, elapsed, cpu, memory, cpus, nodes, name] = pieces;
  const [exitCode, signal] = (exit ?? '').split(':').map(readCount);
  return defined<JobStep>({
    step: raw!.slice(raw!.indexOf('.') + 1),
    name: name || undefined,
    rawState: state!,
    exitCode,
    signal: signal || undefined,
    startTimeMs: readTimeMs(start),
    endTimeMs: readTimeMs(end),
    elapsedSeconds: readCount(elapsed),
    cpuSeconds: readCpuSeconds(cpu),
    maxMemoryMb: readMemoryMb(memory),
    cpus: readCount(cpus),
    nodes: nodes && nodes !== 'None assigned' ? nodes : undefined,
  });
}

const readCount = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;

const CPU_TIME = /^(?:(\d{1,6})-)?(?:(\d{1,2}):)?(\d{1,2}):(\d{1,2}(?:\.\d{1,6})?)$/;

/** Reads `1-02:03:04` or `03:04.567` in seconds; undefined for 0, which sacct prints before the end, too. */
function readCpuSeconds(text: string | undefined): number | undefined {
  const [, days = '0', hours = '0', minutes, seconds] = CPU_TIME.exec(text ?? '') ?? [];
  if (minutes === undefined) return undefined;
  const total = Number(days) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return total || undefined;
}
