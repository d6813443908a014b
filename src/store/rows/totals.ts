import type { SeriesMeasures } from '../../domain/measure-summary.ts';
import type { UsageTotals } from '../../domain/summary.ts';
import { unpackTotals } from '../chunk/measure-totals.ts';
import { unpackIfWhole } from '../chunk/whole.ts';

/** The totals of the sealed samples of a series. */
export type SealedRow = UsageTotals & {
  readonly node: number;
  readonly name: string;
  readonly data: Uint8Array | null;
};

/** Sums over all samples of a run on a node, deleted ones included. */
export interface NodeTotals extends UsageTotals {
  readonly node: string;
  readonly measures: SeriesMeasures;
}

/** Reads the totals of a series; undefined if they are damaged. */
export const readTotals = (data: Uint8Array | null): SeriesMeasures | undefined =>
  data === null ? [] : unpackIfWhole(data, unpackTotals);
