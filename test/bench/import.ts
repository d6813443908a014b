import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { runExecutable } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { type JobsShape, jobAt } from './data/jobs.ts';
import { grouped, isAtMost, type Row } from './row.ts';

const BUDGET_SECONDS = 300;
const CHUNK_JOBS = 5000;
const HEADER =
  'JobIDRaw|JobID|Cluster|User|Account|Partition|QOS|State|ExitCode|Submit|Start|End|TimelimitRaw|NodeList|AllocTRES|Reason|JobName|WorkDir\n';
const PARTITIONS = ['batch', 'long', 'gpu', 'debug'];
const STATES = {
  completed: ['COMPLETED', '0:0'],
  failed: ['FAILED', '1:0'],
  cancelled: ['CANCELLED by 1001', '0:15'],
} as const;

/** Measures the import of a saved output of sacct, and its repetition, which stores nothing. */
export async function measureImport({ jobs }: { jobs: number }): Promise<Row[]> {
  using folder = temporaryFolder();
  await writeRecords(folder.file('sacct.txt'), jobs);
  const first = await importFile(folder.path, `${jobs} stored, 0 known, 0 refused, 0 unreadable`);
  const second = await importFile(folder.path, `0 stored, ${jobs} known, 0 refused, 0 unreadable`);
  return [row('slurm import of', jobs, first), row('slurm import again, nothing new,', jobs, second)];
}

function row(what: string, jobs: number, seconds: number): Row {
  // The budget holds for a million jobs.
  const budgetSeconds = (BUDGET_SECONDS * jobs) / 1_000_000;
  return {
    what: `${what} ${grouped(jobs)} jobs`,
    floor: '',
    ours: `${seconds.toFixed(1)} s`,
    figure: `${grouped(jobs / seconds)} jobs/s`,
    budget: `at most ${budgetSeconds} s`,
    isHeld: isAtMost(seconds, budgetSeconds),
  };
}

async function importFile(path: string, summary: string): Promise<number> {
  const startedMs = performance.now();
  const { exitCode, stdout, stderr } = await runExecutable(['slurm', 'import', '--file', 'sacct.txt'], {
    folder: path,
    timeoutMs: 20 * 60_000,
  });
  if (exitCode !== 0 || !stdout.includes(summary))
    throw new Error(`Not ${summary}, but exit ${exitCode}: ${stdout}${stderr}`);
  return (performance.now() - startedMs) / 1000;
}

async function writeRecords(path: string, jobs: number): Promise<void> {
  if (existsSync(path)) throw new Error(`${path} is there already.`);
  const file = createWriteStream(path);
  file.write(HEADER);
  const shape: JobsShape = { jobs, running: 0, pending: 0 };
  for (let start = 0; start < jobs; start += CHUNK_JOBS) {
    let text = '';
    for (let index = start; index < Math.min(jobs, start + CHUNK_JOBS); index++)
      text += recordAt(index, shape);
    if (!file.write(text)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
}

const timeOf = (ms: number) => new Date(ms).toISOString().slice(0, 19);

function recordAt(index: number, shape: JobsShape): string {
  const { id, user, nodes, state, startTimeMs, endTimeMs } = jobAt(index, shape);
  const [word, exit] = STATES[state as keyof typeof STATES];
  const cpus = 16 * nodes.length;
  return `${[
    id,
    id,
    'cluster',
    user,
    `account${user.slice(-2)}`,
    PARTITIONS[index % PARTITIONS.length],
    'normal',
    word,
    exit,
    timeOf(startTimeMs - (index % 7200) * 1000),
    timeOf(startTimeMs),
    timeOf(endTimeMs!),
    1440,
    nodes.join(','),
    `billing=${cpus},cpu=${cpus},mem=${64 * nodes.length}G,node=${nodes.length}`,
    'None',
    `step-${index % 97}.sh`,
    `/home/${user}/project-${index % 13}`,
  ].join('|')}\n`;
}
