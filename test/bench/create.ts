import { serve } from '../help/executable.ts';
import { temporaryFolder } from '../help/folder.ts';
import { jobsFolder } from './data/files.ts';
import { jobAt, NODES, USERS } from './data/jobs.ts';
import { runFloor } from './floor.ts';
import { timePost } from './http.ts';
import { grouped, isAtMost, median, type Row } from './row.ts';
import { postRate } from './wrk.ts';

const BATCH_JOBS = 10_000;
const BULK_SECONDS = 8;
const PARTITIONS = ['batch', 'long', 'gpu', 'debug'];

interface CreateSize {
  /** Jobs already in the database in the second half of the rows. */
  readonly beside: number;
  readonly bulk: number;
  readonly rounds: number;
  readonly seconds: number;
}

/** Returns a wrk script that creates new jobs of all users on all nodes. */
function createScript(prefix: string): string {
  return `
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
    local next = 0
    request = function()
      next = next + 1
      local user, node = (next * 7919) % ${USERS}, (next * 104729) % ${NODES}
      local body = string.format(
        '{"id":"${prefix}-%d","user":"u%04d","nodes":["n%04d","n%04d"],"account":"account%02d","partition":"batch","name":"step.sh"}',
        next, user, node, (node + 1) % ${NODES}, user % 20)
      return wrk.format(nil, "/v1/jobs", nil, body)
    end`;
}

/** Yields bodies of POST /v1/jobs/batch: past jobs with the details that a scheduler has. */
function* bulkBodies(jobs: number): Generator<string> {
  const shape = { jobs, running: jobs / 250, pending: jobs / 5000 };
  for (let start = 0; start < jobs; start += BATCH_JOBS) {
    const rows = Array.from({ length: Math.min(BATCH_JOBS, jobs - start) }, (_, offset) => {
      const index = start + offset;
      const { id, user, nodes, state, startTimeMs, endTimeMs } = jobAt(index, shape);
      return {
        ...{ id: `bulk-${id}`, user, nodes, state, start_time: new Date(startTimeMs).toISOString() },
        ...(endTimeMs !== undefined && { end_time: new Date(endTimeMs).toISOString(), exit_code: 0 }),
        ...{ account: `account${user.slice(-2)}`, partition: PARTITIONS[index % PARTITIONS.length] },
        ...{ name: `step-${index % 97}.sh`, cpus: 16 * nodes.length, time_limit_seconds: 86_400 },
      };
    });
    yield JSON.stringify({ jobs: rows });
  }
}

/**
 * Measures the creation of jobs one by one over 1 and 32 connections, beside no other jobs and beside many,
 * and in bulk. The floor inserts plain rows with an index on the id only, and commits as many at once as
 * there are connections.
 */
export async function measureCreation(size: CreateSize, executables: readonly string[] = []): Promise<Row[]> {
  const rows: Row[] = [];
  for (const command of executables.length > 0 ? executables : [undefined]) {
    using empty = temporaryFolder();
    rows.push(...(await rowsBeside(empty.path, 'no others', size, command)));
    using full = await jobsFolder({
      ...{ jobs: size.beside, running: size.beside / 250, pending: size.beside / 5000 },
    });
    rows.push(...(await rowsBeside(full.path, `${grouped(size.beside)} others`, size, command)));
    rows.push(await bulkRow(size.bulk, command));
  }
  return rows;
}

async function rowsBeside(
  folder: string,
  beside: string,
  { rounds, seconds }: CreateSize,
  command: string | undefined,
): Promise<Row[]> {
  using scripts = temporaryFolder();
  await using server = await serve({ folder, ...(command && { command: [command] }) });
  const rows: Row[] = [];
  for (const connections of [1, 32]) {
    const ours: number[] = [];
    const floors: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const script = scripts.file(`${connections}-${round}.lua`);
      await Bun.write(script, createScript(`${connections}-${round}`));
      floors.push(await runFloor('jobs', String(connections), String(seconds)));
      ours.push(await postRate(server.url, script, seconds, connections));
    }
    const ratio = median(ours.map((rate, round) => rate / floors[round]!));
    rows.push({
      what: `jobs made over HTTP, durable, ${connections} connection${connections === 1 ? '' : 's'}, beside ${beside}`,
      floor: `${grouped(median(floors))}/s`,
      ours: `${grouped(median(ours))}/s`,
      figure: `${ratio.toFixed(2)} of the floor`,
      budget: '',
      isHeld: undefined,
    });
  }
  return rows;
}

/** Sends one body after the other, as a site's script does. */
async function bulkRow(jobs: number, command: string | undefined): Promise<Row> {
  await using server = await serve(command ? { command: [command] } : {});
  const bodies = [...bulkBodies(jobs)];
  const floor = await runFloor('jobs', String(BATCH_JOBS), '2');
  const startedMs = performance.now();
  for (const body of bodies) {
    const answer = await timePost(`${server.url}/v1/jobs/batch`, body);
    if (!answer.isOk || !answer.body.includes('"refused":0')) throw new Error(answer.body.slice(0, 300));
  }
  const seconds = (performance.now() - startedMs) / 1000;
  // The budget holds for 200,000 jobs.
  const budget = (BULK_SECONDS * jobs) / 200_000;
  return {
    what: `${grouped(jobs)} jobs in bodies of ${grouped(BATCH_JOBS)}`,
    floor: `${grouped(floor)}/s`,
    ours: `${seconds.toFixed(1)} s`,
    figure: `${(jobs / seconds / floor).toFixed(2)} of the floor`,
    budget: `at most ${budget} s`,
    isHeld: isAtMost(seconds, budget),
  };
}
