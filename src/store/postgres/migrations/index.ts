import tables from './0001_tables.sql' with { type: 'text' };
import writer from './0002_writer.sql' with { type: 'text' };
import notices from './0003_notices.sql' with { type: 'text' };
import runningFindings from './0004_running_findings.sql' with { type: 'text' };
import pastRunKeys from './0005_past_run_keys.sql' with { type: 'text' };

/**
 * Every migration in order, named here because an executable cannot list a folder. Number N takes version
 * N-1 to N.
 */
export const MIGRATIONS: readonly string[] = [tables, writer, notices, runningFindings, pastRunKeys];
