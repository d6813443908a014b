import { StartError } from '../domain/errors.ts';
import type { Source } from '../domain/report.ts';
import type { RunStore, TakeReports } from '../domain/store/runs.ts';
import type { Upkeep } from '../domain/store/upkeep.ts';
import type { Log } from '../log.ts';
import type { Config } from '../settings/load.ts';
import { type SlurmCommands, slurmCommands } from '../slurm/follow/commands.ts';
import { type Reconciliation, startReconciliation } from '../slurm/follow/polls.ts';
import { type Spool, startSpool } from '../slurm/hooks/spool.ts';

/** When the last comparison with Slurm was complete: what happened since is asked for at the next start. */
const LAST_LOOK = 'slurm_last_look_ms';

interface SourceOptions {
  readonly store: Pick<RunStore, 'listUnconfirmed'> & Pick<Upkeep, 'readState' | 'saveState'>;
  readonly now: () => number;
  readonly log: Log;
  readonly takeReports: TakeReports;
  readonly slurm: Slurm;
  /** Between two comparisons with Slurm. */
  readonly intervalMs: number;
  /** Where the hooks of this machine write to. */
  readonly spool: string;
}

/** What Slurm tells by itself of jobs on this machine: its hooks' spool folder, and its commands. */
export interface Sources {
  readonly commands: SlurmCommands;
  readonly spool: Spool | undefined;
  stop(): Promise<void>;
}

/** Slurm's commands, and whether its jobs are followed. */
export interface Slurm {
  readonly commands: SlurmCommands;
  readonly isFollowed: boolean;
  /** For a person: that it is followed, or why not. */
  readonly state: string;
}

/** Decides whether Slurm is followed; `auto` is `on` where there is a squeue. StartError when `on` cannot be. */
export function findSlurm(
  { slurm, slurmBin }: Pick<Config, 'slurm' | 'slurmBin'>,
  env: Readonly<Record<string, string | undefined>>,
): Slurm {
  const commands = slurmCommands({ env, now: () => Date.now(), folder: slurmBin });
  if (slurm === 'off') return { commands, isFollowed: false, state: 'off' };
  if (commands.has('squeue')) return { commands, isFollowed: true, state: 'followed' };
  const missing = `there is no squeue in ${commands.folders.join(', ')}`;
  if (slurm === 'auto')
    return { commands, isFollowed: false, state: `off: ${missing}; --slurm-bin says where it is` };
  throw new StartError(
    `Slurm cannot be followed: ${missing}. Say with --slurm-bin where it is, or give --slurm off.`,
  );
}

/** Starts what Slurm's presence calls for. */
export function startSources({
  store,
  now,
  log,
  takeReports,
  slurm,
  intervalMs,
  spool,
}: SourceOptions): Sources {
  const { commands, isFollowed } = slurm;
  if (!isFollowed) return { commands, spool: undefined, stop: async () => {} };
  const warn = (event: string, fields: Record<string, unknown>) => log.warn(event, fields);
  const reconciliation: Reconciliation = startReconciliation({
    commands,
    // A call brings reports of one source.
    deliver: async (reports) => void (reports[0] && (await takeReports(reports[0].source, reports))),
    listUnconfirmed: (sinceMs) => store.listUnconfirmed(sinceMs),
    readLastPollMs: () => store.readState(LAST_LOOK),
    saveLastPollMs: (timeMs) => store.saveState(LAST_LOOK, timeMs),
    warn,
    now,
    intervalMs,
  });
  const watched = startSpool({
    folder: spool,
    deliver: async (reports) => {
      await takeReports('hook', reports);
      if (reports.some(({ endTimeMs }) => endTimeMs !== undefined)) reconciliation.hasten();
    },
    warn,
    now,
  });
  return {
    commands,
    spool: watched,
    async stop() {
      await Promise.all([watched.stop(), reconciliation.stop()]);
    },
  };
}

interface ReportTaker {
  readonly store: Pick<RunStore, 'applyReports'>;
  readonly log: Log;
  readonly observe: (source: Source, result: Awaited<ReturnType<TakeReports>>, unreadable: number) => void;
}

/** The one way of reports to the store, which counts what became of them. */
export function reportTaker({ store, log, observe }: ReportTaker): TakeReports {
  return async (source, reports, unreadable = 0) => {
    const result = await store.applyReports(reports);
    observe(source, result, unreadable);
    const [first] = result.refusals;
    if (first) log.warn('reports refused', { source, count: result.refused, first: first.message });
    return result;
  };
}
