import { JOB_STATES, type JobState } from '../../domain/job.ts';

/**
 * The number of each state on disk: `state` of `job`, `job_node`, `job_count`, `live_count` and
 * `finished_count`. Existing databases have these numbers, and their checks and indexes name them: never
 * change one.
 *
 * Not stored by name, because state leads the key of four indexes: a job of two nodes would take 327 bytes in
 * place of 255.
 */
const NUMBERS = { pending: 0, running: 1, completed: 2, failed: 3, cancelled: 4 } as const satisfies Record<
  JobState,
  number
>;

const NAMES: readonly JobState[] = [...JOB_STATES].sort((one, other) => NUMBERS[one] - NUMBERS[other]);

/** The numbers of all states, ascending. */
export const STATE_NUMBERS: readonly number[] = NAMES.map((name) => NUMBERS[name]);

export const RUNNING = NUMBERS.running;
/** Jobs that have not ended have lower numbers. */
export const FIRST_ENDED = NUMBERS.completed;

export const stateNumber = (state: JobState): number => NUMBERS[state];

export const stateName = (number: number): JobState => NAMES[number]!;
