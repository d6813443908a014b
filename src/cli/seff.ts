import { queryOf, readFilter, writeTerm } from '../api/filter-text.ts';
import type { Client } from '../client/client.ts';
import { ClientError } from '../client/error.ts';
import { UsageError } from '../domain/errors.ts';
import { formatCount } from '../domain/figures.ts';
import type { JobRun } from '../domain/store/runs.ts';
import { renderSeff, renderSeffTable } from '../report/seff.ts';
import { defineCommand } from './command.ts';
import { explainFailure, locateService, trustOf } from './connection.ts';
import { ownUser, PROOF_SETTINGS, requireProof } from './proof.ts';
import { paperOf } from './terminal.ts';

/** More than anybody reads; each is a request. */
const MAX_JOBS = 1000;
const MAX_IDS = 100;
const DEFAULT_JOBS = 100;
/** As of reportseff. */
const DEFAULT_SINCE = '7d';
const REQUESTS_AT_ONCE = 4;
const TIMEOUT_MS = 30_000;

export const seff = defineCommand({
  summary: 'Print the efficiency of jobs as seff and reportseff do',
  usage: [
    'seff ID [settings]',
    'seff ID... [--json] [settings]',
    'seff [--user USER] [--since TIME] [--filter FILTER] [--limit NUMBER] [settings]',
  ],
  examples: [
    ['seff 4711', 'One job as seff prints it; all tasks of an array as a table'],
    ['seff 4711 4712 4713', 'Several jobs as a table, as reportseff prints it'],
    ['seff --user alice --since 2d', 'The jobs of a user; your own of the last 7 days if nothing is given'],
  ],
  settings: PROOF_SETTINGS,
  flags: {
    user: { takes: 'USER', help: 'Whose jobs; your own if left out' },
    since: {
      takes: 'TIME',
      help: `Jobs that ran since then: 12h, 2d, 2026-01-20; ${DEFAULT_SINCE} if left out`,
    },
    filter: { takes: 'FILTER', help: 'The filter of the pages (docs/pages.md), such as partition:gpu' },
    limit: { takes: 'NUMBER', help: `Most jobs to print, newest first; ${DEFAULT_JOBS} if left out` },
    json: { help: 'Print JSON: a run, as in the answer of GET /v1/jobs/{id}/runs, a line' },
  },
  operands: ['[ID...]'],
  async run({ config, env, flags, operands, print }) {
    const ids = operands.flatMap((word) => word.split(',')).filter((id) => id !== '');
    requireOneWay(ids, flags);
    const { who } = await requireProof(config);
    const place = { ...locateService(config), ...trustOf(config) };
    const { lastingClient } = await import('./lasting-client.ts');
    const client = await lastingClient(config, { ...place, timeoutMs: TIMEOUT_MS, retries: 0 });
    try {
      const found =
        ids.length > 0 ? await findByIds(client, ids) : await findByFilter(client, ownUser(who), flags);
      const isOne = ids.length === 1 && found.length === 1 && found[0]!.job.id === ids[0];
      if (flags.has('json')) {
        const { renderRun } = await import('../api/run.ts');
        print(found.map((run) => `${JSON.stringify(renderRun(run))}\n`).join(''));
      } else if (isOne) print(renderSeff(found[0]!, Date.now()));
      else if (found.length > 0) print(renderSeffTable(found, Date.now(), paperOf(env, process.stdout)));
      else process.stderr.write('No job matches. --since goes further back, --user names another user.\n');
      return 0;
    } catch (error) {
      throw explainFailure(error, config);
    }
  },
});

function requireOneWay(ids: readonly string[], flags: ReadonlyMap<string, string>): void {
  if (ids.length > MAX_IDS) throw new UsageError(`Name at most ${MAX_IDS} jobs, or use --filter.`);
  const extra = ['user', 'since', 'filter', 'limit'].find((name) => flags.has(name));
  if (ids.length > 0 && extra) throw new UsageError(`Give either ids or --${extra}, not both.`);
}

/** Returns the latest run of each job, in the order given, and of all tasks of each array. */
async function findByIds(client: Client, ids: readonly string[]): Promise<JobRun[]> {
  const found = await mapSome(ids, async (id) => {
    try {
      return await latestOf(client, id);
    } catch (error) {
      const tasks = await tasksOf(client, id, error);
      return (await mapSome(tasks, (task) => latestOf(client, task))).flat();
    }
  });
  return found.flat();
}

const latestOf = async (client: Client, id: string): Promise<JobRun[]> =>
  (await client.listRuns(id)).slice(0, 1);

/** Returns the ids of the tasks of an array; rejects with `error` if there is no such array. */
async function tasksOf(client: Client, id: string, error: unknown): Promise<string[]> {
  const isUnknown = error instanceof ClientError && error.code === 'not_found';
  if (!isUnknown || !/^\d+$/.test(id)) throw error;
  const { jobs } = await client.findJobs({ array_job_id: id, limit: String(MAX_JOBS), order: 'asc' });
  if (jobs.length === 0) throw error;
  return jobs.map((job) => job.id);
}

async function findByFilter(
  client: Client,
  self: string | undefined,
  flags: ReadonlyMap<string, string>,
): Promise<JobRun[]> {
  const filter = flags.get('filter') ?? '';
  const user = flags.get('user') ?? self;
  const text = [
    /\buser:/.test(filter) || user === undefined ? '' : writeTerm('user', user),
    /\bsince:/.test(filter) ? '' : writeTerm('since', flags.get('since') ?? DEFAULT_SINCE),
    // What has not started has no efficiency.
    /\b(state|raw):/.test(filter) ? '' : 'state:running,completed,failed,cancelled',
    filter,
  ];
  const terms = readFilter(text.join(' '), Date.now());
  const wrong = terms.find((term) => term.fault !== undefined);
  if (wrong)
    throw new UsageError(
      wrong.text.startsWith('since:') ? `--since: ${wrong.fault}` : `--filter: ${wrong.fault}`,
    );
  const limit = readLimit(flags.get('limit'));
  const { jobs, total } = await client.findJobs({ ...queryOf(terms), limit: String(limit) });
  if (total > jobs.length) process.stderr.write(`${formatCount(total, 'job')} match; --limit shows more.\n`);
  return (await mapSome(jobs, ({ id }) => latestOf(client, id))).flat();
}

function readLimit(text = String(DEFAULT_JOBS)): number {
  const limit = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_JOBS) return limit;
  throw new UsageError(`--limit must be a number from 1 to ${MAX_JOBS}.`);
}

/** Asks for several things, a few at once, and returns the answers in order. */
async function mapSome<One, Value>(all: readonly One[], ask: (one: One) => Promise<Value>): Promise<Value[]> {
  const values: Value[] = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < all.length; index = next++) values[index] = await ask(all[index]!);
  };
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, work));
  return values;
}
