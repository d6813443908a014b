import { OperatorError } from '../../domain/errors.ts';
import type { CommandState } from '../../domain/slurm-health.ts';

/** Where Slurm's programs are searched, besides the folders of PATH. */
const FOLDERS = ['/usr/bin', '/bin', '/usr/local/bin', '/opt/slurm/bin', '/usr/local/slurm/bin'];
/** How much of a program's error output a message contains. */
const MAX_ERROR_CHARACTERS = 500;
const ERROR_WAIT_MS = 500;

interface Call {
  /** The program is killed after this time. */
  readonly timeoutMs: number;
  /** Receives the output piece by piece. */
  readonly read: (text: string) => void | Promise<void>;
}

export interface SlurmCommands {
  /** Returns whether this machine has the program. */
  has(program: string): boolean;
  /** The folders that are searched. */
  readonly folders: readonly string[];
  /**
   * Runs a program of Slurm and resolves when it has succeeded. Rejects with OperatorError, one sentence,
   * when it does not exist, fails or times out. Calls run one at a time, to limit the load on slurmctld.
   */
  run(program: string, args: readonly string[], call: Call): Promise<void>;
  states(): ReadonlyMap<string, CommandState>;
}

interface CommandOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** The only folder to search; by default the folders of PATH and the usual ones. */
  readonly folder?: string | undefined;
}

/** Runs the programs of Slurm in a fixed environment; only SLURM_CONF and PATH are passed on. */
export function slurmCommands({ env, now, folder }: CommandOptions): SlurmCommands {
  const usual = [...new Set([...(env.PATH ?? '').split(':'), ...FOLDERS])].filter(Boolean);
  const folders = folder === undefined ? usual : [folder];
  const path = [...new Set([...folders, ...usual])].join(':');
  // Other variables may change the format of times and tables.
  const fixedEnv = {
    PATH: path,
    LC_ALL: 'C',
    TZ: 'UTC',
    SLURM_TIME_FORMAT: '%s',
    ...(env.SLURM_CONF && { SLURM_CONF: env.SLURM_CONF }),
  };
  const states = new Map<string, CommandState>();
  let lastCall: Promise<unknown> = Promise.resolve();

  const find = (program: string) => Bun.which(program, { PATH: folders.join(':') });

  async function runNow(program: string, args: readonly string[], call: Call): Promise<void> {
    const file = find(program);
    if (!file) throw new OperatorError(`There is no ${program} on this machine.`);
    await runProgram(program, [file, ...args], fixedEnv, call);
  }

  function count(program: string, startedMs: number, hasFailed: boolean): void {
    const { calls = 0, failures = 0, ...last } = states.get(program) ?? {};
    const lastDurationMs = now() - startedMs;
    states.set(program, {
      ...last,
      calls: calls + 1,
      failures: failures + Number(hasFailed),
      lastDurationMs,
      ...(!hasFailed && { lastSuccessMs: now() }),
    });
  }

  return {
    has: (program) => find(program) !== null,
    folders,
    run(program, args, call) {
      const result = lastCall.then(async () => {
        const startedMs = now();
        try {
          await runNow(program, args, call);
          count(program, startedMs, false);
        } catch (error) {
          count(program, startedMs, true);
          throw error;
        }
      });
      lastCall = result.catch(() => {});
      return result;
    },
    states: () => states,
  };
}

async function runProgram(
  program: string,
  command: string[],
  env: Record<string, string>,
  { timeoutMs, read }: Call,
): Promise<void> {
  const running = Bun.spawn(command, { env, cwd: '/', stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    running.kill('SIGKILL');
    // Does not wait for the end of the output, which a child of the program may keep open.
    timeout.reject(new OperatorError(`${program} took more than ${timeoutMs / 1000} s and was killed.`));
  }, timeoutMs);
  const output = readPieces(running.stdout, read);
  const errors = new Response(running.stderr).text();
  output.catch(() => running.kill('SIGKILL'));
  errors.catch(() => {});
  try {
    await Promise.race([Promise.all([output, running.exited]), timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
  if (running.exitCode === 0) return;
  // A child of the program may keep its error output open too.
  const errorText = await Promise.race([errors, Bun.sleep(ERROR_WAIT_MS).then(() => '')]);
  throw new OperatorError(`${program} failed${describeError(errorText, running.exitCode)}.`);
}

async function readPieces(stream: ReadableStream<Uint8Array>, read: Call['read']): Promise<void> {
  const decoder = new TextDecoder();
  for await (const piece of stream) await read(decoder.decode(piece, { stream: true }));
  const rest = decoder.decode();
  if (rest !== '') await read(rest);
}

function describeError(text: string, exitCode: number | null): string {
  const line = text.trim().replace(/\s+/g, ' ').slice(0, MAX_ERROR_CHARACTERS);
  return line === '' ? ` with exit code ${exitCode}` : `: ${line.replace(/\.$/, '')}`;
}

/** Far more than a program prints about itself and its configuration. */
const MAX_OUTPUT_CHARACTERS = 64 * 1024 * 1024;

/**
 * Returns the whole output of a program. Rejects as `run` does, and when the output is longer than 2^26
 * characters.
 */
export async function readOutput(
  commands: SlurmCommands,
  program: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<string> {
  const pieces: string[] = [];
  let characters = 0;
  const read = (piece: string) => {
    characters += piece.length;
    if (characters > MAX_OUTPUT_CHARACTERS)
      throw new OperatorError(
        `${program} printed more than ${MAX_OUTPUT_CHARACTERS} characters and was killed.`,
      );
    pieces.push(piece);
  };
  await commands.run(program, args, { timeoutMs, read });
  return pieces.join('');
}
