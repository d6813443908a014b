import { existsSync, readFileSync } from 'node:fs';

const ANSWER_MS = 60_000;
const STOP_MS = 20_000;

interface DaemonOptions {
  readonly command: readonly string[];
  readonly env: Record<string, string>;
  /** Its log file. */
  readonly log: string;
  /** A command that succeeds as soon as the daemon serves. */
  readonly probe: readonly string[];
}

export interface Daemon {
  /** Sends SIGTERM, and SIGKILL if it does not exit. */
  stop(): Promise<void>;
  /** Sends SIGKILL. */
  kill(): Promise<void>;
}

/** Starts a program that stays in the foreground and waits until it serves. */
export async function startDaemon({ command, env, log, probe }: DaemonOptions): Promise<Daemon> {
  // The kernel kills it with the tests, even if these are killed.
  const child = Bun.spawn(['setpriv', '--pdeathsig', 'KILL', '--', ...command], {
    env,
    cwd: '/',
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
  });
  const kill = async () => {
    child.kill('SIGKILL');
    await child.exited;
  };
  for (const endMs = Date.now() + ANSWER_MS; !(await succeeds(probe, env)); await Bun.sleep(100)) {
    if (child.exitCode === null && Date.now() < endMs) continue;
    await kill();
    const logged = existsSync(log) ? readFileSync(log, 'utf8').slice(-2000) : '';
    throw new Error(`${command.join(' ')} does not serve (exit ${child.exitCode}):\n${logged}`);
  }
  return {
    async stop() {
      child.kill('SIGTERM');
      await Promise.race([child.exited, Bun.sleep(STOP_MS)]);
      await kill();
    },
    kill,
  };
}

async function succeeds(command: readonly string[], env: Record<string, string>): Promise<boolean> {
  const probe = Bun.spawn([...command], {
    env,
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
    timeout: 5000,
    killSignal: 'SIGKILL',
  });
  return (await probe.exited) === 0;
}
