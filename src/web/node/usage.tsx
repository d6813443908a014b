import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { NodeField, NodeUsageAnswer } from '../../api/node-usage.ts';
import { formatCount, formatMb, shorten } from '../../domain/figures.ts';
import { formatLocal } from '../parts/moment.tsx';
import { Problem } from '../parts/problem.tsx';
import { getJson } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';
import { addressOf, go, jobAddress, place } from '../parts/router.ts';
import { look } from '../parts/theme.tsx';
import { drawStack, HEIGHT, LEFT, type StackProps } from './draw-stack.ts';
import { bandsOf, highest } from './stack.ts';

const FIELDS: readonly { readonly name: NodeField; readonly label: string }[] = [
  { name: 'cpus', label: 'CPUs' },
  { name: 'memory_mb', label: 'Memory' },
  { name: 'gpus', label: 'GPUs' },
];
const RANGES = { '1h': 1, '6h': 6, '1d': 24, '7d': 168, '30d': 720 } as const;
const HOUR_MS = 3_600_000;
const POLL_MS = 60_000;
const COLUMNS = 240;

interface UsageProps {
  readonly node: string;
  /** How much the node has of each field. */
  readonly totals: Readonly<Record<NodeField, number | undefined>>;
}

/** What jobs used of the node over time, one on top of the other. */
export function Usage({ node, totals }: UsageProps) {
  const { path, query } = place.value;
  const field = FIELDS.find(({ name }) => name === query.get('field'))?.name ?? 'cpus';
  const range = (query.get('range') ?? '1d') as keyof typeof RANGES;
  const hours = RANGES[range] ?? RANGES['1d'];
  const { value, error } = useResource(
    `${node} ${field} ${hours}`,
    (signal) => {
      const start_time = new Date(Date.now() - hours * HOUR_MS).toISOString();
      const wanted = { field, start_time, columns: COLUMNS };
      return getJson<NodeUsageAnswer>(`v1/nodes/${encodeURIComponent(node)}/usage`, wanted, signal);
    },
    { everyMs: POLL_MS },
  );
  const choose = (change: Readonly<Record<string, string>>) =>
    go(addressOf(path, { ...Object.fromEntries(query), ...change }), { replace: true });
  return (
    <section aria-label="Use over time">
      <div class="list-head grid-head">
        <h2>Use over time</h2>
        <Choices
          label="What"
          names={FIELDS.filter(({ name }) => name !== 'gpus' || totals.gpus)}
          value={field}
          onChoose={(name) => choose({ field: name })}
        />
        <Choices
          label="Range"
          names={Object.keys(RANGES).map((name) => ({ name, label: name }))}
          value={range}
          onChoose={(name) => choose({ range: name })}
        />
      </div>
      {error && <Problem error={error} />}
      {value && <Stack usage={value} total={totals[value.field]} />}
    </section>
  );
}

interface ChoicesProps {
  readonly label: string;
  readonly names: readonly { readonly name: string; readonly label: string }[];
  readonly value: string;
  readonly onChoose: (name: string) => void;
}

const Choices = ({ label, names, value, onChoose }: ChoicesProps) => (
  <fieldset class="choices">
    <legend class="visually-hidden">{label}</legend>
    {names.map((one) => (
      <button
        key={one.name}
        type="button"
        aria-pressed={one.name === value}
        onClick={() => onChoose(one.name)}
      >
        {one.label}
      </button>
    ))}
  </fieldset>
);

const FORMATS: Record<NodeField, (value: number) => string> = {
  cpus: (value) => `${shorten(value)} CPUs`,
  memory_mb: formatMb,
  gpus: (value) => `${shorten(value)} GPUs`,
};

function Stack({ usage, total }: { usage: NodeUsageAnswer; total: number | undefined }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [column, setColumn] = useState<number | undefined>(undefined);
  const bands = useMemo(() => bandsOf(usage), [usage]);
  const format = FORMATS[usage.field];
  const most = highest(bands, usage.columns);
  const top = Math.max(total ?? 0, most) || 1;
  const colours = look.value;
  useEffect(() => {
    const element = canvas.current!.parentElement!;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [bands.length === 0]);
  useEffect(() => {
    if (width === 0) return;
    const props: StackProps = { usage, bands, top, total, format };
    drawStack(canvas.current!, width, props);
  }, [usage, bands, width, top, colours]);
  const columnAt = (x: number) => {
    const place = Math.floor(((x - LEFT) / (width - LEFT)) * usage.columns);
    return place >= 0 && place < usage.columns ? place : undefined;
  };
  const startMs = Date.parse(usage.start_time);
  const shown = column === undefined ? [] : bands.filter(({ values }) => typeof values[column] === 'number');
  return (
    <>
      {bands.length === 0 && <p class="soft">No job that you may see was measured here in this time.</p>}
      <figure
        class="stack"
        aria-label={`Use by ${formatCount(usage.jobs.length, 'job')}, at most ${format(most)}`}
        hidden={bands.length === 0}
      >
        <canvas
          ref={canvas}
          width={width * devicePixelRatio}
          height={HEIGHT * devicePixelRatio}
          style={{ width: `${width}px`, height: `${HEIGHT}px` }}
          onPointerMove={({ offsetX }) => setColumn(columnAt(offsetX))}
          onPointerLeave={() => setColumn(undefined)}
        />
        {column !== undefined && (
          <div
            class="readout"
            style={column > usage.columns / 2 ? { left: `${LEFT + 8}px` } : { right: '8px' }}
          >
            {[
              formatLocal(startMs + column * usage.step_seconds * 1000),
              ...shown.map(({ label, values }) => `${label}: ${format(values[column]!)}`),
            ].join('\n')}
          </div>
        )}
      </figure>
      <ul class="legend">
        {bands.map(({ label, jobId, colour }) => (
          <li
            key={label}
            style={{ '--line-colour': colour === 0 ? 'var(--allocated)' : `var(--series-${colour})` }}
          >
            {jobId === undefined ? label : <a href={jobAddress(jobId)}>{label}</a>}
          </li>
        ))}
      </ul>
      {usage.left_out > 0 && (
        <p class="soft">
          {formatCount(usage.left_out, 'further job')} of this time: not measured, or too small.
        </p>
      )}
    </>
  );
}
