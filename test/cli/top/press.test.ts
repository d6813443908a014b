import { expect, test } from 'bun:test';
import { press } from '../../../src/cli/top/press.ts';
import { queryOfTop } from '../../../src/cli/top/query.ts';
import type { Job } from '../../../src/domain/job.ts';
import type { TopState } from '../../../src/report/top.ts';
import { NOON_MS } from '../../help/clock.ts';

const JOBS = Array.from({ length: 200 }, (_, index): Job => {
  return { id: String(index), user: 'alice', nodes: [], state: 'running', cpuUsage: 0, memoryUsageMb: 0 };
});
const LIST: TopState = {
  ...{ columns: 80, rows: 17, place: 'a', connection: { state: 'live' }, first: 0, selected: 0 },
  ...{ self: 'alice', seesOthers: true, filter: '', sort: 'cpu_usage', isAscending: false },
  ...{ list: { jobs: JOBS, offset: 0, total: 5000 }, page: { kind: 'list' } },
};

/** Presses keys one after the other; returns the last state and all effects. */
function type(keys: readonly string[], begin = LIST) {
  let state = begin;
  const effects: string[] = [];
  for (const key of keys) {
    const pressed = press(state, key, NOON_MS);
    state = pressed.state;
    if (pressed.effect) effects.push(pressed.effect);
  }
  return { state, effects };
}

test('arrows and pages move the selected job, scroll, and read what is not known', () => {
  const place = (keys: readonly string[]) => {
    const { state, effects } = type(keys);
    return [state.first, state.selected, effects];
  };
  expect(place(['up'])).toEqual([0, 0, []]);
  expect(place(['down', 'j', 'k'])).toEqual([0, 1, []]);
  expect(place(['page-down'])).toEqual([1, 10, []]);
  expect(place(['end'])).toEqual([4990, 4999, ['read']]);
  expect(place(['end', 'home'])).toEqual([0, 0, ['read']]);
});

test('sorting, reversing and the filter list from the beginning', () => {
  const { state, effects } = type(['down', 'm', 'r']);
  expect(state).toMatchObject({ sort: 'memory_usage', isAscending: true, selected: 0 });
  expect(effects).toEqual(['read', 'read']);
  const filtered = type(['/', ...'gpus>=', 'enter', '1', 'enter']);
  expect(filtered.state).toMatchObject({ filter: 'gpus>=1', page: { kind: 'list' } });
  expect(filtered.effects).toEqual(['read']);
  expect(type(['/', ...'gpus>=', 'enter']).state.page).toMatchObject({
    fault: 'Write a value after gpus>=.',
  });
  expect(type(['/', ...'ab c', 'ctrl-w', 'backspace', 'q']).state.page).toMatchObject({ draft: 'abq' });
  expect(type(['/', 'x', 'escape']).state).toMatchObject({ filter: '', page: { kind: 'list' } });
});

test('a changes between own jobs and those of everybody, for those who may see them', () => {
  const own = { ...LIST, user: 'alice' };
  expect(type(['a'], own).state.user).toBeUndefined();
  expect(type(['a', 'a'], own).state.user).toBe('alice');
  const { state, effects } = type(['a'], { ...own, seesOthers: false });
  expect([state.user, state.message, effects]).toEqual(['alice', 'You may see only your own jobs.', []]);
  expect(type(['down'], state).state.message).toBeUndefined();
});

test('q leads out of a report and then of the program, Ctrl-C out of anything', () => {
  const report: TopState = {
    ...LIST,
    page: { kind: 'report', jobId: '1', lines: Array(40).fill(''), scroll: 0 },
  };
  expect(type(['end', 'page-up'], report).state.page).toMatchObject({ scroll: 10 });
  expect(type(['q'], report)).toMatchObject({ state: { page: { kind: 'list' } }, effects: [] });
  expect(type(['q', 'q'], report).effects).toEqual(['quit']);
  expect(type(['?', 'x', 'enter']).effects).toEqual(['report']);
  for (const page of [report.page, { kind: 'help' } as const, { kind: 'filter', draft: '' } as const])
    expect(type(['ctrl-c'], { ...LIST, page }).effects).toEqual(['quit']);
});

test('running and waiting jobs are listed, unless the filter says otherwise', () => {
  const queryFor = (filter: string, user?: string) =>
    queryOfTop({ ...LIST, filter, ...(user && { user }) }, NOON_MS);
  const order = { sort: 'cpu_usage', order: 'desc' };
  expect(queryFor('')).toEqual({ state: 'running,pending', ...order });
  expect(queryFor('gpus:1', 'o x')).toMatchObject({ user: 'o x', min_gpus: '1' });
  expect(queryFor('state:failed user:bob', 'alice')).toEqual({ state: 'failed', user: 'bob', ...order });
});
