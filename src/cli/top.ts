import { readFilter } from '../api/filter-text.ts';
import { UsageError } from '../domain/errors.ts';
import { renderTopOnce, type TopState } from '../report/top.ts';
import { defineCommand } from './command.ts';
import { describePlace, explainFailure, locateService, trustOf } from './connection.ts';
import { ownUser, PROOF_SETTINGS, requireProof } from './proof.ts';
import { formatLocalClock, paperOf } from './terminal.ts';
import { queryOfTop } from './top/query.ts';

const TIMEOUT_MS = 30_000;
const JOBS_ONCE = 30;

export const top = defineCommand({
  summary: 'Watch jobs and cluster live in the terminal: sort, filter, look into a job',
  usage: ['top [--filter FILTER] [--all] [settings]'],
  examples: [
    ['top', 'Your own jobs; for administrators those of everybody'],
    ["top --all --filter 'gpus>=1 gpu<10'", 'Everybody’s jobs that hold GPUs and hardly use them'],
  ],
  settings: PROOF_SETTINGS,
  flags: {
    filter: {
      takes: 'TEXT',
      help: 'The filter of the pages (docs/pages.md), such as partition:gpu user:alice',
    },
    all: { help: 'Begin with the jobs of everybody whom you may see (the key a changes it)' },
  },
  /** Prints once if the output is no terminal. */
  async run({ config, env, flags, print }) {
    const filter = flags.get('filter') ?? '';
    const fault = readFilter(filter, Date.now()).find((term) => term.fault !== undefined)?.fault;
    if (fault !== undefined) throw new UsageError(`--filter: ${fault}`);
    const { who } = await requireProof(config);
    const place = { ...locateService(config), ...trustOf(config) };
    const { lastingClient } = await import('./lasting-client.ts');
    const client = await lastingClient(config, { ...place, timeoutMs: TIMEOUT_MS, retries: 0 });
    const seesOthers = who.sees === 'all' || who.accounts.length > 0;
    const isWatcher = who.role === 'admin' || who.role === 'viewer';
    const isAll =
      flags.has('all') ||
      ownUser(who) === undefined ||
      (isWatcher && who.sees === 'all') ||
      /\buser:/.test(filter);
    const self = who.name!;
    const state: TopState = {
      ...{ columns: 80, rows: JOBS_ONCE, place: who.cluster ?? describePlace(place) },
      ...{ connection: { state: 'connecting' }, first: 0, selected: 0, self, seesOthers, filter },
      ...{ sort: 'cpu_usage', isAscending: false, page: { kind: 'list' } },
      ...(!isAll && { user: self }),
    };
    const paper = paperOf(env, process.stdout);
    const isTerminal = process.stdin.isTTY && process.stdout.isTTY && env.TERM !== 'dumb';
    try {
      if (isTerminal) {
        const { watch } = await import('./top/watch.ts');
        return await watch(client, state, paper);
      }
      const query = { ...queryOfTop(state, Date.now()), limit: String(JOBS_ONCE) };
      const [{ jobs, total }, overview] = await Promise.all([client.findJobs(query), client.getOverview()]);
      const drawing = { paper, nowMs: Date.now(), formatClock: formatLocalClock };
      print(renderTopOnce({ ...state, overview, list: { jobs, total, offset: 0 } }, drawing));
      return 0;
    } catch (error) {
      throw explainFailure(error, config);
    }
  },
});
