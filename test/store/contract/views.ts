import { expect, test } from 'bun:test';
import type { OwnSight } from '../../../src/domain/caller.ts';
import type { JobDetails } from '../../../src/domain/detail.ts';
import { AppError } from '../../../src/domain/errors.ts';
import type { Job } from '../../../src/domain/job.ts';
import type { JobFilter, JobPosition, Page } from '../../../src/domain/list.ts';
import type { Report } from '../../../src/domain/report.ts';
import { isSeen } from '../../../src/domain/sight.ts';
import type { JobEvent, JobRun } from '../../../src/domain/store/runs.ts';
import type { Store } from '../../../src/domain/store/store.ts';
import type { View } from '../../../src/domain/store/view.ts';
import { MINUTE_MS, pastJob, sample } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { seeds } from '../../help/seeds.ts';
import { idsOf, makeJob, NOW_MS, ORDERS, randomFilter, randomTools } from './lists-model.ts';
import { emptyStore, type MakePlace } from './place.ts';

type Tools = ReturnType<typeof randomTools>;

const USERS = ['alice', 'Bob', 'a,b', 'a'];
const ACCOUNTS = ['physics', 'chem', 'x,y', 'x', undefined];
/** Own jobs only, and those of coordinators; of users and accounts without jobs too. */
const SIGHTS: OwnSight[] = [
  ...[...USERS, 'b', 'nobody', ''].map((user) => ({ user, accounts: [] })),
  { user: 'alice', accounts: ['physics'] },
  { user: 'nobody', accounts: ['x,y', 'nothing'] },
  { user: 'a', accounts: ['x', 'chem', 'physics', 'x,y'] },
  { user: 'alice', accounts: ['nothing', ''] },
];
const ALL: Page = { limit: 10_000, nowMs: NOW_MS };
const at = (minutes: number) => NOON_MS + minutes * MINUTE_MS;

const ownerOf = ({ user, details }: Pick<Job, 'user' | 'details'>) => ({ user, account: details?.account });
const sluidOf = (id: string, run: number) => `s${id}R${run}`;
const defined = (fields: object) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/**
 * Returns reports of a job whose id is given to other users again and again. Each is observed in a minute of
 * its own.
 */
function reportsOf(id: string, lives: number, { pick, random }: Tools): Report[] {
  const late: Report[] = [];
  const reports: Report[] = [];
  for (let life = 1; life <= lives; life++) {
    const minute = 100 * life;
    const fields = defined({ user: pick(USERS), account: pick(ACCOUNTS), partition: pick(['gpu', 'cpu']) });
    const known = {
      ...{ id, user: '', name: `${id} ${life}`, submitTimeMs: at(minute - 3), sluid: sluidOf(id, life) },
      ...fields,
    };
    const started = { ...known, startTimeMs: at(minute), nodes: [pick(['n1', 'n2']), 'n3'] };
    reports.push(
      { ...known, source: 'squeue', observedMs: at(minute - 2), state: 'pending' },
      { ...started, source: 'squeue', observedMs: at(minute + 1), state: 'running' },
    );
    const ended = { ...started, endTimeMs: at(minute + 50) };
    if (life < lives || random() < 0.5)
      reports.push({ ...ended, source: 'jobcomp', observedMs: at(minute + 50), state: 'failed' });
    // Accounting tells of it only after the id was given again.
    if (life < lives)
      late.push({
        ...{ ...ended, source: 'sacct', observedMs: at(5000 + minute) },
        ...{ state: 'failed', cpus: 4 },
      });
  }
  return [...reports, ...late];
}

/** Fills a store with jobs and runs of all owners; returns whose each report was, by job and time. */
async function fill(store: Store, tools: Tools) {
  const { pick, below } = tools;
  const owners = new Map<string, ReturnType<typeof ownerOf>>();
  const eventKey = (id: string, timeMs: number) => `${id} ${timeMs}`;
  const jobs = Array.from({ length: 150 }, (_, index) => {
    const account = pick(ACCOUNTS);
    const user = pick(USERS);
    return { ...makeJob(`job-${index}`, tools), user, ...(account && { details: { account } }) };
  });
  await store.createJobs(jobs);
  for (const { id } of jobs.filter(() => tools.random() < 0.3))
    await store.updateJob(id, { details: { account: pick(['physics', 'chem']) } }, at(1));
  const ids = Array.from({ length: 40 }, (_, index) => `${1000 + index}`);
  for (const id of ids) {
    for (const report of reportsOf(id, 1 + below(4), tools)) {
      await store.applyReports([report]);
      owners.set(eventKey(id, report.observedMs), { user: report.user!, account: report.account });
      if (report.state === 'running')
        await store.recordSample(id, sample(report.observedMs - NOON_MS, { cpuUsage: below(100) }));
    }
    if (tools.random() < 0.5) {
      const latest = await store.getJob(id);
      await store.updateJob(id, { details: { qos: 'high' } }, at(9000));
      owners.set(eventKey(id, at(9000)), ownerOf(latest));
    }
  }
  return { ids, jobs, ownerOfEvent: (id: string, timeMs: number) => owners.get(eventKey(id, timeMs))! };
}

/** Returns what a call resolves to, or its error without the stack. */
async function endOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, message: error.message };
    throw error;
  }
}

const noJob = (id: string) => ({ code: 'not_found', message: `There is no job with the id "${id}".` });

/** All reads of one run of a job, the latest if `run` is undefined. */
const READS: ((view: View, id: string, run: number | undefined) => Promise<unknown>)[] = [
  (view, id, run) => view.listSamples(id, defined({ run }), 100),
  (view, id, run) => view.plotSamples(id, defined({ run }), 10),
  (view, id, run) => Array.fromAsync(view.streamSamples(id, defined({ run }))),
  (view, id, run) => view.summarizeJob(id, run),
  (view, id, run) => view.mapSamples(id, { ...defined({ run }), field: 'cpu_usage', columns: 10 }),
  (view, id, run) => view.traceSamples(id, run),
];

interface Whole {
  readonly id: string;
  readonly job: Job | undefined;
  readonly runs: readonly JobRun[];
  readonly events: readonly JobEvent[];
}

/** Returns all that an administrator sees of a job. */
async function readWhole(store: Store, id: string): Promise<Whole> {
  const job = await store.getJob(id).catch(() => undefined);
  if (!job) return { id, job, runs: [], events: [] };
  const runs = await Array.fromAsync(store.streamRuns(id));
  return { id, job, runs, events: await store.listEvents(id) };
}

interface Part extends Partial<Pick<Whole, 'job' | 'runs' | 'events'>> {
  readonly amount: 'all' | 'some' | 'none';
}

/** Returns what somebody may see of it; undefined where they must not know that there is such a job. */
function partOf(
  { job, runs: allRuns, events: allEvents }: Whole,
  sight: OwnSight,
  ownerOfEvent: (timeMs: number) => ReturnType<typeof ownerOf>,
): Part {
  const runs = allRuns.filter((run) => isSeen(sight, ownerOf(run.job)));
  if (runs.length === 0) return { amount: 'none' };
  const isAll = runs.length === allRuns.length;
  const events = allEvents.filter(({ timeMs }) => isAll || isSeen(sight, ownerOfEvent(timeMs)));
  return { amount: isAll ? 'all' : 'some', job: runs[0] === allRuns[0] ? job : undefined, runs, events };
}

/** Expects of the reads of all runs, and of one that there is not, what is to be seen of them. */
async function expectReads(view: View, store: Store, { id, runs }: Whole, part: Part): Promise<void> {
  for (const read of READS) {
    const textOf = async (one: View, run?: number) => JSON.stringify(await endOf(read(one, id, run)));
    expect(await textOf(view)).toBe(part.job ? await textOf(store) : JSON.stringify(noJob(id)));
    const refused = await textOf(view, 99);
    expect(refused).toContain(part.runs ? 'has no run 99' : 'There is no job');
    for (const run of runs) {
      const expected = part.runs?.includes(run)
        ? await textOf(store, run.run)
        : refused.replace('99', String(run.run));
      expect(await textOf(view, run.run)).toBe(expected);
    }
  }
}

async function collect(view: View, filter: JobFilter, page: Page): Promise<string[]> {
  const ids: string[] = [];
  let after: JobPosition | undefined;
  do {
    const { jobs, next } = await view.listJobs(filter, { ...page, ...(after && { after }) });
    ids.push(...idsOf(jobs));
    after = next;
  } while (after);
  return ids;
}

export function views(makePlace: MakePlace) {
  test.each(seeds(2))(
    'every read of a job shows what an administrator sees of the visible runs (seed %d)',
    async (seed) => {
      await using place = await emptyStore(makePlace);
      const { store } = place;
      const { ids, jobs, ownerOfEvent } = await fill(store, randomTools(seed));
      const seen = { all: 0, some: 0, none: 0 };
      for (const id of [...ids, ...jobs.slice(0, 20).map((job) => job.id), 'unknown', '']) {
        const whole = await readWhole(store, id);
        if (ids.includes(id)) expect(whole.runs.at(-1)!.job.details?.name).toBe(`${id} 1`);
        for (const sight of SIGHTS) {
          const part = partOf(whole, sight, (timeMs) => ownerOfEvent(id, timeMs));
          seen[part.amount]++;
          const view = store.seenBy(sight);
          expect(await endOf(view.getJob(id))).toEqual(part.job ?? noJob(id));
          expect(await endOf(Array.fromAsync(view.streamRuns(id)))).toEqual(part.runs ?? noJob(id));
          expect(await endOf(view.listEvents(id))).toEqual(part.events ?? noJob(id));
          await expectReads(view, store, whole, part);
        }
      }
      for (const count of Object.values(seen)) expect(count).toBeGreaterThan(40);
    },
  );

  test.each(seeds(2))(
    'every list is what an administrator sees of the visible jobs (seed %d)',
    async (seed) => {
      await using place = await emptyStore(makePlace);
      const { store } = place;
      const tools = randomTools(seed);
      const { ids } = await fill(store, tools);
      const sluidsOf = new Map<string, { owner: ReturnType<typeof ownerOf>; sluid?: string | undefined }[]>();
      for (const id of ids)
        sluidsOf.set(
          id,
          (await Array.fromAsync(store.streamRuns(id))).map(({ job }) => ({
            owner: ownerOf(job),
            sluid: job.details?.sluid,
          })),
        );
      let found = 0;
      for (let round = 0; round < 300; round++) {
        const sight = tools.pick(SIGHTS);
        const view = store.seenBy(sight);
        const sluid = tools.random() < 0.2 && tools.some(ids).map((id) => sluidOf(id, 1 + tools.below(4)));
        const filter: JobFilter = {
          ...(round % 3 > 0 && randomFilter(tools)),
          ...(tools.random() < 0.3 && { details: { account: tools.pick(['physics', 'x,y', 'x']) } }),
          ...(tools.random() < 0.2 && { details: { partition: 'gpu' } }),
        };
        const order = round % 2 === 0 ? ORDERS[0]! : tools.pick(ORDERS);
        const everything = await store.listJobs(filter, { ...ALL, order });
        const hasSluid = (job: Job) =>
          (sluidsOf.get(job.id) ?? []).some(
            (run) => isSeen(sight, run.owner) && sluid && run.sluid && sluid.includes(run.sluid),
          );
        const expected = everything.jobs.filter(
          (job) => isSeen(sight, ownerOf(job)) && (!sluid || hasSluid(job)),
        );
        found += expected.length;
        const wanted: JobFilter = { ...filter, ...(sluid && { sluid }) };
        const shown = { sight, wanted, order };
        const page = { order, nowMs: NOW_MS, limit: 1 + tools.below(30) };
        const offset = tools.below(10);
        const part = await view.listJobs(wanted, { ...page, offset });
        expect({ ...shown, total: part.total }).toEqual({ ...shown, total: expected.length });
        expect({ ...shown, jobs: part.jobs }).toEqual({
          ...shown,
          jobs: expected.slice(offset, offset + page.limit),
        });
        expect({ ...shown, ids: await collect(view, wanted, page) }).toEqual({
          ...shown,
          ids: idsOf(expected),
        });
        const streamed = await Array.fromAsync(view.streamJobs(wanted, { order, nowMs: NOW_MS }));
        expect({ ...shown, jobs: streamed.flat() }).toEqual({ ...shown, jobs: expected });
      }
      expect(found).toBeGreaterThan(1000);
    },
  );

  test('somebody finds nothing of a job of somebody else, whatever the filter', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('1', { user: 'bob' }), pastJob('2', { user: 'alice' })]);
    const view = store.seenBy({ user: 'alice', accounts: [] });
    const totalOf = async (filter: JobFilter) => (await view.listJobs(filter, ALL)).total;
    expect(await totalOf({})).toBe(1);
    for (const filter of [{ user: 'bob' }, { user: ['bob', 'nobody'] }, { text: 'bob' }, { text: '1' }])
      expect({ filter, total: await totalOf(filter) }).toEqual({ filter, total: 0 });
    expect(await totalOf({ user: 'alice,bob' })).toBe(1);
    expect(await endOf(view.getJob('1'))).toEqual(await endOf(view.getJob('3')).then(() => noJob('1')));
  });

  test('a user whose name has a comma is one user, and sees nothing of the users between its commas', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([pastJob('1', { user: 'a' }), pastJob('2', { user: 'b' })]);
    const view = store.seenBy({ user: 'a,b', accounts: ['a,b'] });
    expect(await view.listJobs({}, ALL)).toEqual({ jobs: [], total: 0 });
    await store.createJobs([pastJob('3', { user: 'a,b' })]);
    expect(idsOf((await view.listJobs({}, ALL)).jobs)).toEqual(['3']);
    expect((await view.listJobs({ user: 'a' }, ALL)).total).toBe(0);
  });

  test('of a job whose id was given again, each user sees their own run, its samples and its events', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const life = (user: string, minute: number): Report => ({
      ...{ id: '7', user, source: 'squeue', state: 'running', account: `of ${user}`, nodes: ['n1'] },
      ...{ observedMs: at(minute + 1), startTimeMs: at(minute), submitTimeMs: at(minute) },
      ...{ sluid: `s${user}`, workDir: `/home/${user}` },
    });
    const alices: Report = life('alice', 0);
    for (const report of [
      alices,
      {
        ...alices,
        source: 'jobcomp' as const,
        state: 'failed' as const,
        endTimeMs: at(5),
        observedMs: at(5),
      },
      life('bob', 100),
      {
        ...alices,
        source: 'sacct' as const,
        state: 'failed' as const,
        endTimeMs: at(5),
        observedMs: at(200),
        qos: 'low',
      },
    ])
      await store.applyReports([report]);
    await store.updateJob('7', { details: { reason: 'bob knows' } }, at(300));

    const alice = store.seenBy({ user: 'alice', accounts: [] });
    const bob = store.seenBy({ user: 'bob', accounts: [] });
    expect(await endOf(alice.getJob('7'))).toEqual(noJob('7'));
    expect(await alice.listJobs({ sluid: 'sbob' }, ALL)).toEqual({ jobs: [], total: 0 });
    expect(await bob.listJobs({ sluid: 'salice' }, ALL)).toEqual({ jobs: [], total: 0 });
    expect((await store.listJobs({ sluid: 'salice' }, ALL)).total).toBe(1);
    expect((await bob.listJobs({ sluid: 'sbob' }, ALL)).total).toBe(1);
    const runsOf = async (view: View) => (await Array.fromAsync(view.streamRuns('7'))).map(({ run }) => run);
    expect([await runsOf(store), await runsOf(alice), await runsOf(bob)]).toEqual([[2, 1], [1], [2]]);
    expect(await endOf(alice.summarizeJob('7', 2))).toEqual({
      code: 'not_found',
      message: 'Job "7" has no run 2 that is visible to you.',
    });
    const timesOf = async (view: View) => (await view.listEvents('7')).map(({ timeMs }) => timeMs);
    expect(await timesOf(alice)).toEqual([at(1), at(5), at(200)]);
    expect(await timesOf(bob)).toEqual([at(101), at(300)]);
    const told = JSON.stringify([await alice.listEvents('7'), await Array.fromAsync(alice.streamRuns('7'))]);
    expect(told).toContain('/home/alice');
    expect(told).not.toContain('bob');
    expect(JSON.stringify(await bob.listEvents('7'))).not.toContain('alice');
  });

  test('who coordinates an account sees its jobs from the moment they name it', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const view = store.seenBy({ user: 'carol', accounts: ['physics'] });
    await store.createJobs([
      pastJob('1', { user: 'bob', details: { account: 'chem' } }),
      pastJob('2', { user: 'bob' }),
      pastJob('3', { user: 'carol' }),
    ]);
    const ids = async () => idsOf((await view.listJobs({}, ALL)).jobs);
    expect(await ids()).toEqual(['3']);
    await store.updateJob('2', { details: { account: 'physics' } }, at(1));
    expect(await ids()).toEqual(['2', '3']);
    await store.updateJob('2', { details: { account: 'chem' } }, at(2));
    expect(await ids()).toEqual(['3']);
    await place.reopen();
    await place.store.createJobs([pastJob('4', { user: 'bob', details: { account: 'physics' } })]);
    const { jobs, total } = await place.store
      .seenBy({ user: 'carol', accounts: ['physics'] })
      .listJobs({}, ALL);
    expect([idsOf(jobs), total]).toEqual([['3', '4'], 2]);
  });

  test('who coordinates an account sees no other job of its users, whatever is known of that', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const job = (id: string, user: string, details?: JobDetails) =>
      pastJob(id, { user, ...(details && { details }) });
    const physics = { account: 'physics' };
    await store.createJobs([
      job('1', 'dave', physics),
      job('2', 'dave'),
      job('3', 'erin', physics),
      job('4', 'erin', { partition: 'gpu' }),
      job('5', 'frank', physics),
      job('6', 'frank', physics),
      job('7', 'gina', physics),
    ]);
    await store.createJob({ id: '8', user: 'gina', nodes: ['n1'] }, at(1));
    await store.updateJob('6', { details: { account: 'chem' } }, at(1));
    const started = { source: 'squeue', state: 'running', startTimeMs: at(1), observedMs: at(2) } as const;
    await store.applyReports([
      { ...started, id: '9', user: 'hal', account: 'physics' },
      { ...started, id: '10', user: 'hal' },
    ]);
    const view = store.seenBy({ user: 'carol', accounts: ['physics'] });
    const idsFor = async (filter: JobFilter) => {
      const { jobs, total } = await view.listJobs(filter, ALL);
      expect(total).toBe(jobs.length);
      return idsOf(jobs).sort();
    };
    expect(await idsFor({})).toEqual(['1', '3', '5', '7', '9']);
    for (const [user, id] of Object.entries({ dave: '1', erin: '3', frank: '5', gina: '7', hal: '9' }))
      expect(await idsFor({ user })).toEqual([id]);
  });
}
