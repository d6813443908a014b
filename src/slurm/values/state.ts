import type { JobState } from '../../domain/job.ts';

/** One of Slurm's words for the state of a job. */
interface StateRow {
  readonly word: string;
  /** Its short form, if it has one. */
  readonly code?: string;
  /** The state it means for a job as it is now; absent if it means none by itself. */
  readonly state?: JobState;
  /** The state it means for a run that has ended; absent if it means none. */
  readonly ended?: JobState;
}

const end = (word: string, code: string, state: JobState): StateRow => ({ word, code, state, ended: state });
const live = (word: string, code: string, state: JobState): StateRow => ({ word, code, state });
/** The scheduler stopped the run, and the job waits for its next one. */
const requeue = (word: string, code: string): StateRow => ({
  word,
  code,
  state: 'pending',
  ended: 'cancelled',
});

/**
 * Every state and flag of Slurm 21.08 to 26.05, in order of precedence: a job has one base state and any
 * number of flags, and the first of its words that means a state decides. The base states are `enum
 * job_states` of slurm/slurm.h, the flags its `JOB_…` bits. Words and codes are from `job_state_string` and
 * `job_state_string_compact` in src/common/slurm_protocol_defs.c, meanings from
 * doc/html/job_state_codes.shtml, squeue(1) and sacct(1).
 */
export const SLURM_STATES: readonly StateRow[] = [
  // Base states of a job that has ended.
  end('COMPLETED', 'CD', 'completed'),
  end('FAILED', 'F', 'failed'),
  end('TIMEOUT', 'TO', 'failed'),
  end('OUT_OF_MEMORY', 'OOM', 'failed'),
  end('NODE_FAIL', 'NF', 'failed'),
  end('BOOT_FAIL', 'BF', 'failed'),
  end('DEADLINE', 'DL', 'failed'),
  end('CANCELLED', 'CA', 'cancelled'),
  end('PREEMPTED', 'PR', 'cancelled'),
  // A flag: another cluster of the federation has the job.
  // It precedes the live base states, which it overrides.
  end('REVOKED', 'RV', 'cancelled'),

  // Base states of a job that has not ended. In the record of an ended run they mean nothing: slurmdbd lags
  // behind, or (PENDING is 0) the record has only a flag.
  live('RUNNING', 'R', 'running'),
  // The job keeps its nodes and memory.
  live('SUSPENDED', 'S', 'running'),
  live('PENDING', 'PD', 'pending'),

  // Flags; squeue and sacct print one of them instead of the base state.
  // The nodes are allocated, the time limit counts down, and the base state is RUNNING.
  live('CONFIGURING', 'CF', 'running'),
  { word: 'POWER_UP_NODE', state: 'running' },
  live('SIGNALING', 'SI', 'running'),
  // Stopped by SIGSTOP; the job keeps its nodes.
  live('STOPPED', 'ST', 'running'),
  // sacct's record of the part of a run before a change of size; the run continues in the next record.
  live('RESIZING', 'RS', 'running'),
  // slurmdbd stores REQUEUED instead of the base state (as_mysql_job_complete in as_mysql_job.c), so
  // preemption, a lost node and `scontrol requeue` cannot be distinguished. Each ended the run from outside,
  // as a cancellation does.
  requeue('REQUEUED', 'RQ'),
  requeue('REQUEUE_HOLD', 'RH'),
  requeue('REQUEUE_FED', 'RF'),
  requeue('SPECIAL_EXIT', 'SE'),
  live('RESV_DEL_HOLD', 'RD', 'pending'),
  // Since 25.11: the job lost its node and waits for an expedited requeue. It hides PENDING; while the job
  // completes, Slurm prints COMPLETING.
  { word: 'EXPEDITING', state: 'pending' },
  // With PENDING while the job is held for another attempt; alone it can only be an end.
  { word: 'LAUNCH_FAILED', state: 'failed', ended: 'failed' },

  // Flags that mean no state by themselves. The first two hide the base state, which is one of the ends.
  { word: 'COMPLETING', code: 'CG' },
  { word: 'STAGE_OUT', code: 'SO' },
  { word: 'RECONFIG_FAIL' },
  // Older versions only.
  { word: 'UPDATE_DB' },
];

const ROWS = new Map(
  SLURM_STATES.flatMap((row, rank) =>
    [row.word, row.code ?? row.word].map((word) => [word, { ...row, rank }] as const),
  ),
);

/** One of Slurm's words, which white space and other text may follow. */
const WORD = /^\s*(\w{1,64})(?!\S)/;

/** The state of a job as read from Slurm's words. */
interface StateReading {
  /** Absent when the words mean no state; the state known before then remains. */
  readonly state?: JobState;
  /** The deciding word in its long form; absent when there is none. */
  readonly rawState?: string;
}

/**
 * Reads the state of a job: a word or its code in any case (`COMPLETED`, `CD`), also with more text
 * (`CANCELLED by 1001`), several joined by commas, or the array of Slurm's JSON since data_parser v0.0.40
 * (`["TIMEOUT","COMPLETING"]`). Pass `isEnded` for the record of an ended run, such as one of sacct with an
 * end: REQUEUED is then `cancelled` instead of `pending`. Unknown words mean no state.
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
