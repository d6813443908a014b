import { type Repeat, repeat } from '../../repeat.ts';
import {
  COORDINATOR_ARGUMENTS,
  MAX_COORDINATOR_CHARACTERS,
  parseCoordinators,
} from '../records/coordinators.ts';
import {
  hidesJobs,
  parseSlurmConfig,
  readUserId,
  readUserName,
  type SlurmConfig,
} from '../records/slurm-conf.ts';
import { readOutput, type SlurmCommands } from './commands.ts';

const TIMEOUT_MS = 10_000;
/** Slurm reads changes of slurm.conf only with `scontrol reconfigure` or a restart, which are rare. */
const EVERY_MS = 120_000;

/** What Slurm's configuration says about users, as last read. */
export interface SlurmAccess extends Pick<Repeat, 'stop' | 'state'> {
  /** The user that slurmctld runs as; undefined while it is not known. */
  user(): string | undefined;
  cluster(): string | undefined;
  /** Whether users may not see each other's jobs; true until it is known. */
  hidesJobs(): boolean;
  /** The accounts that a user coordinates, sub-accounts included. */
  accountsOf(user: string): readonly string[];
  /** The users who coordinate an account. */
  coordinatorsOf(account: string): readonly string[];
}

interface WatchOptions {
  readonly commands: SlurmCommands;
  readonly warn: (event: string, fields: Record<string, unknown>) => void;
  /**
   * The user that slurmctld ran as when the service ran before. slurmctld may post completions of jobs before
   * it answers, and posts those that are refused again only after 30 s.
   */
  readonly lastUser?: string | undefined;
  /** Called with the uid of slurmctld's user, when it is read for the first time or differs. */
  readonly onUser?: (uid: number) => void;
  readonly everyMs?: number;
}

/**
 * Reads Slurm's configuration and the coordinators of its accounts again and again. While slurmctld or
 * slurmdbd does not answer, what was read last stays valid.
 */
export function watchAccess({
  commands,
  warn,
  lastUser,
  onUser = () => {},
  everyMs = EVERY_MS,
}: WatchOptions): SlurmAccess {
  let config: SlurmConfig | undefined;
  let lastError: string | undefined;
  let coordinators: ReadonlyMap<string, readonly string[]> = new Map();

  const read = (program: string, args: readonly string[], maxCharacters?: number) =>
    readOutput(commands, program, args, TIMEOUT_MS, maxCharacters);

  async function readConfig(): Promise<SlurmConfig> {
    const before = userIdOf(config);
    config = parseSlurmConfig(await read('scontrol', ['show', 'config']));
    const uid = userIdOf(config);
    if (uid !== undefined && uid !== before) onUser(uid);
    return config;
  }

  const reads = repeat({
    everyMs: Math.min(everyMs, EVERY_MS),
    async run() {
      const now = await readConfig();
      // Without slurmdbd there are no coordinators, and sacctmgr fails.
      const hasCoordinators = now.get('AccountingStorageType')?.[0] === 'accounting_storage/slurmdbd';
      if (hasCoordinators && commands.has('sacctmgr'))
        coordinators = parseCoordinators(
          await read('sacctmgr', COORDINATOR_ARGUMENTS, MAX_COORDINATOR_CHARACTERS),
        );
      lastError = undefined;
      return undefined;
    },
    onError(cause) {
      const error = cause instanceof Error ? cause.message : String(cause);
      // Once for each different error: Slurm may be stopped for hours.
      if (error !== lastError) warn('slurm_access_not_read', { error, message: config ? STALE : UNKNOWN });
      lastError = error;
    },
  });

  return {
    user: () => (config ? readUserName(config.get('SlurmUser')?.[0]) : lastUser),
    cluster: () => config?.get('ClusterName')?.[0],
    hidesJobs: () => !config || hidesJobs(config),
    accountsOf: (user) => coordinators.get(user) ?? [],
    coordinatorsOf: (account) =>
      [...coordinators].filter(([, accounts]) => accounts.includes(account)).map(([user]) => user),
    stop: reads.stop,
    state: reads.state,
  };
}

const userIdOf = (config: SlurmConfig | undefined): number | undefined =>
  readUserId(config?.get('SlurmUser')?.[0]);

const UNKNOWN =
  'Until Slurm answers, users see only their own jobs (--visibility auto). It is asked again within a minute.';
const STALE =
  'What Slurm said last about PrivateData and coordinators stays valid. It is asked again within a minute.';
