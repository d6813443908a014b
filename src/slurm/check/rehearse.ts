import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEvent } from '../hooks/event.ts';
import { HOOK_SETTINGS, type HookKind } from '../hooks/scripts.ts';
import type { Finding } from './judge.ts';

/** Slurm waits for a hook; a proof does not wait for ever. */
const TIMEOUT_MS = 10_000;
const SLOW_MS = 1000;

/** What Slurm gives a hook, of a job that there is not. */
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
 * Proves a hook by running it as Slurm does, with nothing in its environment but made-up variables, and reading back what
 * it wrote. `text` is the script; it writes to a folder of its own, so that nobody takes the event for a job.
 */
export async function proveHook(kind: HookKind, text: string): Promise<Finding> {
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
    // By its shell, for the folder may be one from which nothing is run.
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
    const names = readdirSync(spool);
    if (exitCode !== 0) return wrong(file, `ended with ${exitCode}, which would hold up jobs`);
    if (names.length !== 1) return wrong(file, 'wrote no event');
    const { id, user } = readEvent(names[0]!, readFileSync(join(spool, names[0]!)));
    if (id !== VARIABLES.SLURM_JOB_ID || user !== VARIABLES.SLURM_JOB_USER)
      return wrong(file, 'wrote an event that says something else');
    if (ms > SLOW_MS) return wrong(file, `took ${Math.round(ms)} ms`);
    return { status: 'ok', what: `${file}, run for a made-up job, wrote its event in ${Math.round(ms)} ms.` };
  } catch (error) {
    return wrong(file, `cannot be proved: ${(error as Error).message}`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const wrong = (file: string, why: string): Finding => ({
  status: 'wrong',
  what: `${file}, run for a made-up job, ${why}.`,
  advice:
    'Write it anew with hpc-observe slurm hooks; should that not help, it is a fault of hpc-observe: tell of it.',
});
