import { expect, test } from 'bun:test';
import { createRuns } from '../../src/agent/runs.ts';

/** Notes which jobs count from 0 again. */
function start(saved = {}) {
  const ended: string[] = [];
  return { ...createRuns({ onEnd: (key) => void ended.push(key), saved }), ended };
}
const NONE = new Set<string>();
const STEP = { hasLastingStep: () => false };
const BATCH = { hasLastingStep: () => true };

test('a job whose steps come and go counts on', () => {
  const runs = start();
  runs.see('1', STEP);
  runs.gone('1');
  runs.see('1', STEP);
  runs.keep(NONE);
  runs.see('1', BATCH);
  expect(runs.ended).toEqual([]);
});

test('a job that had a step for the whole of its run is another run when it comes again', () => {
  const runs = start();
  runs.see('1', BATCH);
  runs.see('1', STEP);
  runs.keep(new Set(['1']));
  runs.see('1', STEP);
  expect(runs.ended).toEqual([]);
  runs.keep(NONE);
  runs.see('1', STEP);
  expect(runs.ended).toEqual(['1']);
  runs.gone('1');
  runs.see('1', STEP);
  expect(runs.ended).toEqual(['1']);
});

test('where Prolog keeps its files, it alone decides', () => {
  const runs = start();
  runs.see('1', { ...BATCH, prologMs: 5 });
  runs.gone('1');
  runs.see('1', { ...BATCH, prologMs: 5 });
  expect(runs.ended).toEqual([]);
  // Its directory may never have been seen gone.
  runs.see('1', { ...BATCH, prologMs: 6 });
  expect(runs.ended).toEqual(['1']);
});

test('all of that is known after a restart', () => {
  const first = start();
  first.see('1', BATCH);
  first.see('2', BATCH);
  first.gone('2');
  const second = start(JSON.parse(JSON.stringify(first.save())));
  second.see('1', BATCH);
  second.see('2', BATCH);
  expect(second.ended).toEqual(['2']);
});

test('of jobs that are gone, a thousand are remembered', () => {
  const runs = start();
  for (let job = 0; job < 1002; job++) {
    runs.see(`${job}`, STEP);
    runs.gone(`${job}`);
  }
  expect(runs.ended).toEqual(['0', '1']);
  expect(Object.keys(runs.save())).toHaveLength(1000);
});
