import type { Database } from 'bun:sqlite';
import jobsAndSamples from './0001_jobs_and_samples.sql' with { type: 'text' };
import history from './0002_history.sql' with { type: 'text' };
import usage from './0003_usage.sql' with { type: 'text' };
import runs from './0004_runs.sql' with { type: 'text' };
import throughput from './0005_flow.sql' with { type: 'text' };
import fewerIndexes from './0006_fewer_indexes.sql' with { type: 'text' };
import fewerEvents from './0007_fewer_events.sql' with { type: 'text' };
import chunkPoints from './0008_chunk_points.sql' with { type: 'text' };
import { moveSamplesIntoColumns } from './0009_log.ts';
import sluids from './0010_sluids.sql' with { type: 'text' };
import liveTogether from './0011_live_together.sql' with { type: 'text' };
import leftoverRuns from './0012_leftover_runs.sql' with { type: 'text' };
import latest from './0013_latest.sql' with { type: 'text' };
import { nameSources } from './0014_names.ts';
import access from './0015_access.sql' with { type: 'text' };
import joinedRuns from './0016_joined_runs.sql' with { type: 'text' };
import owners from './0017_owners.sql' with { type: 'text' };
import nodeReports from './0018_node_reports.sql' with { type: 'text' };
import further from './0019_further.sql' with { type: 'text' };
import measures from './0020_measures.sql' with { type: 'text' };
import plainInserts from './0021_plain_inserts.sql' with { type: 'text' };
import energy from './0022_energy.sql' with { type: 'text' };
import latestMeasures from './0023_latest_measures.sql' with { type: 'text' };
import laterSluids from './0024_later_sluids.sql' with { type: 'text' };
import tallies from './0025_tallies.sql' with { type: 'text' };
import arrays from './0026_arrays.sql' with { type: 'text' };
import clusterHistory from './0027_cluster_history.sql' with { type: 'text' };
import findings from './0028_findings.sql' with { type: 'text' };
import sizing from './0029_sizing.sql' with { type: 'text' };
import waste from './0030_waste.sql' with { type: 'text' };
import columns from './0031_columns.sql' with { type: 'text' };
import { addNotices } from './0032_notices.ts';
import nodeCount from './0033_node_count.sql' with { type: 'text' };
import runningFindings from './0034_running_findings.sql' with { type: 'text' };

/** Statements, or a function for what SQL cannot do; both run inside a transaction. */
export type Migration = string | ((db: Database) => void);

/** Every migration in order, named here because an executable cannot list a folder. Number N takes version N-1 to N. */
export const MIGRATIONS: readonly Migration[] = [
  jobsAndSamples,
  history,
  usage,
  runs,
  throughput,
  fewerIndexes,
  fewerEvents,
  chunkPoints,
  moveSamplesIntoColumns,
  sluids,
  liveTogether,
  leftoverRuns,
  latest,
  nameSources,
  access,
  joinedRuns,
  owners,
  nodeReports,
  further,
  measures,
  plainInserts,
  energy,
  latestMeasures,
  laterSluids,
  tallies,
  arrays,
  clusterHistory,
  findings,
  sizing,
  waste,
  columns,
  addNotices,
  nodeCount,
  runningFindings,
];
