import { resolve } from 'node:path';
import { temporaryFolder } from './folder.ts';

/** The built executable; `run test:integration` builds it first. */
export const EXECUTABLE = resolve(import.meta.dir, '../../hpc-observe');

/** A command that does not end is killed after this. */
const COMMAND_TIMEOUT_MS = 20_000;

interface ServeOptions {
  /** The working folder; a new empty one if left out. */
  readonly folder?: string;
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  /** Starts the executable: another path to it, or a program with arguments that runs it. */
  readonly command?: readonly string[];
}

/**
 * Starts `hpc-observe serve` on a free port and waits until
 * it prints its URLs. Killed at the end of the scope.
 */
export async function serve({ folder, args = [], env = {}, command = [EXECUTABLE] }: ServeOptions = {}) {
  const own = folder === undefined ? temporaryFolder() : undefined;
  const cwd = folder ?? own!.path;
  const child = Bun.spawn([...command, 'serve', '--port', '0', ...args], {
    cwd,
    // A Slurm of this machine must not be followed.
    env: { PATH: process.env.PATH, HPC_OBSERVE_SLURM: 'off', ...env },
    stdout: 'pipe',
    stderr: 'pipe',
  });
  let errors = '';
  const readErrors = (async () => {
    for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) errors += chunk;
  })();
  let greeting = '';
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    greeting += chunk;
    if (/^\{.*\}\n|^ {2}Slurm .*\n/m.test(greeting)) break;
  }
  const url = /Metrics\s+(https?:\S+)\/metrics|"url":"(https?:[^"]+)\/"/
    .exec(greeting)
    ?.slice(1)
    .find(Boolean);
  if (!url) {
    await child.exited;
    await readErrors;
    own?.[Symbol.dispose]();
    throw new Error(`hpc-observe did not start (exit ${child.exitCode}):\n${errors}`);
  }
  return {
    url,
    folder: cwd,
    pid: child.pid,
    greeting,
    /** Returns the log so far. */
    errors: () => errors,
    /** Waits for the end and returns the exit code, null if a signal killed it. */
    async ended(): Promise<number | null> {
      await child.exited;
      await readErrors;
      return child.exitCode;
    },
    /** Sends a signal, waits for the end and returns the exit code, null if the signal killed it. */
    async stop(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
      child.kill(signal);
      await child.exited;
      await readErrors;
      return child.exitCode;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await child.exited;
      own?.[Symbol.dispose]();
    },
  };
}

/** Runs one command line of the executable to its end and returns its output and exit code. */
export async function runExecutable(
  args: readonly string[],
  options: Omit<ServeOptions, 'args'> & { readonly folder: string; readonly timeoutMs?: number },
) {
  const { folder, env = {}, command = [EXECUTABLE], timeoutMs = COMMAND_TIMEOUT_MS } = options;
  const child = Bun.spawn([...command, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...env },
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { exitCode: await child.exited, stdout, stderr };
}

/** Runs one command line of the program from its source to its end, without building the executable. */
export const runSource = (args: readonly string[]) =>
  runExecutable(args, { folder: process.cwd(), command: [process.execPath, 'src/main.ts'] });
