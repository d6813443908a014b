import { type Repeat, repeat } from '../../repeat.ts';
import {
  COORDINATOR_ARGUMENTS,
  MAX_COORDINATOR_CHARACTERS,
  parseCoordinators,
} from '../records/coordinators.ts';
import { hidesJobs, parseSlurmConfig, readUserName, type SlurmConfig } from '../records/slurm-conf.ts';
import { readOutput, type SlurmCommands } from './commands.ts';

const TIMEOUT_MS = 10_000;
/** Slurm reads changes of slurm.conf only with `scontrol reconfigure` or a restart, which are rare. */
const EVERY_MS = 120_000;

/** What Slurm's configuration says about users, as last read. */
export interface SlurmAccess extends Pick<Repeat, 'stop' | 'state'> {
  /** The user that slurmctld runs as; undefined until it is known. */
  user(): string | undefined;
  cluster(): string | undefined;
  /** Whether users may not see each other's jobs; true until it is known. */
  hidesJobs(): boolean;
  /** The accounts that a user coordinates, sub-accounts included. */
  accountsOf(user: string): readonly string[];
}

interface WatchOptions {
  readonly commands: SlurmCommands;
  readonly warn: (event: string, fields: Record<string, unknown>) => void;
  readonly everyMs?: number;
}

/**
 * Reads Slurm's configuration and the coordinators of its accounts again and again. While slurmctld or
 * slurmdbd does not answer, what was read last stays valid.
 */
export function watchAccess({ commands, warn, everyMs = EVERY_MS }: WatchOptions): SlurmAccess {
  let config: SlurmConfig | undefined;
  let coordinators: ReadonlyMap<string, readonly string[]> = new Map();

  const read = (program: string, args: readonly string[], maxCharacters?: number) =>
    readOutput(commands, program, args, TIMEOUT_MS, maxCharacters);

  const reads = repeat({
    everyMs,
    async run() {
      config = parseSlurmConfig(await read('scontrol', ['show', 'config']));
      // Without slurmdbd there are no coordinators, and sacctmgr fails.
      if (config.get('AccountingStorageType')?.[0] !== 'accounting_storage/slurmdbd') return undefined;
      if (!commands.has('sacctmgr')) return undefined;
      coordinators = parseCoordinators(
        await read('sacctmgr', COORDINATOR_ARGUMENTS, MAX_COORDINATOR_CHARACTERS),
      );
      return undefined;
    },
    onError: (cause) => warn('slurm_access_not_read', { cause }),
  });

  return {
    user: () => readUserName(config?.get('SlurmUser')?.[0]),
    cluster: () => config?.get('ClusterName')?.[0],
    hidesJobs: () => !config || hidesJobs(config),
    accountsOf: (user) => coordinators.get(user) ?? [],
    stop: reads.stop,
    state: reads.state,
  };
}
