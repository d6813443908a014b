import type { TallyRowAnswer } from '../../api/tally-list.ts';
import { formatCount } from '../../domain/figures.ts';
import { changed } from '../parts/range.tsx';
import { type Amount, describeWasted, efficiencyOf, type Wasted } from './amounts.ts';
import { sumWeeks, type Week } from './weeks.ts';

export const TREND_WEEKS = 13;
/** A young service has fewer; so many are always shown. */
const FEWEST_WEEKS = 5;

interface TrendProps {
  readonly days: readonly TallyRowAnswer[];
  readonly amount: Amount;
  readonly nowMs: number;
}

const wastedIn = ({ held, measured, used }: Week): Wasted => ({
  ...{ held, unmeasured: Math.max(0, held - measured) },
  ...(measured > 0 && { used, wasted: Math.max(0, measured - used) }),
});

/** A column for each of the last weeks, which leads to that week: wasted at the bottom, then used. */
export function Trend({ days, amount: { field, unit }, nowMs }: TrendProps) {
  const all = sumWeeks(days, field, { nowMs, count: TREND_WEEKS });
  const weeks = all.slice(
    Math.max(
      0,
      Math.min(
        TREND_WEEKS - FEWEST_WEEKS,
        all.findIndex(({ jobs }) => jobs > 0),
      ),
    ),
  );
  const most = weeks.reduce((value, { held }) => Math.max(value, held), 0);
  if (most === 0) return null;
  const height = (value: number) => ({ height: `${(100 * value) / most}%` });
  return (
    <figure class="days weeks">
      <figcaption>{unit} by week: wasted at the bottom, used above it, not measured is hatched</figcaption>
      <ul>
        {weeks.map((week) => {
          const amount = wastedIn(week);
          const text = `Week of ${week.start}: ${formatCount(week.jobs, 'job')} ended, ${describeWasted(amount, unit)}`;
          return (
            <li key={week.start}>
              <a
                href={changed({ since: week.start, until: week.end, range: undefined })}
                title={text}
                aria-label={text}
              >
                <span class="amount-unmeasured" style={height(amount.held)} />
                <span class="amount-used" style={height(amount.held - amount.unmeasured)} />
                <span class="amount-wasted" style={height(amount.wasted ?? 0)} />
              </a>
            </li>
          );
        })}
      </ul>
      <ol class="weeks-used soft" aria-hidden="true">
        {weeks.map((week) => (
          <li key={week.start}>{efficiencyOf(wastedIn(week))}</li>
        ))}
      </ol>
      <p class="days-ends soft" aria-hidden="true">
        <span>{weeks[0]!.start}</span>
        <span>used of measured</span>
        <span>{weeks.at(-1)!.start}</span>
      </p>
    </figure>
  );
}
