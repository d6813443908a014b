import { Type } from '@sinclair/typebox';
import type { HeldRow } from '../domain/store/tallies.ts';
import type { HourRange } from '../domain/tally/spans.ts';
import { countRuns, type HeldTally, sumHeld } from '../domain/tally/tally.ts';
import {
  amountOf,
  type Resource,
  sumWasted,
  WASTE_GROUPS,
  type WasteGroup,
  wastedOf,
} from '../domain/waste.ts';
import { Choice, type Wire } from './field.ts';
import { choiceParameter, operation, queryParameter } from './operation.ts';
import { BEHIND_FIELD, RANGE_FIELDS, renderBehind, renderRange, TALLY_PARAMETERS } from './tally-list.ts';

export const DEFAULT_WASTE_ROWS = 100;
export const MAX_WASTE_ROWS = 10_000;
export const MAX_WASTE_OFFSET = 1_000_000;

const amount = (description: string) => Type.Number({ minimum: 0, description });

const wasted = (unit: string) =>
  Type.Optional(
    Type.Object(
      {
        held: amount(`${unit} held`),
        unmeasured: amount(
          'How much of it was held while its use was not measured: that is not called waste',
        ),
        used: Type.Optional(amount('How much was used while it was measured; absent if nothing was')),
        wasted: Type.Optional(amount('held - unmeasured - used; absent if nothing was measured')),
        share: Type.Optional(
          Type.Number({
            minimum: 0,
            maximum: 1,
            description: 'Part of what all rows wasted, beyond `limit` included; absent if that is nothing',
          }),
        ),
      },
      { additionalProperties: false, description: 'Absent if nothing is known to have been held' },
    ),
  );

const WASTE_FIELDS = {
  jobs: Type.Integer({ minimum: 0, description: 'Runs that ended; by node, on each of its nodes' }),
  gpu_hours: wasted('GPU hours'),
  cpu_hours: wasted('CPU hours'),
  memory_gb_hours: wasted('GB hours (2^30 bytes)'),
  energy_joules: Type.Optional(amount('Of the jobs whose energy is known')),
  energy_jobs: Type.Optional(Type.Integer({ minimum: 0, description: 'How many that are' })),
};

export const WasteRowAnswer = Type.Object(
  {
    name: Type.Optional(
      Type.String({ description: 'The user, account, partition or node; absent for jobs without one' }),
    ),
    ...WASTE_FIELDS,
  },
  { $id: 'WasteRow', additionalProperties: false },
);
export type WasteRowAnswer = Wire<typeof WasteRowAnswer>;

/** How the amounts of an answer are called. */
export const WASTE_AMOUNTS = {
  gpu: 'gpu_hours',
  cpu: 'cpu_hours',
  memory: 'memory_gb_hours',
} as const satisfies Record<Resource, keyof typeof WASTE_FIELDS>;

export const WASTE_SORTS = Object.values(WASTE_AMOUNTS);

export const WasteAnswer = Type.Object(
  {
    group_by: Choice(WASTE_GROUPS),
    ...RANGE_FIELDS,
    sort: Choice(WASTE_SORTS),
    rows: Type.Array(WasteRowAnswer),
    total: Type.Integer({ minimum: 0, description: 'Rows that there are, beyond `limit` included' }),
    sum: Type.Object(WASTE_FIELDS, { additionalProperties: false, description: 'Of all rows' }),
    ...BEHIND_FIELD,
  },
  { $id: 'Waste', additionalProperties: false },
);
export type WasteAnswer = Wire<typeof WasteAnswer>;

const HOUR = 3600;
const UNITS: Record<Resource, number> = { gpu: HOUR, cpu: HOUR, memory: HOUR * 1024 };

type Totals = Record<Resource, number>;

interface WastePage {
  readonly groupBy: WasteGroup;
  readonly range: HourRange;
  readonly sort: Resource;
  readonly offset: number;
  readonly limit: number;
  readonly isBehind: boolean;
}

/** Renders a page of sorted rows, each with its share of all of them. */
export function renderWaste(
  rows: readonly HeldRow[],
  { groupBy, range, sort, offset, limit, isBehind }: WastePage,
): WasteAnswer {
  const totals: Totals = {
    gpu: sumWasted(rows, 'gpu'),
    cpu: sumWasted(rows, 'cpu'),
    memory: sumWasted(rows, 'memory'),
  };
  const sum = sumHeld(rows.map(({ tally }) => tally));
  return {
    group_by: groupBy,
    ...renderRange(range),
    sort: WASTE_AMOUNTS[sort],
    rows: rows.slice(offset, offset + limit).map(({ name, tally }) => ({
      ...(name !== undefined && { name }),
      ...renderFields(tally, totals),
    })),
    total: rows.length,
    sum: renderFields(sum),
    ...renderBehind(isBehind),
  };
}

function renderFields(tally: HeldTally, totals?: Totals) {
  const { energies, energyJoules } = tally;
  const amounts = (['gpu', 'cpu', 'memory'] as const).map((resource) => [
    WASTE_AMOUNTS[resource],
    renderAmount(tally, resource, totals?.[resource]),
  ]);
  return {
    jobs: countRuns(tally),
    ...(Object.fromEntries(amounts.filter(([, amount]) => amount !== undefined)) as Partial<
      Record<(typeof WASTE_AMOUNTS)[Resource], NonNullable<ReturnType<typeof renderAmount>>>
    >),
    ...(energies > 0 && { energy_joules: energyJoules, energy_jobs: energies }),
  };
}

function renderAmount(tally: HeldTally, resource: Resource, total: number | undefined) {
  const { held, measured, used } = amountOf(tally, resource);
  if (held === 0) return undefined;
  const unit = UNITS[resource];
  const wasted = wastedOf(tally, resource);
  return {
    held: round(held / unit),
    unmeasured: round(Math.max(0, held - measured) / unit),
    ...(measured > 0 && {
      used: round(used / unit),
      wasted: round(wasted / unit),
      ...(total !== undefined && total > 0 && { share: round(wasted / total) }),
    }),
  };
}

const round = (value: number): number => Number(value.toFixed(4));

export const WASTE_PARAMETERS = [
  choiceParameter('group_by', 'What the rows are of', WASTE_GROUPS, 'user'),
  ...TALLY_PARAMETERS.filter(({ name }) => name !== 'group_by' && name !== 'limit').map((parameter) =>
    ['user', 'account', 'partition'].includes(parameter.name)
      ? { ...parameter, description: `${parameter.description}; not with group_by=node` }
      : parameter,
  ),
  choiceParameter(
    'sort',
    'Which waste comes first; the others decide between equals',
    WASTE_SORTS,
    'gpu_hours',
  ),
  queryParameter(
    'limit',
    'Rows at most',
    Type.Integer({ minimum: 1, maximum: MAX_WASTE_ROWS, default: DEFAULT_WASTE_ROWS }),
  ),
  queryParameter(
    'offset',
    'Rows to leave out before the first',
    Type.Integer({ minimum: 0, maximum: MAX_WASTE_OFFSET, default: 0 }),
  ),
];

export const GET_WASTE = operation({
  id: 'getWaste',
  method: 'GET',
  path: '/v1/waste',
  tag: 'Cluster',
  access: 'read',
  summary:
    'List who held what they did not use, by user, account, partition or node, those that wasted most first. Sums by node are for ' +
    'those who may see all jobs',
  parameters: WASTE_PARAMETERS,
  answers: {
    200: {
      schema: WasteAnswer,
      means:
        'The rows. A job counts in the hour and day (UTC) of its end, by node in the day, without those on more than 1,000 nodes; what it used is ' +
        'complete about an hour later',
    },
  },
  errors: ['validation_error', 'unavailable'],
  repeatable: 'always',
});
