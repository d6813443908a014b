import { addressOf } from './router.ts';

const ENDED = 'state:completed,failed,cancelled';

/** Returns the list of the jobs that ended in the times of a page and meet further conditions. */
export function jobsAddress(query: URLSearchParams, conditions: readonly string[]): string {
  const range = query.get('range') ?? '30d';
  const since = query.get('since');
  const until = query.get('until');
  const times =
    since === null ? [`since:${range}`] : [`since:${since}`, until === null ? '' : `until:${until}`];
  return addressOf('jobs', {
    filter: [...conditions, ENDED, ...times].filter((term) => term !== '').join(' '),
  });
}
