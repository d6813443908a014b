import type { TallyListAnswer } from '../../api/tally-list.ts';
import { formatCount } from '../../domain/figures.ts';
import { describeHeld } from './tally.tsx';

const DAY_MS = 86_400_000;

/** A column for each day: what was held, with the part that was used strong; GPU hours where there are any. */
export function DayColumns({ list: { since, until, rows, sum } }: { list: TallyListAnswer }) {
  const field = sum.gpu_hours ? 'gpu_hours' : 'cpu_hours';
  const unit = sum.gpu_hours ? 'GPU h' : 'CPU h';
  const most = rows.reduce((value, row) => Math.max(value, row[field]?.held ?? 0), 0);
  if (most === 0) return null;
  const byDay = new Map(rows.map((row) => [row.name, row]));
  const days = Array.from(
    { length: Math.round((Date.parse(until) - Date.parse(since)) / DAY_MS) },
    (_, day) => new Date(Date.parse(since) + day * DAY_MS).toISOString().slice(0, 'YYYY-MM-DD'.length),
  );
  const height = (value: number) => ({ height: `${(100 * value) / most}%` });
  return (
    <figure class="days">
      <figcaption>{unit} by day (UTC): used is strong, not measured is hatched</figcaption>
      <ul>
        {days.map((day) => {
          const amount = byDay.get(day)?.[field];
          const jobs = byDay.get(day)?.jobs ?? 0;
          const text = `${day}: ${formatCount(jobs, 'job')} ended${amount ? `, ${describeHeld(amount, unit)}` : ''}`;
          return (
            <li key={day} title={text}>
              <span class="visually-hidden">{text}</span>
              {amount && <span class="amount-unmeasured" style={height(amount.held)} />}
              {amount?.measured !== undefined && (
                <span class="amount-allocated" style={height(amount.measured)} />
              )}
              {amount?.used !== undefined && <span class="amount-used" style={height(amount.used)} />}
            </li>
          );
        })}
      </ul>
      <p class="days-ends soft" aria-hidden="true">
        <span>{days[0]}</span>
        <span>{days.at(-1)}</span>
      </p>
    </figure>
  );
}
