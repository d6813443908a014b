import { queryOf, readFilter, writeTerm } from '../../api/filter-text.ts';
import type { TopState } from '../../report/top.ts';

/** Returns the parameters of `GET /v1/jobs` for what the screen lists. */
export function queryOfTop(
  { user, filter, sort, isAscending }: Pick<TopState, 'user' | 'filter' | 'sort' | 'isAscending'>,
  nowMs: number,
): Record<string, string> {
  const isOwn = user !== undefined && !/\buser:/.test(filter);
  const isActive = !/\b(state|raw|since|until):/.test(filter);
  const text = [isOwn ? writeTerm('user', user) : '', isActive ? 'state:running,pending' : '', filter];
  return {
    ...queryOf(readFilter(text.join(' '), nowMs)),
    sort,
    order: isAscending ? 'asc' : 'desc',
  };
}
