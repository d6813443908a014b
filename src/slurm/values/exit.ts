/** How a job's script ended; the signal that ended it, or what it returned. */
export interface Exit {
  readonly exitCode?: number;
  readonly signal?: number;
}

/** Reads `3:0` (exit code 3) and `0:11` (ended by signal 11). Empty when it is neither. */
export function readExit(text: string | undefined): Exit {
  const match = text === undefined ? null : /^(\d{1,3}):(\d{1,3})$/.exec(text);
  return match ? exitOf(Number(match[1]), Number(match[2])) : {};
}

/** Reads a status of wait(2), as squeue's `exit_code` and the hooks' `SLURM_JOB_EXIT_CODE` are: 768 is exit code 3. */
export function readWaitStatus(status: number | undefined): Exit {
  return status === undefined || status > 0xffff ? {} : exitOf(status >> 8, status & 0x7f);
}

function exitOf(exitCode: number, signal: number): Exit {
  if (signal === 0) return { exitCode };
  return exitCode === 0 ? { signal } : { exitCode, signal };
}
