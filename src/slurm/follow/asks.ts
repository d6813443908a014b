import { AppError, OperatorError } from '../../domain/errors.ts';
import { createGate } from '../../domain/gate.ts';
import type { AskedJob, Said, SlurmAsks } from '../../domain/slurm-asks.ts';
import { createSeparator } from '../records/separator.ts';
import { readSteps, stepArguments } from '../records/steps.ts';
import { readTimeMs } from '../values/time.ts';
import { readOutput, type SlurmCommands } from './commands.ts';

const TIMEOUT_MS = 10_000;
/** 1,000 steps have about 200 kB. */
const MAX_CHARACTERS = 1024 * 1024;
const KEPT_MS = 60_000;
/** A failure is tried again sooner. */
const KEPT_FAILURE_MS = 10_000;
const MAX_KEPT = 500;
const WAITING = 16;

interface AskOptions {
  readonly commands: SlurmCommands;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Asks Slurm about single jobs, one question at a time; see `SlurmAsks`. */
export function slurmAsks({ commands, now }: AskOptions): SlurmAsks {
  const gate = createGate({
    places: 1,
    waiting: WAITING,
    message: 'Slurm is being asked about too many jobs; try again in some seconds.',
  });
  const kept = new Map<string, { untilMs: number; readonly said: Promise<Said<unknown>> }>();

  async function ask<Value>(run: () => Promise<Value>): Promise<Said<Value>> {
    const leave = await gate.enter();
    try {
      return { value: await run(), timeMs: now() };
    } catch (error) {
      if (error instanceof OperatorError) throw new AppError('unavailable', error.message);
      throw error;
    } finally {
      leave();
    }
  }

  /** Answers from what Slurm said within the last minute; those who ask at the same time share an answer. */
  function remember<Value>(key: string, run: () => Promise<Value>): Promise<Said<Value>> {
    const known = kept.get(key);
    if (known && now() < known.untilMs) return known.said as Promise<Said<Value>>;
    const said = ask(run);
    const entry = { untilMs: now() + KEPT_MS, said };
    said.catch(() => {
      entry.untilMs = now() + KEPT_FAILURE_MS;
    });
    kept.delete(key);
    kept.set(key, entry);
    const [oldest] = kept.keys();
    if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    return said;
  }

  return {
    expectedStart: async (job) =>
      remember(`start ${nameOf(job)}`, async () => {
        const args = ['--start', '-a', '-h', '-j', nameOf(job), '-o', '%S'];
        const text = await readOutput(commands, 'squeue', args, TIMEOUT_MS, MAX_CHARACTERS);
        return readTimeMs(text.split('\n')[0]!.trim());
      }),
    steps: async (job) =>
      remember(`steps ${nameOf(job)}`, async () => {
        const separator = createSeparator();
        const args = stepArguments(nameOf(job), separator);
        const text = await readOutput(commands, 'sacct', args, TIMEOUT_MS, MAX_CHARACTERS);
        return readSteps(text, job.id, separator);
      }),
  };
}

/**
 * Returns the name that Slurm takes for one job: the number of an array stands for all of its tasks. Throws
 * `not_found` for a job that is not Slurm's, and whose id must not be an argument.
 */
function nameOf({ id, arrayJobId, arrayTaskId }: AskedJob): string {
  if (!/^[1-9]\d{0,9}$/.test(id)) throw new AppError('not_found', 'The job is not one of Slurm.');
  return arrayJobId !== undefined && arrayTaskId !== undefined ? `${arrayJobId}_${arrayTaskId}` : id;
}
