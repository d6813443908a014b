import { StartError } from '../../domain/errors.ts';
import { sacctColumns } from '../records/sacct.ts';
import { listsColumns, squeueColumns } from '../records/squeue.ts';

/** Where Slurm's programs are, beside the folders of PATH. */
const FOLDERS = ['/usr/bin', '/bin', '/usr/local/bin', '/opt/slurm/bin', '/usr/local/slurm/bin'];
/** The text of an error that is shown. */
const MAX_ERROR_CHARACTERS = 500;
const ERROR_WAIT_MS = 500;

/** What is known of the calls of one program. Times in milliseconds. */
export interface CommandState {
  readonly calls: number;
  readonly failures: number;
  readonly lastSuccessMs?: number;
  readonly lastDurationMs?: number;
}

interface Call {
  /** The program is killed when it takes longer. */
  readonly timeoutMs: number;
  /** Given what it prints, piece by piece. */
  readonly read: (text: string) => void | Promise<void>;
}

export interface SlurmCommands {
  /** Whether this machine has the program. */
  has(program: string): boolean;
  /** Where it was looked for. */
  readonly folders: readonly string[];
  /**
   * Runs a program of Slurm; resolves when it has ended well. Rejects with StartError, one sentence: it is not there,
   * failed, or took too long. One runs at a time, the others wait for their turn: slurmctld has other work.
   */
  run(program: string, args: readonly string[], call: Call): Promise<void>;
  states(): ReadonlyMap<string, CommandState>;
}

interface CommandOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** The one folder to look in; the folders of PATH and the usual ones when left out. */
  readonly folder?: string | undefined;
}

/** The programs of Slurm, run with nothing of the environment but where its configuration is. */
export function slurmCommands({ env, now, folder }: CommandOptions): SlurmCommands {
  const usual = [...new Set([...(env.PATH ?? '').split(':'), ...FOLDERS])].filter(Boolean);
  const folders = folder === undefined ? usual : [folder];
  const path = [...new Set([...folders, ...usual])].join(':');
  // Formats of times and tables can be set by variables, and would not be read.
  const clean = {
    PATH: path,
    LC_ALL: 'C',
    TZ: 'UTC',
    SLURM_TIME_FORMAT: '%s',
    ...(env.SLURM_CONF && { SLURM_CONF: env.SLURM_CONF }),
  };
  const states = new Map<string, CommandState>();
  let turn: Promise<unknown> = Promise.resolve();

  const find = (program: string) => Bun.which(program, { PATH: folders.join(':') });

  async function runNow(program: string, args: readonly string[], { timeoutMs, read }: Call): Promise<void> {
    const file = find(program);
    if (!file) throw new StartError(`There is no ${program} on this machine.`);
    const running = Bun.spawn([file, ...args], {
      env: clean,
      cwd: '/',
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      running.kill('SIGKILL');
      // What the program started may hold its output open.
      late.reject(new StartError(`${program} took more than ${timeoutMs / 1000} s and was killed.`));
    }, timeoutMs);
    const output = readAll(running.stdout, read);
    const errors = new Response(running.stderr).text();
    output.catch(() => running.kill('SIGKILL'));
    errors.catch(() => {});
    try {
      await Promise.race([Promise.all([output, running.exited]), late.promise]);
    } finally {
      clearTimeout(timer);
    }
    if (running.exitCode === 0) return;
    // Here too somebody else may hold the output open.
    const said = await Promise.race([errors, Bun.sleep(ERROR_WAIT_MS).then(() => '')]);
    throw new StartError(`${program} failed${tell(said) || ` with exit code ${running.exitCode}`}.`);
  }

  function note(program: string, startedMs: number, failed: boolean): void {
    const { calls = 0, failures = 0, ...last } = states.get(program) ?? {};
    const lastDurationMs = now() - startedMs;
    states.set(program, {
      ...last,
      calls: calls + 1,
      failures: failures + Number(failed),
      lastDurationMs,
      ...(!failed && { lastSuccessMs: now() }),
    });
  }

  return {
    has: (program) => find(program) !== null,
    folders,
    run(program, args, call) {
      const result = turn.then(async () => {
        const startedMs = now();
        try {
          await runNow(program, args, call);
          note(program, startedMs, false);
        } catch (error) {
          note(program, startedMs, true);
          throw error;
        }
      });
      turn = result.catch(() => {});
      return result;
    },
    states: () => states,
  };
}

/** What a program of Slurm prints of itself and its configuration is far less. */
const MAX_OUTPUT_CHARACTERS = 64 * 1024 * 1024;

/** All that a program prints; rejects as `run` does, and when it prints more than anybody could use. */
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
      throw new StartError(
        `${program} printed more than ${MAX_OUTPUT_CHARACTERS} characters and was killed.`,
      );
    pieces.push(piece);
  };
  await commands.run(program, args, { timeoutMs, read });
  return pieces.join('');
}

/** The columns to ask this machine's squeue for; rejects as `run` does. */
export async function readSqueueColumns(commands: SlurmCommands, timeoutMs: number) {
  const version = await readOutput(commands, 'squeue', ['--version'], timeoutMs);
  return squeueColumns(
    listsColumns(version) ? await readOutput(commands, 'squeue', ['--helpFormat'], timeoutMs) : '',
  );
}

/** The columns to ask this machine's sacct for; rejects as `run` does. */
export const readSacctColumns = async (commands: SlurmCommands, timeoutMs: number): Promise<string[]> =>
  sacctColumns(await readOutput(commands, 'sacct', ['--helpformat'], timeoutMs));

async function readAll(stream: ReadableStream<Uint8Array>, read: Call['read']): Promise<void> {
  const decoder = new TextDecoder();
  for await (const piece of stream) await read(decoder.decode(piece, { stream: true }));
  const rest = decoder.decode();
  if (rest !== '') await read(rest);
}

const tell = (text: string): string => {
  const line = text.trim().replace(/\s+/g, ' ').slice(0, MAX_ERROR_CHARACTERS);
  return line === '' ? '' : `: ${line.replace(/\.$/, '')}`;
};
