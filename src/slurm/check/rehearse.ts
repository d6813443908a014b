import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Checkup } from '../../domain/checkup.ts';
import { readEvent } from '../hooks/event.ts';
import { HOOK_SETTINGS, type HookKind } from '../hooks/scripts.ts';

const TIMEOUT_MS = 10_000;
const SLOW_MS = 1000;

/** The environment that Slurm would give a hook, for a job that does not exist. */
const VARIABLES = {
  SLURM_CLUSTER_NAME: 'check',
  SLURM_JOB_ID: '4294967',
  SLURM_JOB_USER: 'nobody',
  SLURM_JOB_NODELIST: 'node[01-02]',
  SLURM_JOB_CPUS_PER_NODE: '4(x2)',
  SLURM_JOB_EXIT_CODE2: '0:0',
  SLURMD_NODENAME: 'node01',
  SLURM_JOB_NAME: "it's $(a) `test`",
};

/**
 * Runs a hook as Slurm does, with only made-up variables in its environment, and reads the event that it
 * writes. `text` is the script; its spool is replaced by a temporary folder, so that the event is not taken
 * for a real one.
 */
export async function rehearseHook(kind: HookKind, text: string): Promise<Checkup> {
  const { file } = HOOK_SETTINGS[kind];
  const scratch = mkdtempSync(join(tmpdir(), 'hpc-observe-check-'));
  try {
    const spool = join(scratch, 'spool');
    const script = join(scratch, file);
    mkdirSync(spool);
    writeFileSync(
      script,
      text.replace(/^spool=.*$/m, () => `spool='${spool}'`),
    );
    chmodSync(script, 0o755);
    const startedMs = performance.now();
    // Run by the shell, because the temporary folder may be mounted noexec.
    const running = Bun.spawn(['/bin/sh', script], {
      cwd: '/',
      env: { ...VARIABLES, SLURM_SCRIPT_CONTEXT: kind },
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'ignore',
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    const exitCode = await running.exited;
    const ms = performance.now() - startedMs;
    const names = readdirSync(spool).filter((name) => name.endsWith('.event'));
    if (exitCode !== 0) return wrong(file, `ended with ${exitCode}, which would delay jobs`);
    if (names.length !== 1) return wrong(file, 'wrote no event');
    const { id, user } = readEvent(names[0]!, readFileSync(join(spool, names[0]!)));
    if (id !== VARIABLES.SLURM_JOB_ID || user !== VARIABLES.SLURM_JOB_USER)
      return wrong(file, 'wrote an event with another job id or user');
    if (ms > SLOW_MS) return wrong(file, `took ${Math.round(ms)} ms`);
    return {
      status: 'ok',
      what: `${file}, run for a made-up job, wrote its event within ${Math.round(ms)} ms.`,
    };
  } catch (error) {
    return wrong(file, `failed: ${(error as Error).message}`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const wrong = (file: string, why: string): Checkup => ({
  status: 'wrong',
  what: `${file}, run for a made-up job, ${why}.`,
  advice: 'Run hpc-observe slurm hooks again; if that does not help, please report it as a bug.',
});
