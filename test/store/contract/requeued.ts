import { expect, test } from 'bun:test';
import type { Report } from '../../../src/domain/report.ts';
import { MINUTE_MS } from '../../help/builders.ts';
import { NOON_MS } from '../../help/clock.ts';
import { emptyStore, type MakePlace } from './place.ts';

const at = (minutes: number) => NOON_MS + minutes * MINUTE_MS;

const run = (id: string, startMinute: number, endMinute?: number): Report => ({
  ...{ source: 'sacct', observedMs: at(600), id, user: 'alice', nodes: ['n1'], startTimeMs: at(startMinute) },
  ...(endMinute === undefined
    ? { state: 'running' }
    : { state: 'failed', endTimeMs: at(endMinute), rawState: 'NODE_FAIL' }),
});

export function requeued(makePlace: MakePlace) {
  test('jobs are listed whose earlier runs ended since a time, whatever became of their latest', async () => {
    await using place = await emptyStore(makePlace);
    const { store } = place;
    await store.applyReports([
      ...[
        run('once', 0, 100),
        run('runs', 0, 10),
        run('runs', 20),
        run('ended', 0, 30),
        run('ended', 40, 50),
      ],
      ...[run('thrice', 0, 10), run('thrice', 20, 60), run('thrice', 70, 80)],
    ]);
    const since = async (minute: number) => (await store.listRequeued(at(minute))).sort();
    expect(await since(0)).toEqual(['ended', 'runs', 'thrice']);
    expect(await since(10)).toEqual(['ended', 'runs', 'thrice']);
    expect(await since(11)).toEqual(['ended', 'thrice']);
    expect(await since(60)).toEqual(['thrice']);
    expect(await since(61)).toEqual([]);
    await store.deleteJob('thrice');
    expect(await since(60)).toEqual([]);
  });
}
