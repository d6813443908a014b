import { OperatorError } from '../../domain/errors.ts';
import { isSameStart } from '../../domain/policy/notice.ts';
import { readTimeMs } from '../values/time.ts';
import { readOutput, type SlurmCommands } from './commands.ts';

const TIMEOUT_MS = 20_000;
const MAX_CHARACTERS = 64 * 1024;
/** POSIX names, and those of directory services; none of them looks like an option. */
const USER_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,255}\$?$/;

/** The run of a job that is to be cancelled. */
export interface CancelledRun {
  readonly id: string;
  readonly user: string;
  readonly startTimeMs: number;
}

/**
 * Cancels a run with scancel, if Slurm says at this moment that exactly this run of this user is running.
 * Returns why it did nothing; undefined once scancel has succeeded. Rejects with OperatorError if Slurm does
 * not answer or refuses; then nothing is known to be cancelled.
 */
export async function cancelRun(
  commands: SlurmCommands,
  { id, user, startTimeMs }: CancelledRun,
): Promise<string | undefined> {
  if (!/^[1-9]\d{0,9}$/.test(id)) return 'It is not a job of Slurm.';
  if (!USER_NAME.test(user)) return 'The name of its user is not one that scancel can be given.';
  const lines = await listRunning(commands, id);
  if (lines === undefined) return 'It has ended.';
  const line = lines.find(([found]) => found === id);
  if (!line) return 'It does not run any more.';
  const [, start = '', owner = ''] = line;
  if (owner !== user) return 'It is a job of somebody else by now.';
  const startMs = readTimeMs(start);
  if (startMs === undefined || !isSameStart(startMs, startTimeMs))
    return 'It is another run of the job by now.';
  // Slurm checks state and user once more, in case both change at this moment.
  await readOutput(
    commands,
    'scancel',
    [`--user=${user}`, '--state=RUNNING', id],
    TIMEOUT_MS,
    MAX_CHARACTERS,
  );
  return undefined;
}

/** Returns id, start and user of what runs under a number; undefined if Slurm has forgotten the job. */
async function listRunning(commands: SlurmCommands, id: string): Promise<string[][] | undefined> {
  const args = ['-a', '-h', '-j', id, '-t', 'RUNNING', '-o', '%A|%S|%u'];
  try {
    const text = await readOutput(commands, 'squeue', args, TIMEOUT_MS, MAX_CHARACTERS);
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split('|'));
  } catch (error) {
    if (error instanceof OperatorError && /invalid job id/i.test(error.message)) return undefined;
    throw error;
  }
}
