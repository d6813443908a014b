import { Elysia } from 'elysia';
import {
  DEFAULT_WASTE_ROWS,
  GET_WASTE,
  MAX_WASTE_OFFSET,
  MAX_WASTE_ROWS,
  renderWaste,
  WASTE_AMOUNTS,
  WASTE_PARAMETERS,
  WASTE_SORTS,
  type WasteAnswer,
} from '../../api/waste.ts';
import { invalid } from '../../domain/errors.ts';
import type { View, ViewStore } from '../../domain/store/view.ts';
import { openEnd } from '../../domain/tally/spans.ts';
import { RESOURCES, sortByWaste, WASTE_GROUPS } from '../../domain/waste.ts';
import { callerContext, viewOf } from '../request/caller.ts';
import { readQuery } from '../request/query.ts';
import { readTallyFilter, readTimes, tallyRange } from '../request/tally-range.ts';
import { describe } from '../response/operation.ts';

interface WasteOptions {
  readonly store: ViewStore;
  readonly now: () => number;
}

/** Serves who held what they did not use. */
export const waste = ({ store, now }: WasteOptions) =>
  new Elysia({ name: 'waste', normalize: false })
    .use(callerContext)
    .get(GET_WASTE.path, ({ request, caller }) => listWaste(viewOf(store, caller), request, now()), {
      detail: describe(GET_WASTE),
    });

async function listWaste(view: View, request: Request, nowMs: number): Promise<WasteAnswer> {
  const query = readQuery(
    request,
    WASTE_PARAMETERS.map(({ name }) => name),
  );
  const groupBy = query.choice('group_by', WASTE_GROUPS) ?? 'user';
  const { sinceMs, untilMs } = readTimes(query, nowMs);
  const range = tallyRange(sinceMs, untilMs, nowMs, groupBy === 'node');
  const filter = readTallyFilter(query);
  const sorted = query.choice('sort', WASTE_SORTS) ?? 'gpu_hours';
  const sort = RESOURCES.find((resource) => WASTE_AMOUNTS[resource] === sorted)!;
  const limit = query.integer('limit', { min: 1, max: MAX_WASTE_ROWS, otherwise: DEFAULT_WASTE_ROWS });
  const offset = query.integer('offset', { min: 0, max: MAX_WASTE_OFFSET, otherwise: 0 });
  if (groupBy === 'node' && Object.values(filter).some((name) => name !== undefined))
    throw invalid('user, account and partition cannot be given with group_by=node.');
  const wanted = openEnd(range, nowMs);
  const rows =
    groupBy === 'node'
      ? await view.sumNodeTallies(wanted, request.signal)
      : await view.sumTallies({ groupBy, ...wanted, ...filter }, request.signal);
  const isBehind = await view.areTalliesBehind();
  return renderWaste(sortByWaste(rows, sort), { groupBy, range, sort, offset, limit, isBehind });
}
