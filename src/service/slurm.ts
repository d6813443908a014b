import { OperatorError } from '../domain/errors.ts';
import { joinResult, splitByCluster } from '../domain/foreign-cluster.ts';
import type { RecordReports, RunStore } from '../domain/store/runs.ts';
import type { Upkeep } from '../domain/store/upkeep.ts';
import type { Log } from '../log.ts';
import type { Config } from '../settings/table.ts';
import { type SlurmCommands, slurmCommands } from '../slurm/follow/commands.ts';
import { type SlurmNodes, watchNodes } from '../slurm/follow/nodes.ts';
import { type Reconciliation, startReconciliation } from '../slurm/follow/polls.ts';
import { REPORT_READER } from '../slurm/hooks/event.ts';
import { type Spool, startSpool } from '../slurm/hooks/spool.ts';
import type { Metrics } from './metrics.ts';
import type { Part } from './parts.ts';

/** When the last comparison with Slurm was complete; the next start asks Slurm for what happened since. */
const LAST_LOOK = 'slurm_last_look_ms';
/** A batch of reports that is being stored may end; a command of Slurm that still runs then is left alone. */
const STOP_MS = 2000;

/** Slurm's commands, and whether its jobs are followed. */
export interface Slurm {
  readonly commands: SlurmCommands;
  readonly isFollowed: boolean;
  /** For the start message: `followed`, or why not. */
  readonly state: string;
}

/**
 * Decides whether Slurm is followed; `auto` is `on` where there is a squeue. OperatorError if it cannot be,
 * but is `on`.
 */
export function findSlurm(
  { slurm, slurmBin }: Pick<Config, 'slurm' | 'slurmBin'>,
  env: Readonly<Record<string, string | undefined>>,
): Slurm {
  const commands = slurmCommands({ env, now: () => Date.now(), folder: slurmBin ?? undefined });
  if (slurm === 'off') return { commands, isFollowed: false, state: 'off' };
  if (commands.has('squeue')) return { commands, isFollowed: true, state: 'followed' };
  const missing = `there is no squeue in ${commands.folders.join(', ')}`;
  if (slurm === 'auto')
    return { commands, isFollowed: false, state: `off: ${missing}; set its folder with --slurm-bin` };
  throw new OperatorError(
    `Slurm cannot be followed: ${missing}. Set its folder with --slurm-bin, or use --slurm off.`,
  );
}

interface SlurmOptions {
  readonly store: Pick<RunStore, 'listUnconfirmed'> & Pick<Upkeep, 'readState' | 'saveState'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
  readonly recordReports: RecordReports;
  readonly slurm: Slurm;
  readonly config: Pick<Config, 'slurmIntervalMs' | 'spool'>;
  readonly metrics: Pick<Metrics, 'watchSlurm' | 'watchLoop'>;
}

/** Where reports come from. */
interface Sources {
  readonly spool: Spool;
  readonly reconciliation: Reconciliation;
}

/** The sources of reports on this machine: the spool folder of Slurm's hooks, and Slurm's commands. */
export function slurmPart(options: SlurmOptions): Part<Sources> {
  const { slurm, metrics } = options;
  return {
    name: 'slurm',
    stopWithinMs: STOP_MS,
    start() {
      const sources = startSources(options);
      metrics.watchSlurm({ commands: slurm.commands, spool: sources.spool });
      metrics.watchLoop('slurm_poll', sources.reconciliation.state);
      metrics.watchLoop('slurm_spool', sources.spool.repeats);
      return sources;
    },
    stop: ({ spool, reconciliation }) => Promise.all([spool.stop(), reconciliation.stop()]),
  };
}

/** What Slurm says of its nodes, which is stored nowhere. */
export function slurmNodesPart({
  slurm,
  metrics,
  log,
  now,
}: Pick<SlurmOptions, 'slurm' | 'metrics' | 'log' | 'now'>): Part<SlurmNodes> {
  return {
    name: 'slurm_nodes',
    stopWithinMs: STOP_MS,
    start() {
      const nodes = watchNodes({
        commands: slurm.commands,
        warn: (event, fields) => log.warn(event, fields),
        now,
      });
      metrics.watchLoop('slurm_nodes', nodes.state);
      return nodes;
    },
    stop: (nodes) => nodes.stop(),
  };
}

function startSources({ store, now, log, recordReports, slurm, config }: SlurmOptions): Sources {
  const warn = (event: string, fields: Record<string, unknown>) => log.warn(event, fields);
  const debug = (event: string, fields: Record<string, unknown>) => log.debug(event, fields);
  const reconciliation = startReconciliation({
    commands: slurm.commands,
    // A call brings reports of one source.
    deliver: async (reports) => void (reports[0] && (await recordReports(reports[0].source, reports))),
    listUnconfirmed: (sinceMs) => store.listUnconfirmed(sinceMs),
    readLastPollMs: () => store.readState(LAST_LOOK),
    saveLastPollMs: (timeMs) => store.saveState(LAST_LOOK, timeMs),
    warn,
    debug,
    now,
    intervalMs: config.slurmIntervalMs,
  });
  const spool = startSpool({
    folder: config.spool,
    reader: REPORT_READER,
    deliver: async (reports) => {
      await recordReports('hook', reports);
      if (reports.some(({ endTimeMs }) => endTimeMs !== undefined)) reconciliation.hasten();
    },
    warn,
    debug,
    now,
  });
  return { spool, reconciliation };
}

interface ReportRecorderOptions {
  readonly store: Pick<RunStore, 'applyReports'>;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'observeReports'>;
  /** The cluster of Slurm; undefined while it is not known. */
  readonly cluster: () => string | undefined;
}

/** The one way of reports to the store; refuses those of other clusters and counts what became of all. */
export function reportRecorder({ store, log, metrics, cluster }: ReportRecorderOptions): RecordReports {
  return async (source, reports, unreadable = 0) => {
    const split = splitByCluster(reports, cluster());
    const stored = await store.applyReports(split?.own ?? reports);
    const result = split ? joinResult(split, stored) : stored;
    metrics.observeReports(source, result, unreadable);
    const [first] = result.refusals;
    if (first) log.warn('reports_refused', { source, count: result.refused, first: first.message });
    return result;
  };
}
