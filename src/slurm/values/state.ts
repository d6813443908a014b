import type { JobState } from '../../domain/job.ts';

/** One word that Slurm has for the state of a job. */
interface StateRow {
  readonly word: string;
  /** Its short form, where it has one. */
  readonly code?: string;
  /** What it says of a job as it is now; absent: nothing by itself. */
  readonly state?: JobState;
  /** What it says of a run that is over; absent: nothing. */
  readonly ended?: JobState;
}

const end = (word: string, code: string, state: JobState): StateRow => ({ word, code, state, ended: state });
const live = (word: string, code: string, state: JobState): StateRow => ({ word, code, state });
/** The run was stopped by the scheduler, not by itself, and the job waits for another one. */
const requeue = (word: string, code: string): StateRow => ({
  word,
  code,
  state: 'pending',
  ended: 'cancelled',
});

/**
 * Every state and flag of Slurm 21.08 to 26.05. Of several words the one that stands first here and says something
 * counts: a job has one base state and any flags. The base states are `enum job_states` of slurm/slurm.h, the flags its
 * `JOB_…` bits; words and codes are `job_state_string` and `job_state_string_compact` of src/common/slurm_protocol_defs.c,
 * meanings doc/html/job_state_codes.shtml, squeue(1) and sacct(1), "JOB STATE CODES".
 */
export const SLURM_STATES: readonly StateRow[] = [
  // Base states of a job that is over.
  end('COMPLETED', 'CD', 'completed'),
  end('FAILED', 'F', 'failed'),
  end('TIMEOUT', 'TO', 'failed'),
  end('OUT_OF_MEMORY', 'OOM', 'failed'),
  end('NODE_FAIL', 'NF', 'failed'),
  end('BOOT_FAIL', 'BF', 'failed'),
  end('DEADLINE', 'DL', 'failed'),
  end('CANCELLED', 'CA', 'cancelled'),
  end('PREEMPTED', 'PR', 'cancelled'),
  // A flag: another cluster of the federation has the job. Before the live base states, because with it they are void.
  end('REVOKED', 'RV', 'cancelled'),

  // Base states of a job that is not over. Of an ended run they say nothing: slurmdbd is behind, or (PENDING is 0) the
  // record has a flag only.
  live('RUNNING', 'R', 'running'),
  // Keeps its nodes and memory.
  live('SUSPENDED', 'S', 'running'),
  live('PENDING', 'PD', 'pending'),

  // Flags, of which squeue and sacct print one in place of the base state.
  // The nodes are allocated, the clock of the time limit runs, and the base state is RUNNING.
  live('CONFIGURING', 'CF', 'running'),
  { word: 'POWER_UP_NODE', state: 'running' },
  live('SIGNALING', 'SI', 'running'),
  // Got SIGSTOP, and keeps its nodes.
  live('STOPPED', 'ST', 'running'),
  // sacct has it of the part of a run before its size changed: the run goes on, in another record.
  live('RESIZING', 'RS', 'running'),
  // slurmdbd keeps REQUEUED in place of the base state (as_mysql_job_complete of as_mysql_job.c), so nothing tells
  // preemption, a lost node and `scontrol requeue` apart: each took the run from the job, as a cancellation does.
  requeue('REQUEUED', 'RQ'),
  requeue('REQUEUE_HOLD', 'RH'),
  requeue('REQUEUE_FED', 'RF'),
  requeue('SPECIAL_EXIT', 'SE'),
  live('RESV_DEL_HOLD', 'RD', 'pending'),
  // Since 25.11: has lost its node, and waits for an expedited requeue. It hides PENDING; while the job completes
  // Slurm prints COMPLETING.
  { word: 'EXPEDITING', state: 'pending' },
  // With PENDING when the job waits, held, for another try; alone it can only be an end.
  { word: 'LAUNCH_FAILED', state: 'failed', ended: 'failed' },

  // Flags that say nothing by themselves. Of the first two the base state, which they hide, is an end, but which?
  { word: 'COMPLETING', code: 'CG' },
  { word: 'STAGE_OUT', code: 'SO' },
  { word: 'RECONFIG_FAIL' },
  // Of older versions.
  { word: 'UPDATE_DB' },
];

const ROWS = new Map(
  SLURM_STATES.flatMap((row, rank) =>
    [row.word, row.code ?? row.word].map((word) => [word, { ...row, rank }] as const),
  ),
);

/** A word of Slurm's, which white space and more may follow. */
const WORD = /^\s*(\w{1,64})(?!\S)/;

/** What a scheduler's words say of the state of a job. */
export interface StateReading {
  /** Absent when they say nothing: what was known before stays. */
  readonly state?: JobState;
  /** The word that says most, in its long form; absent when there is none. */
  readonly rawState?: string;
}

/**
 * Reads the state of a job as Slurm gives it: a word or its code in any case (`COMPLETED`, `CD`), with what else is there
 * (`CANCELLED by 1001`), several joined by commas, or the array that JSON has since data_parser v0.0.40. Of
 * `["TIMEOUT","COMPLETING"]` the base state counts. `isEnded`: the words are of the record of a run that is over, such as one
 * of sacct that has an end, and not of a job as it is now. REQUEUED is then `cancelled`, where it otherwise is
 * `pending`. A word that is not in the table gives no state.
 */
export function readState(words: string | readonly string[], { isEnded = false } = {}): StateReading {
  const parts = [words].flat().flatMap((word) => word.split(','));
  const given = parts.flatMap((part) => WORD.exec(part)?.[1] ?? []);
  const rows = given.flatMap((word) => ROWS.get(word.toUpperCase()) ?? []).sort((a, b) => a.rank - b.rank);
  const stateOf = (row: StateRow) => (isEnded ? row.ended : row.state);
  const row = rows.find(stateOf) ?? rows[0];
  const state = row && stateOf(row);
  const rawState = row?.word ?? given[0];
  return { ...(state && { state }), ...(rawState && { rawState }) };
}
