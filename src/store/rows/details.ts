import { DETAILS } from '../../domain/detail.ts';
import type { Detail } from '../../domain/run.ts';
import { NOT_REPORTED, type Verdict } from '../../domain/trust.ts';
import { readOrigins, writeOrigins } from './origins.ts';

/** Details whose column has the number of a label, the value itself, or JSON. */
const LABELS = DETAILS.filter((row) => row.kind === 'label');
const LISTS = DETAILS.filter(
  (row) => row.kind === 'allocations' || row.kind === 'identities' || row.kind === 'times',
);
const VALUES = DETAILS.filter(
  (row) => row.kind === 'text' || row.kind === 'identity' || row.kind === 'count' || row.kind === 'time',
);

/** The `sources` of a job whose fields all come from the API, as most do where no scheduler reports. */
const ONLY_API = '';

/** A row of `detail` with the keys of details as names; label columns have their names. */
export type DetailRow = Record<string, string | number | null> & {
  readonly job: number;
  readonly sources: string;
  readonly verdict: Verdict;
  readonly verdict_ms: number;
};

/** The columns of a detail row in the order of `detailValues`, its job first. */
export const DETAIL_COLUMNS: readonly string[] = [
  'job',
  ...[...LABELS, ...VALUES, ...LISTS].map(({ column }) => column),
  'sources',
  'verdict',
  'verdict_ms',
];

/** Returns the values of DETAIL_COLUMNS; `numberLabel` numbers the names of labels. */
export function detailValues(
  job: number,
  { details, provenance }: Detail,
  numberLabel: (name: string) => number,
): (number | string | null)[] {
  return [
    job,
    ...LABELS.map(({ key }) => (details[key] === undefined ? null : numberLabel(details[key]))),
    ...VALUES.map(({ key }) => details[key] ?? null),
    ...LISTS.map(({ key }) => (details[key] ? JSON.stringify(details[key]) : null)),
    provenance.fields === NOT_REPORTED.fields ? ONLY_API : writeOrigins(provenance.fields),
    provenance.verdict,
    provenance.verdictMs,
  ];
}

/** Returns the label names that a detail has. */
export const labelsOf = ({ details }: Detail): string[] => LABELS.flatMap(({ key }) => details[key] ?? []);

/** Reads a row of `detail`. */
export function readDetail({ job: _, sources, verdict, verdict_ms, ...rest }: DetailRow): Detail {
  const details: Record<string, unknown> = {};
  for (const key in rest) if (rest[key] !== null) details[key] = rest[key];
  for (const { key } of LISTS)
    if (details[key] !== undefined) details[key] = JSON.parse(details[key] as string);
  const fields = sources === ONLY_API ? NOT_REPORTED.fields : readOrigins(sources);
  return { details, provenance: { fields, verdict, verdictMs: verdict_ms } };
}
