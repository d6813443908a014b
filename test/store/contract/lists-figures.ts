import { expect, test } from 'bun:test';
import type { JobFilter, JobOrder } from '../../../src/domain/list.ts';
import type { Report } from '../../../src/domain/report.ts';
import { codeOf, MINUTE_MS, pastJob } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { idsOf } from './lists-model.ts';
import { emptyStore, type MakePlace } from './place.ts';

const at = (minutes: number) => NOON_MS + minutes * MINUTE_MS;

/** Jobs of Slurm; some never started. All but the last were submitted at noon. */
const REPORTS: readonly Partial<Report>[] = [
  { id: 'waits', state: 'pending', reason: 'Priority' },
  { id: 'gave-up', state: 'cancelled', endTimeMs: at(7) },
  { id: 'started', state: 'running', startTimeMs: at(3), nodes: ['n1', 'n2'] },
  { id: 'ended', state: 'failed', startTimeMs: at(4), endTimeMs: at(9), nodes: ['n1'] },
  { id: 'unknown', state: 'running', startTimeMs: at(1), nodes: ['n3'], submitTimeMs: undefined! },
];

export function figureLists(makePlace: MakePlace) {
  async function withJobs(
    check: (ids: (filter: JobFilter, order?: JobOrder) => Promise<string[]>) => unknown,
  ) {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.applyReports(
      REPORTS.map(({ submitTimeMs: _, ...fields }) => ({
        ...{ source: 'sacct', observedMs: at(20), user: 'alice' },
        ...(fields.id !== 'unknown' && { submitTimeMs: at(0) }),
        ...(fields as Pick<Report, 'id'>),
      })),
    );
    await check(async (filter, order = { sort: 'wait', isAscending: true }) => {
      const { jobs, total } = await store.listJobs(filter, { limit: 10, nowMs: at(10), order });
      expect(total).toBe(jobs.length);
      return idsOf(jobs);
    });
  }

  test('a job waits from its submission to its start, its end without one, or until now', () =>
    withJobs(async (ids) => {
      expect(await ids({})).toEqual(['started', 'ended', 'gave-up', 'waits', 'unknown']);
      const waited = (min: number, max: number) =>
        ids({ ranges: { wait: { min: min * MINUTE_MS, max: max * MINUTE_MS } } });
      expect(await waited(3, 4)).toEqual(['started', 'ended']);
      expect(await waited(7, 9)).toEqual(['gave-up']);
      expect(await waited(10, 10)).toEqual(['waits']);
      expect(await waited(11, 99)).toEqual([]);
    }));

  test('what a job does not have is in no range, and last in any order', () =>
    withJobs(async (ids) => {
      expect(await ids({ ranges: { nodes: { min: 0 } } })).toEqual(['started', 'ended', 'unknown']);
      expect(await ids({ ranges: { runtime: { min: 0 } } })).toEqual(['started', 'ended', 'unknown']);
      for (const figure of ['cpus', 'gpus', 'cpuUsage', 'memoryUsage', 'memoryPercent', 'gpuUsage'] as const)
        expect(await ids({ ranges: { [figure]: { min: 0, max: 1e9 } } })).toEqual([]);
      const nodes = await ids({}, { sort: 'nodes', isAscending: false });
      expect(nodes).toEqual(['started', 'ended', 'unknown', 'gave-up', 'waits']);
      expect(await ids({ ranges: { nodes: {} } })).toHaveLength(5);
    }));

  test('a list of nodes is read as Slurm writes it, unless a node has that name', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.createJobs([
      pastJob('a', { nodes: ['n1', 'n2'] }),
      pastJob('b', { nodes: ['n12'] }),
      pastJob('c', { nodes: ['n[1-2]'] }),
      pastJob('d', { nodes: ['odd[1'] }),
    ]);
    const ids = async (node: string | string[]) =>
      idsOf((await store.listJobs({ node }, { limit: 10 })).jobs);
    expect(await ids('n[1-2]')).toEqual(['c']);
    expect(await ids('n[1-8,12]')).toEqual(['a', 'b']);
    expect(await ids(['n[02-12]', 'n[1-2],n[2-3]'])).toEqual(['a', 'b', 'c']);
    expect(await ids('odd[1,n12')).toEqual(['b', 'd']);
    expect(await ids('n[5-9]')).toEqual([]);
    expect(await codeOf(ids('n[1-'))).toBe('validation_error');
    expect(await codeOf(ids('n[1-10000]'))).toBe('none');
    expect(await codeOf(ids(['n[1-5000]', 'm[1-5001]']))).toBe('validation_error');
  });

  test('a job on any of very many nodes is listed once', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    const nodesOf = (index: number) => [0, 1, 2].map((step) => `m${1 + ((index * 7 + step * 90) % 200)}`);
    const jobs = Array.from({ length: 120 }, (_, index) =>
      pastJob(`job-${index}`, { nodes: nodesOf(index), startTimeMs: at(index) }),
    );
    await store.createJobs(jobs);
    for (const last of [100, 101, 150, 200]) {
      const wanted = new Set(Array.from({ length: last }, (_, index) => `m${index + 1}`));
      const expected = jobs.filter(({ nodes }) => nodes.some((node) => wanted.has(node))).reverse();
      const { jobs: found, total } = await store.listJobs({ node: `m[1-${last}]` }, { limit: 1000 });
      expect([total, idsOf(found)]).toEqual([expected.length, expected.map(({ id }) => id)]);
    }
  });
}
