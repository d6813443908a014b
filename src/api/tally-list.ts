import { Type } from '@sinclair/typebox';
import { type FindingCount, TALLY_GROUPS, type TallyGroup, type TallyRow } from '../domain/store/tallies.ts';
import { type HourRange, msOfHour } from '../domain/tally/spans.ts';
import { sumTallies } from '../domain/tally/tally.ts';
import { formatTime } from '../domain/time.ts';
import { Choice, Time, type Wire } from './field.ts';
import { FindingCountAnswer, renderFindingCounts } from './finding-count.ts';
import { choiceParameter, operation, queryParameter, TimeParameter } from './operation.ts';
import { renderTally, TALLY_ANSWER_FIELDS, TallyAnswer } from './tally.ts';

export const DEFAULT_TALLIES = 100;
export const MAX_TALLIES = 10_000;

export const TallyRowAnswer = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        description: 'The user, account or partition, or the day as 2026-01-20; absent for jobs without one',
      }),
    ),
    ...TALLY_ANSWER_FIELDS,
  },
  { $id: 'TallyRow', additionalProperties: false },
);
export type TallyRowAnswer = Wire<typeof TallyRowAnswer>;

export const RANGE_FIELDS = {
  since: Time('Start of what is counted: that of the hour or the day (UTC) of the wanted time'),
  until: Time('End of what is counted, in the same way'),
};

export const BEHIND_FIELD = {
  is_behind: Type.Optional(
    Type.Boolean({
      description:
        'Many jobs are not counted yet: they were imported, or many ended, a short while ago; absent otherwise',
    }),
  ),
};

export const renderBehind = (isBehind: boolean) => (isBehind ? { is_behind: true } : {});

export const TallyListAnswer = Type.Object(
  {
    group_by: Choice(TALLY_GROUPS),
    ...RANGE_FIELDS,
    rows: Type.Array(TallyRowAnswer),
    total: Type.Integer({ minimum: 0, description: 'Rows that there are, beyond `limit` included' }),
    sum: TallyAnswer,
    ...BEHIND_FIELD,
    findings: Type.Array(FindingCountAnswer, {
      description: 'What rules found of all these jobs, harm before waste before info',
    }),
    running_findings: Type.Array(FindingCountAnswer, {
      description:
        'What rules find of the running jobs of the same user, account and partition, at most a minute old; in the same order',
    }),
  },
  { $id: 'TallyList', additionalProperties: false },
);
export type TallyListAnswer = Wire<typeof TallyListAnswer>;

export const renderRange = ({ from, to }: HourRange) => ({
  since: formatTime(msOfHour(from)),
  until: formatTime(msOfHour(to)),
});

export const renderTallyRow = ({ name, tally }: TallyRow): TallyRowAnswer => ({
  ...(name !== undefined && { name }),
  ...renderTally(tally),
});

/** Renders the first `limit` rows, the sum of all, and what was found of them. */
export const renderTallies = (
  rows: readonly TallyRow[],
  {
    groupBy,
    range,
    limit,
    findings,
    isBehind,
    runningFindings,
  }: {
    groupBy: TallyGroup;
    range: HourRange;
    limit: number;
    findings: readonly FindingCount[];
    isBehind: boolean;
    runningFindings: readonly FindingCount[];
  },
): TallyListAnswer => ({
  group_by: groupBy,
  ...renderRange(range),
  rows: rows.slice(0, limit).map(renderTallyRow),
  total: rows.length,
  sum: renderTally(sumTallies(rows.map(({ tally }) => tally))),
  ...renderBehind(isBehind),
  findings: renderFindingCounts(findings),
  running_findings: renderFindingCounts(runningFindings),
});

const Name = Type.String({ minLength: 1 });

export const TALLY_PARAMETERS = [
  choiceParameter('group_by', 'What the rows are of', TALLY_GROUPS, 'user'),
  queryParameter(
    'since',
    'Only jobs that ended at or after this time; 30 days ago by default',
    TimeParameter,
  ),
  queryParameter('until', 'Only jobs that ended before this time; now by default', TimeParameter),
  queryParameter('user', 'Only jobs of this user', Name),
  queryParameter('account', 'Only jobs of this account', Name),
  queryParameter('partition', 'Only jobs of this partition', Name),
  queryParameter(
    'limit',
    'Rows at most',
    Type.Integer({ minimum: 1, maximum: MAX_TALLIES, default: DEFAULT_TALLIES }),
  ),
];

export const LIST_TALLIES = operation({
  id: 'listUsage',
  method: 'GET',
  path: '/v1/usage',
  tag: 'Cluster',
  access: 'read',
  summary:
    'List what ended jobs held and used, by user, account, partition or day of their end. Those that held most GPU hours, ' +
    'then CPU hours, come first; days come in order',
  parameters: TALLY_PARAMETERS,
  answers: {
    200: {
      schema: TallyListAnswer,
      means:
        'The rows. A job counts in the hour and day (UTC) of its end, within a minute or two; what it used is complete about an hour later',
    },
  },
  errors: ['validation_error', 'unavailable'],
  repeatable: 'always',
});
