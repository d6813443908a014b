import { readFilter } from '../../api/filter-text.ts';
import { jobsOnScreen, linesOnScreen, TOP_SORTS, type TopSort, type TopState } from '../../report/top.ts';

/** What a key asks for beside another picture. */
export type Effect = 'quit' | 'suspend' | 'redraw' | 'read' | 'report' | 'pause';

export interface Pressed {
  readonly state: TopState;
  readonly effect?: Effect;
}

/** Returns what a key makes of the screen. `nowMs` is for filters such as `since:2d`. */
export function press(before: TopState, key: string, nowMs: number): Pressed {
  if (key === 'ctrl-c') return { state: before, effect: 'quit' };
  if (key === 'ctrl-z') return { state: before, effect: 'suspend' };
  if (key === 'ctrl-l') return { state: before, effect: 'redraw' };
  const { message: _, ...state } = before;
  if (state.page.kind === 'filter') return typeFilter(state, key, nowMs);
  if (state.page.kind === 'help') return { state: { ...state, page: { kind: 'list' } } };
  if (state.page.kind === 'report') return pressInReport(state, key);
  return pressInList(state, key);
}

function pressInList(state: TopState, key: string): Pressed {
  const sort = sortOf(key);
  if (sort) return listAnew({ ...state, sort, isAscending: false });
  switch (key) {
    case 'q':
    case 'ctrl-d':
      return { state, effect: 'quit' };
    case 'r':
      return listAnew({ ...state, isAscending: !state.isAscending });
    case 'p':
      return { state, effect: 'pause' };
    case 'a':
      return toggleOthers(state);
    case '/':
      return { state: { ...state, page: { kind: 'filter', draft: state.filter } } };
    case '?':
    case 'h':
      return { state: { ...state, page: { kind: 'help' } } };
    case 'enter':
      return { state, effect: 'report' };
    default:
      return move(state, key);
  }
}

/** The keys of top are understood as well. */
const KEYS_OF_TOP: Readonly<Record<string, TopSort>> = { P: 'cpu_usage', M: 'memory_usage', T: 'runtime' };

const sortOf = (key: string): TopSort | undefined =>
  KEYS_OF_TOP[key] ?? (Object.keys(TOP_SORTS) as TopSort[]).find((sort) => TOP_SORTS[sort].key === key);

/** Lists from the beginning, because the order or the filter is another. */
const listAnew = (state: TopState): Pressed => ({
  state: { ...state, first: 0, selected: 0 },
  effect: 'read',
});

function toggleOthers(state: TopState): Pressed {
  if (!state.seesOthers) return { state: { ...state, message: 'You may see only your own jobs.' } };
  const { user, ...rest } = state;
  return listAnew(user === undefined ? { ...rest, user: state.self } : rest);
}

function move(state: TopState, key: string): Pressed {
  const page = jobsOnScreen(state);
  const last = Math.max(0, (state.list?.total ?? 1) - 1);
  const target = targetOf(key, state.selected, page, last);
  if (target === undefined) return { state };
  const moved = showSelected({ ...state, selected: Math.min(last, Math.max(0, target)) });
  return isLoaded(moved) ? { state: moved } : { state: moved, effect: 'read' };
}

function targetOf(key: string, at: number, page: number, last: number): number | undefined {
  switch (key) {
    case 'up':
    case 'k':
      return at - 1;
    case 'down':
    case 'j':
      return at + 1;
    case 'page-up':
      return at - page;
    case 'page-down':
    case ' ':
      return at + page;
    case 'home':
      return 0;
    case 'end':
      return last;
    default:
      return undefined;
  }
}

/** Scrolls until the selected job is on the screen. */
export function showSelected(state: TopState): TopState {
  const page = jobsOnScreen(state);
  const { selected, first } = state;
  if (selected < first) return { ...state, first: selected };
  return selected >= first + page ? { ...state, first: selected - page + 1 } : state;
}

/** Whether all jobs that fit on the screen are known. */
export function isLoaded(state: TopState): boolean {
  const { list, first } = state;
  if (!list) return false;
  const end = Math.min(list.total, first + jobsOnScreen(state));
  return first >= list.offset && end <= list.offset + list.jobs.length;
}

function pressInReport(state: TopState, key: string): Pressed {
  const { page } = state;
  if (page.kind !== 'report') return { state };
  if (['q', 'escape', 'left', 'backspace', 'enter', 'ctrl-d'].includes(key))
    return { state: { ...state, page: { kind: 'list' } } };
  const lines = linesOnScreen(state);
  const most = Math.max(0, page.lines.length - lines);
  const target = targetOf(key, page.scroll, lines, most);
  if (target === undefined) return { state };
  return { state: { ...state, page: { ...page, scroll: Math.min(most, Math.max(0, target)) } } };
}

const MAX_FILTER = 400;

function typeFilter(state: TopState, key: string, nowMs: number): Pressed {
  if (state.page.kind !== 'filter') return { state };
  const { draft } = state.page;
  if (key === 'escape') return { state: { ...state, page: { kind: 'list' } } };
  const fault = readFilter(draft, nowMs).find((term) => term.fault !== undefined)?.fault;
  if (key === 'enter')
    return fault === undefined
      ? listAnew({ ...state, filter: draft.trim(), page: { kind: 'list' } })
      : { state: { ...state, page: { kind: 'filter', draft, fault } } };
  const typed = typeInto(draft, key).slice(0, MAX_FILTER);
  return { state: { ...state, page: { kind: 'filter', draft: typed } } };
}

function typeInto(draft: string, key: string): string {
  if (key === 'backspace') return [...draft].slice(0, -1).join('');
  if (key === 'ctrl-u') return '';
  if (key === 'ctrl-w') return draft.replace(/\S+\s*$/, '');
  return [...key].length === 1 ? draft + key : draft;
}
