import { queryOf, readFilter, writeTerm } from '../api/filter-text.ts';
import { renderJob } from '../api/job.ts';
import type { Whoami } from '../api/whoami.ts';
import { UsageError } from '../domain/errors.ts';
import { formatCount } from '../domain/figures.ts';
import { renderJobTable } from '../report/job-table.ts';
import { defineCommand } from './command.ts';
import { askService } from './connection.ts';
import { ownUser, PROOF_SETTINGS, requireProof } from './proof.ts';
import { paperOf } from './terminal.ts';

const DEFAULT_JOBS = 30;
const MAX_JOBS = 10_000;

export const jobs = defineCommand({
  summary: 'List jobs: your own, newest start first, or those that match a filter',
  usage: ['jobs [--filter FILTER] [--all] [--limit NUMBER] [--json] [settings]'],
  examples: [
    ['jobs', 'Your own jobs'],
    [
      "jobs --all --filter 'state:running gpus>=1 gpu<5'",
      'Everybody’s jobs that hold GPUs and hardly use them',
    ],
    [
      "jobs --filter 'finding:ended-by-memory since:7d' --json",
      'For programs: jobs as in the HTTP API, one a line',
    ],
  ],
  settings: PROOF_SETTINGS,
  flags: {
    filter: {
      takes: 'FILTER',
      help: 'The filter of the pages (docs/pages.md), such as state:failed since:2d',
    },
    all: { help: 'List the jobs of everybody whom you may see' },
    limit: { takes: 'NUMBER', help: `Most jobs to list; ${DEFAULT_JOBS} if left out` },
    json: { help: 'Print JSON: a Job of the HTTP API a line' },
  },
  async run({ config, env, flags, print }) {
    const nowMs = Date.now();
    const limit = readLimit(flags.get('limit'));
    const filter = flags.get('filter') ?? '';
    const { who, headers } = await requireProof(config);
    const own = ownUser(who);
    const isOwn = !flags.has('all') && own !== undefined && !/\buser:/.test(filter);
    const terms = readFilter(isOwn ? `${writeTerm('user', own)} ${filter}` : filter, nowMs);
    const fault = terms.find((term) => term.fault !== undefined)?.fault;
    if (fault !== undefined) throw new UsageError(`--filter: ${fault}`);
    const query = { ...queryOf(terms), limit: String(limit) };
    const { jobs: found, total } = await askService(config, (client) => client.findJobs(query), {
      headers: await headers(),
    });
    if (flags.has('json')) {
      print(found.map((job) => `${JSON.stringify(renderJob(job))}\n`).join(''));
      return 0;
    }
    if (found.length > 0) print(renderJobTable(found, paperOf(env, process.stdout), nowMs));
    // Not in the table, which programs may read.
    if (found.length === 0) process.stderr.write(isOwn ? `${describeNone(who)}\n` : 'No job matches.\n');
    else if (total > found.length)
      process.stderr.write(`${formatCount(total, 'job')} match; --limit shows more.\n`);
    return 0;
  },
});

const describeNone = ({ name, sees }: Whoami): string =>
  `No job of ${name} matches.${sees === 'own' ? '' : ' --all lists those of everybody.'}`;

function readLimit(text = String(DEFAULT_JOBS)): number {
  const limit = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_JOBS) return limit;
  throw new UsageError(`--limit must be a number from 1 to ${MAX_JOBS}.`);
}
