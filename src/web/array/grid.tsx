import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ArrayColumns } from '../../api/array.ts';
import { formatCount } from '../../domain/figures.ts';
import { GridCanvas } from '../parts/grid-canvas.tsx';
import { go, jobAddress } from '../parts/router.ts';
import { State } from '../parts/state.tsx';
import { look } from '../parts/theme.tsx';
import { drawSquares } from './draw.ts';
import { cornerOf, layOut, moveFrom, placeAt } from './layout.ts';
import { MEASURES, type TaskMeasure } from './measures.ts';

interface GridProps {
  readonly tasks: ArrayColumns;
  /** What fills the squares; undefined for their states. */
  readonly measure: TaskMeasure | undefined;
}

/** Shows a square for each task. The pointer and the arrows show what is known of one; a click and Enter open it. */
export function TaskGrid({ tasks, measure }: GridProps) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(frame);
  const colours = look.value;
  const [current, setCurrent] = useState<number | undefined>(undefined);
  const layout = useMemo(() => layOut(tasks.job_id.length, width), [tasks, width]);
  const shares = useMemo(() => measure && sharesOf(measure.values(tasks)), [tasks, measure]);
  useEffect(() => {
    if (width > 0) drawSquares(canvas.current!, layout, { states: tasks.state, shares });
  }, [layout, tasks, shares, colours, width]);

  const open = (place: number | undefined) => place !== undefined && go(jobAddress(tasks.job_id[place]!));
  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === 'Enter') open(current);
    const next = moveFrom(layout, current ?? 0, event.key);
    if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    setCurrent(next);
  }
  const corner = current === undefined ? undefined : cornerOf(layout, current);
  return (
    <div
      ref={frame}
      class="task-grid"
      role="application"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: keys move between the squares, which are no elements
      tabIndex={0}
      aria-label={`Grid of ${formatCount(tasks.job_id.length, 'task')}: arrows move, Enter opens. The list of jobs has the same.`}
      onKeyDown={onKeyDown}
      onFocus={() => setCurrent((known) => known ?? 0)}
      onBlur={() => setCurrent(undefined)}
    >
      <GridCanvas
        {...{ canvas, width, height: layout.height, current, setCurrent, open }}
        placeAt={(x, y) => placeAt(layout, x, y)}
      />
      {corner && (
        <>
          <div
            class="task-current"
            style={{
              left: `${corner.x - 2}px`,
              top: `${corner.y - 2}px`,
              width: `${layout.pitch + 2}px`,
              height: `${layout.pitch + 2}px`,
            }}
          />
          <Card
            tasks={tasks}
            place={current!}
            style={{
              top: `${corner.y + layout.pitch + 4}px`,
              ...(corner.x > width / 2
                ? { right: `${width - corner.x - layout.pitch}px` }
                : { left: `${corner.x}px` }),
            }}
          />
        </>
      )}
    </div>
  );
}

interface CardProps {
  readonly tasks: ArrayColumns;
  readonly place: number;
  readonly style: Readonly<Record<string, string>>;
}

/** What is known of the task under the pointer or the keys. */
function Card({ tasks, place, style }: CardProps) {
  const task = tasks.task_id[place];
  return (
    <div class="task-card" role="status" style={style}>
      <p>
        <b>{task === null ? 'waiting together' : `task ${task}`}</b> <State state={tasks.state[place]!} />
      </p>
      <dl>
        <dt>Job</dt>
        <dd>{tasks.job_id[place]}</dd>
        {MEASURES.map(({ name, title, format, values }) => {
          const value = values(tasks)[place];
          return typeof value !== 'number' ? null : (
            <>
              <dt key={name}>{title}</dt>
              <dd>{format(value)}</dd>
            </>
          );
        })}
      </dl>
    </div>
  );
}

/** Returns each value as a share of the largest one, so that differences are seen. */
function sharesOf(values: readonly (number | null)[]): Float64Array {
  const most = values.reduce<number>((one, other) => Math.max(one, other ?? 0), 0);
  return Float64Array.from(values, (value) => (value === null ? Number.NaN : most > 0 ? value / most : 0));
}

function useWidth(frame: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(frame.current!);
    return () => observer.disconnect();
  }, []);
  return width;
}
