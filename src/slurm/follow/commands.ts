import { OperatorError } from '../../domain/errors.ts';
import type { CommandState } from '../../domain/slurm-health.ts';
import { collectText, MAX_OUTPUT_CHARACTERS, runProgram } from '../../program.ts';

/** Where Slurm's programs are searched, besides the folders of PATH. */
const FOLDERS = ['/usr/bin', '/bin', '/usr/local/bin', '/opt/slurm/bin', '/usr/local/slurm/bin'];

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
    await runProgram([file, ...args], { env: fixedEnv, timeoutMs: call.timeoutMs }, call.read);
  }

  function count(program: string, startedMs: number, hasFailed: boolean): void {
    const { calls = 0, failures = 0, ...last } = states.get(program) ?? {};
    const lastDurationMs = now() - startedMs;
    states.set(program, {
      ...last,
      calls: calls + 1,
      failures: failures + Number(hasFailed),
      lastDurationMs,
      isFailing: hasFailed,
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

/**
 * Returns the whole output of a program. Rejects as `run` does, and when the output is longer than
 * `maxCharacters`, 2^26 by default.
 */
export async function readOutput(
  commands: SlurmCommands,
  program: string,
  args: readonly string[],
  timeoutMs: number,
  maxCharacters = MAX_OUTPUT_CHARACTERS,
): Promise<string> {
  const collected = collectText(program, maxCharacters);
  await commands.run(program, args, { timeoutMs, read: collected.add });
  return collected.text();
}
