import { Counter, Gauge, Registry } from 'prom-client';
import type { Source } from '../domain/report.ts';
import type { CommandState, SpoolState } from '../domain/slurm-health.ts';
import type { BatchResult } from '../domain/store/batch.ts';

interface SlurmMetricsOptions {
  readonly now: () => number;
  /** Undefined if the part does not run. */
  readonly commandStates: () => ReadonlyMap<string, CommandState> | undefined;
  readonly spoolState: () => Pick<SpoolState, 'length' | 'oldestMs' | 'bad'> | undefined;
}

interface SlurmMetrics {
  readonly registry: Registry;
  observeReports(source: Source, result: BatchResult, unreadable: number): void;
}

const REPORTING: readonly Source[] = ['squeue', 'hook', 'sacct', 'jobcomp', 'absence'];
const OUTCOMES = ['stored', 'repeated', 'refused', 'unreadable'] as const;

/** The families of the sources of reports. Families of a part that does not run have no series. */
export function slurmMetrics(options: SlurmMetricsOptions): SlurmMetrics {
  const { now, commandStates, spoolState } = options;
  const registry = new Registry();
  const registers = [registry];
  const reports = new Counter({
    name: 'hpc_observe_slurm_reports_total',
    help: 'Reports about runs of jobs, by source and outcome',
    labelNames: ['source', 'outcome'],
    registers,
  });
  for (const source of REPORTING) for (const outcome of OUTCOMES) reports.inc({ source, outcome }, 0);

  type Read<State> = (state: State) => number | undefined;
  /** A family of the spool, read at a scrape; without a series while the spool is not read. */
  const ofSpool = (
    Family: typeof Gauge | typeof Counter,
    name: string,
    help: string,
    read: Read<Pick<SpoolState, 'length' | 'oldestMs' | 'bad'>>,
  ) =>
    new Family({
      name,
      help,
      registers,
      collect() {
        this.reset();
        const state = spoolState();
        const value = state && read(state);
        if (value === undefined) this.remove();
        else this.inc(value);
      },
    });
  ofSpool(
    Gauge,
    'hpc_observe_slurm_spool_files',
    'Events of hooks waiting in the spool folder',
    ({ length }) => length,
  );
  ofSpool(
    Counter,
    'hpc_observe_slurm_spool_bad_files_total',
    'Files of the spool folder that were moved aside because they are not valid events',
    ({ bad }) => bad,
  );
  ofSpool(
    Gauge,
    'hpc_observe_slurm_spool_age_seconds',
    'Age of the oldest waiting event; 0 if none waits',
    ({ oldestMs }) => (oldestMs === undefined ? 0 : Math.max(0, now() - oldestMs) / 1000),
  );

  const ofCommand = (
    Family: typeof Gauge | typeof Counter,
    name: string,
    help: string,
    read: Read<CommandState>,
  ) =>
    new Family({
      name,
      help,
      labelNames: ['command'],
      registers,
      collect() {
        this.reset();
        for (const [command, state] of commandStates() ?? []) {
          const value = read(state);
          if (value !== undefined) this.inc({ command }, value);
        }
      },
    });
  ofCommand(
    Gauge,
    'hpc_observe_slurm_command_last_success_timestamp_seconds',
    'Time of the last successful call of the command',
    ({ lastSuccessMs }) => lastSuccessMs && lastSuccessMs / 1000,
  );
  ofCommand(
    Gauge,
    'hpc_observe_slurm_command_duration_seconds',
    'Duration of the last call of the command',
    ({ lastDurationMs }) => lastDurationMs && lastDurationMs / 1000,
  );
  ofCommand(Counter, 'hpc_observe_slurm_command_calls_total', 'Calls of the command', ({ calls }) => calls);
  ofCommand(
    Counter,
    'hpc_observe_slurm_command_failures_total',
    'Calls of the command that failed or took too long',
    ({ failures }) => failures,
  );

  return {
    registry,
    observeReports(source, { stored, repeated, refused }, unreadable) {
      const counts = { stored, repeated, refused, unreadable };
      for (const outcome of OUTCOMES) reports.inc({ source, outcome }, counts[outcome]);
    },
  };
}
