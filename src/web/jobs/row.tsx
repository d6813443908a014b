import { useMemo } from 'preact/hooks';
import type { Cell, Column } from './columns.tsx';
import type { ListedJob } from './left.ts';
import { lineOf } from './sparklines.ts';

interface RowProps {
  readonly job: ListedJob;
  /** From 0. */
  readonly place: number;
  readonly columns: readonly Column[];
  readonly nowMs: number;
  readonly isCurrent: boolean;
  /** Undefined while nothing is selected, when there are no boxes. */
  readonly isSelected: boolean | undefined;
  readonly narrow: (term: string) => void;
  readonly onSelect: (id: string) => void;
}

/** One job. It is drawn anew only if something of it has changed: 80 rows are 6 ms, and a frame has 16. */
export function Row({ job, place, columns, nowMs, isCurrent, isSelected, narrow, onSelect }: RowProps) {
  const line = lineOf(job);
  // What has ended does not change with the time.
  const clock = job.end_time === undefined ? nowMs : 0;
  return useMemo(() => {
    const cell: Cell = { job, line, nowMs, narrow };
    return (
      <tr
        tabIndex={-1}
        class={job.hasLeft && 'left'}
        title={job.hasLeft && 'It has left this list: it does not match any more.'}
        aria-rowindex={place + 2}
        aria-current={isCurrent ? 'true' : undefined}
      >
        {isSelected !== undefined && (
          <td class="check">
            <input
              type="checkbox"
              aria-label={`Compare ${job.id}`}
              checked={isSelected}
              onChange={() => onSelect(job.id)}
            />
          </td>
        )}
        {columns.map((column) => (
          <td key={column.name} class={classOf(column, cell)}>
            {column.show(cell)}
          </td>
        ))}
      </tr>
    );
  }, [job, line, clock, place, columns, isCurrent, isSelected]);
}

function classOf({ name, isFigure, tint }: Column, cell: Cell): string {
  const tone = tint?.(cell);
  return `col-${name}${isFigure ? ' figure' : ''}${tone ? ` tint-${tone}` : ''}`;
}
