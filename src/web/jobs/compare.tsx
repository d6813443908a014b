import { useMemo } from 'preact/hooks';
import type { SparklineAnswer, SparklineListAnswer } from '../../api/sparkline.ts';
import { formatMb, formatPercent } from '../../domain/figures.ts';
import { Plot } from '../parts/plot.tsx';
import { Problem } from '../parts/problem.tsx';
import { getJson } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';
import { jobAddress } from '../parts/router.ts';
import { compareLines, hasMeasure } from './compare-lines.ts';
import { Panel } from './drawer.tsx';

/** As MAX_SPARKLINE_POINTS of the API. */
const POINTS = 400;
const POLL_MS = 30_000;

const MEASURES = [
  { measure: 'cpu', title: 'CPU, of the allocation', format: formatPercent, max: 100 },
  { measure: 'memory_mb', title: 'Memory of all nodes', format: formatMb, isBinary: true },
  { measure: 'gpu', title: 'GPU', format: formatPercent, max: 100 },
] as const;

interface CompareProps {
  readonly ids: readonly string[];
  /** The job of the list, for its name. */
  readonly nameOf: (id: string) => string | undefined;
  readonly onRemove: (id: string) => void;
  readonly onClose: () => void;
}

/** Several jobs in one plot a measure, each from its own start. */
export function Compare({ ids, nameOf, onRemove, onClose }: CompareProps) {
  const { value, error } = useResource(
    ids.join('\n'),
    (signal) =>
      getJson<SparklineListAnswer>(
        'v1/sparklines',
        [...ids.map((id) => ['job', id] as const), ['points', POINTS]],
        signal,
      ),
    { everyMs: POLL_MS },
  );
  return (
    <Panel
      kind="compare"
      label="Compared jobs"
      onClose={onClose}
      head={<Heading {...{ ids, nameOf, onRemove }} />}
    >
      {error && !value && <Problem error={error} />}
      {value ? <ComparePlots ids={ids} lines={value.sparklines} /> : <p class="soft">Reading …</p>}
      {value && value.skipped.length > 0 && (
        <p class="soft">Too many nodes to be compared: {value.skipped.join(', ')}.</p>
      )}
    </Panel>
  );
}

function Heading({ ids, nameOf, onRemove }: Omit<CompareProps, 'onClose'>) {
  return (
    <>
      <h2 class="visually-hidden">Compared jobs</h2>
      <ul class="legend">
        {ids.map((id, place) => (
          <li key={id} style={{ '--line-colour': `var(--series-${place + 1})` }}>
            <a href={jobAddress(id)}>{id}</a> <span class="soft">{nameOf(id)}</span>{' '}
            <button type="button" aria-label={`Remove ${id}`} onClick={() => onRemove(id)}>
              ×
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function ComparePlots({ ids, lines }: { ids: readonly string[]; lines: readonly SparklineAnswer[] }) {
  const plots = useMemo(() => {
    const ordered = ids.map((id) => lines.find(({ job }) => job === id));
    return MEASURES.filter(({ measure }) => ordered.some((line) => hasMeasure(line, measure))).map((one) => ({
      ...one,
      ...compareLines(ordered, one.measure),
    }));
  }, [ids.join('\n'), lines]);
  if (plots.length === 0) return <p class="soft">Nothing was measured of these jobs.</p>;
  return (
    <div class="plots">
      {plots.map(({ measure, title, times, columns, format, ...more }) => (
        <Plot
          key={measure}
          title={`${title}, since the start`}
          times={times}
          columns={columns}
          labels={ids}
          format={format}
          isElapsed
          onZoom={() => {}}
          {...more}
        />
      ))}
    </div>
  );
}
