import type { WasteAnswer, WasteRowAnswer } from '../../api/waste.ts';
import { formatAmount, formatPercent } from '../../domain/figures.ts';

/** What can be wasted, and how it is counted. */
export const AMOUNTS = [
  { field: 'gpu_hours', name: 'GPU', unit: 'GPU h' },
  { field: 'cpu_hours', name: 'CPU', unit: 'CPU h' },
  { field: 'memory_gb_hours', name: 'Memory', unit: 'GB h' },
] as const;
export type Amount = (typeof AMOUNTS)[number];

export type Wasted = NonNullable<WasteRowAnswer['gpu_hours']>;

/** Returns the amount that the address asks for, or else the first that anybody held. */
export const chooseAmount = (wanted: string | null, sum: WasteAnswer['sum'] | undefined): Amount =>
  AMOUNTS.find(({ field }) => field === wanted) ??
  AMOUNTS.find(({ field }) => (sum?.[field]?.held ?? 0) > 0) ??
  AMOUNTS[0];

/** Writes what was held, such as `4 GPU h wasted, 3 used and 1 not measured of 8 held`. */
export function describeWasted({ held, unmeasured, used, wasted }: Wasted, unit: string): string {
  if (wasted === undefined) return `${formatAmount(held)} ${unit} held, none of it measured`;
  const rest = unmeasured > 0 ? ` and ${formatAmount(unmeasured)} not measured` : '';
  return `${formatAmount(wasted)} ${unit} wasted, ${formatAmount(used!)} used${rest} of ${formatAmount(held)} held`;
}

/** Writes how much of what was measured was used; nothing if nothing was. */
export function efficiencyOf({ held, unmeasured, used }: Wasted): string {
  const measured = held - unmeasured;
  return used === undefined || measured <= 0 ? '' : formatPercent((100 * used) / measured);
}
