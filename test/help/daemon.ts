import { existsSync, readFileSync } from 'node:fs';

const ANSWER_MS = 60_000;
const STOP_MS = 20_000;

interface DaemonOptions {
  readonly command: readonly string[];
  readonly env: Record<string, string>;
  /** Where it writes what went wrong. */
  readonly log: string;
  /** A command that ends well as soon as the daemon serves. */
  readonly probe: readonly string[];
}

export interface Daemon {
  /** Asks it to end, and kills it when it does not. */
  stop(): Promise<void>;
  /** Takes it away between one instruction and the next. */
  kill(): Promise<void>;
}

/** Starts a program that stays in the foreground, and waits until it serves. */
export async function startDaemon({ command, env, log, probe }: DaemonOptions): Promise<Daemon> {
  // It ends with the tests, even if they are killed.
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
    const said = existsSync(log) ? readFileSync(log, 'utf8').slice(-2000) : '';
    throw new Error(`${command.join(' ')} does not serve (exit ${child.exitCode}):\n${said}`);
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
