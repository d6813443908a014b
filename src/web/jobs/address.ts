import { addressOf, go, place } from '../parts/router.ts';
import { readCompared, writeCompared } from './compare-ids.ts';

// What the list shows, as it is in the address.

export interface ListAddress {
  readonly filter: string;
  readonly sort: string;
  readonly order: 'asc' | 'desc';
  /** The chosen columns as text; undefined for the usual ones. */
  readonly columns: string | undefined;
  /** The job in the drawer. */
  readonly open: string | undefined;
  readonly compared: readonly string[];
}

export function readAddress(): ListAddress {
  const { query } = place.value;
  return {
    filter: query.get('filter') ?? '',
    sort: query.get('sort') ?? 'start_time',
    order: query.get('order') === 'asc' ? 'asc' : 'desc',
    columns: query.get('columns') ?? undefined,
    open: query.get('open') ?? undefined,
    compared: readCompared(query.get('compare')),
  };
}

/** Shows something else. What is only looked at `replace`s the entry of the history. */
export function showAddress(next: ListAddress, { replace = false } = {}): void {
  const { filter, sort, order, columns, open, compared } = next;
  const isUsual = sort === 'start_time' && order === 'desc';
  const address = addressOf(place.value.path, {
    filter,
    ...(!isUsual && { sort, order }),
    columns,
    open,
    compare: writeCompared(compared),
  });
  go(address, { replace });
}
