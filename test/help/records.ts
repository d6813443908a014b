import type { Cluster } from './cluster.ts';

/** The name of the scenario's scrontab job. */
export const REPEATED = 'repeated';

const SEPARATOR = '\u001f';
/** The columns of sacct that are compared. */
const COLUMNS = [
  'JobIDRaw',
  'User',
  'Account',
  'Partition',
  'QOS',
  'JobName',
  'State',
  'NodeList',
  'Submit',
  'Start',
  'End',
  'ElapsedRaw',
  'AllocCPUS',
  'ReqCPUS',
  'ExitCode',
  'JobID',
] as const;
/** Columns of newer versions. */
const NEWER_COLUMNS = ['SLUID'] as const;

/** The runs of each job id, oldest first, as the API should show them; only fields that sacct has. */
export type Runs = ReadonlyMap<string, readonly Readonly<Record<string, unknown>>[]>;

const STATES: Record<string, string> = {
  COMPLETED: 'completed',
  FAILED: 'failed',
  TIMEOUT: 'failed',
  OUT_OF_MEMORY: 'failed',
  NODE_FAIL: 'failed',
  CANCELLED: 'cancelled',
  REQUEUED: 'cancelled',
};

/** Reads all runs from accounting. */
export async function readAccounting(cluster: Cluster): Promise<Runs> {
  const lastId =
    Number(/NEXT_JOB_ID\s*=\s*(\d+)/.exec(await cluster.run('scontrol', 'show', 'config'))![1]) - 1;
  // For a span of time sacct leaves out jobs that were cancelled before they were eligible to run.
  const ids = Array.from({ length: lastId }, (_, index) => index + 1).join(',');
  const known = new Set((await cluster.run('sacct', '--helpformat')).split(/\s+/));
  const columns = [...COLUMNS, ...NEWER_COLUMNS.filter((column) => known.has(column))];
  const text = await cluster.run(
    ...['sacct', '--allusers', '--duplicates', '--allocations', '--noheader', '--parsable2'],
    ...[`--delimiter=${SEPARATOR}`, `--jobs=${ids}`, `--format=${columns.join(',')}`],
  );
  const rows = text.split('\n').map((line) => {
    const texts = line.split(SEPARATOR);
    return Object.fromEntries(columns.map((column, index) => [column, texts[index]!])) as unknown as Row;
  });
  const lists = [...new Set(rows.map(({ NodeList }) => NodeList))];
  const nodes = new Map<string, string[]>();
  for (const list of lists) {
    const isList = list !== 'None assigned' && list !== '';
    nodes.set(list, isList ? (await cluster.run('scontrol', 'show', 'hostnames', list)).split('\n') : []);
  }
  const runs = new Map<string, Record<string, unknown>[]>();
  for (const row of joinSizes(rows)) {
    runs.set(row.JobIDRaw, [...(runs.get(row.JobIDRaw) ?? []), readRun(row, nodes.get(row.NodeList)!)]);
  }
  return runs;
}

type Row = Readonly<
  Record<(typeof COLUMNS)[number], string> & Partial<Record<(typeof NEWER_COLUMNS)[number], string>>
>;

/**
 * Returns the rows in order of their starts. A run that changed its size has a RESIZING row for the time
 * before, which is joined with the next row; since 24.11 that starts with the change, before with the run.
 */
function joinSizes(rows: readonly Row[]): Row[] {
  const inOrder = [...rows].sort(
    (one, other) => startOf(one) - startOf(other) || Number(one.End) - Number(other.End),
  );
  const before = new Map<string, Row>();
  return inOrder.flatMap((row) => {
    const first = before.get(row.JobIDRaw);
    const isAfter = first !== undefined && row.Start === first.End;
    const whole = first && {
      ...row,
      Submit: first.Submit,
      Start: first.Start,
      ElapsedRaw: String(Number(row.ElapsedRaw) + (isAfter ? Number(first.ElapsedRaw) : 0)),
      ...(first.SLUID !== undefined && { SLUID: first.SLUID }),
    };
    if (row.State !== 'RESIZING') {
      before.delete(row.JobIDRaw);
      return [whole ?? row];
    }
    before.set(row.JobIDRaw, whole ?? row);
    return [];
  });
}

/** Returns the start; a row that never started has `None` or its end there. */
const startOf = ({ Start, End }: Row): number => Number(/^\d+$/.test(Start) ? Start : End);

function readRun(row: Row, nodes: readonly string[]): Record<string, unknown> {
  const word = row.State.split(' ')[0]!;
  // A scrontab job's run ended by itself.
  const rawState = word === 'REQUEUED' && row.JobName === REPEATED ? 'COMPLETED' : word;
  const [exitCode, signal] = row.ExitCode.split(':').map(Number);
  const hasExit = rawState === 'COMPLETED' || rawState === 'FAILED';
  const task = /^(\d+)_(\d+)$/.exec(row.JobID);
  return {
    user: row.User,
    account: row.Account,
    partition: row.Partition,
    qos: row.QOS,
    name: row.JobName,
    state: STATES[rawState],
    raw_state: rawState,
    nodes,
    submit_time: timeOf(row.Submit),
    start_time: nodes.length > 0 ? timeOf(row.Start) : undefined,
    end_time: timeOf(row.End),
    runtime_seconds: Number(row.ElapsedRaw),
    // Since 24.11 a job that never started has none; the API shows the requested number.
    cpus: Number(row.AllocCPUS) || Number(row.ReqCPUS),
    // A script that was killed by a signal has no exit code.
    exit_code: hasExit && !signal ? exitCode : undefined,
    signal: hasExit && signal ? signal : undefined,
    array_job_id: task?.[1],
    array_task_id: task ? Number(task[2]) : undefined,
    ...(row.SLUID !== undefined && { sluid: row.SLUID }),
    state_confirmed: true,
  };
}

const timeOf = (seconds: string) =>
  /^\d+$/.test(seconds) ? new Date(Number(seconds) * 1000).toISOString() : undefined;

/** Compares the API with accounting; returns a line for each difference. */
export async function findDifferences(url: string, accounting: Runs): Promise<string[]> {
  const { jobs } = (await (await fetch(`${url}/v1/jobs?limit=1000`)).json()) as { jobs: { id: string }[] };
  const invented = jobs.filter(({ id }) => !accounting.has(id)).map(({ id }) => `${id}: not in accounting`);
  const lines: string[] = [];
  for (const [id, expected] of accounting) lines.push(...(await compareRuns(url, id, expected)));
  return [...invented, ...lines];
}

/**
 * Returns whether the API may lack a field. In 24.11 only accounting has SLUIDs, and it is asked only for
 * unknown ends. For a run that never started, accounting's TRES may lack the requested CPUs, and its name
 * arrives after its end.
 */
const isOptional = (field: string, { start_time }: Readonly<Record<string, unknown>>): boolean =>
  field === 'sluid' || ((field === 'cpus' || field === 'name') && start_time === undefined);

/** Compares the runs of one job, one job after the other, because concurrent reads of runs are limited. */
async function compareRuns(
  url: string,
  id: string,
  expected: readonly Readonly<Record<string, unknown>>[],
): Promise<string[]> {
  const answer = await fetch(`${url}/v1/jobs/${id}/runs`);
  if (!answer.ok) return [`${id} (${expected[0]!.name}): the API answers ${answer.status}`];
  const { runs } = (await answer.json()) as { runs: Record<string, unknown>[] };
  const shown = runs.toReversed();
  if (shown.length !== expected.length) {
    const describe = (list: readonly object[]) => list.map((run) => `\n    ${JSON.stringify(run)}`).join('');
    return [
      `${id} (${expected[0]!.name}): runs in accounting:${describe(expected)}\n  runs in the API:${describe(shown)}`,
    ];
  }
  return expected.flatMap((run, index) =>
    Object.keys(run).flatMap((field) => {
      const [one, other] = [run[field], shown[index]![field]].map((value) => JSON.stringify(value));
      if (one === other || (other === undefined && isOptional(field, run))) return [];
      return [`${id} (${run.name}) run ${index + 1}: ${field} is ${one} in accounting, ${other} in the API`];
    }),
  );
}
