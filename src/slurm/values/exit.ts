/** How a job's script ended: the code it returned, or the signal that killed it. */
export interface Exit {
  readonly exitCode?: number;
  readonly signal?: number;
}

/** Reads `3:0` (exit code 3) and `0:11` (killed by signal 11). Empty for any other text. */
export function readExit(text: string | undefined): Exit {
  const match = text === undefined ? null : /^(\d{1,3}):(\d{1,3})$/.exec(text);
  return match ? exitOf(Number(match[1]), Number(match[2])) : {};
}

/**
 * Decodes a status of wait(2), such as squeue's `exit_code` and `SLURM_JOB_EXIT_CODE`: 768 is exit code 3.
 */
export function readWaitStatus(status: number | undefined): Exit {
  return status === undefined || status > 0xffff ? {} : exitOf(status >> 8, status & 0x7f);
}

function exitOf(exitCode: number, signal: number): Exit {
  if (signal === 0) return { exitCode };
  return exitCode === 0 ? { signal } : { exitCode, signal };
}
