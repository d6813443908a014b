import type { ArrayAnswer, DistributionAnswer } from '../../api/array.ts';
import { formatCount } from '../../domain/figures.ts';
import { MEASURES, type TaskMeasure } from './measures.ts';

/** How runtime, CPU, memory and GPU of the tasks are spread. */
export function Distributions({ array }: { array: ArrayAnswer }) {
  const known = MEASURES.flatMap((measure) => {
    const distribution = measure.distribution(array);
    return distribution ? [{ measure, distribution }] : [];
  });
  if (known.length === 0) return null;
  return (
    <section class="distributions">
      {known.map(({ measure, distribution }) => (
        <Histogram
          key={measure.name}
          measure={measure}
          distribution={distribution}
          limit={limitOf(array, measure)}
        />
      ))}
    </section>
  );
}

const limitOf = (array: ArrayAnswer, { name }: TaskMeasure): number | undefined =>
  name === 'memory' ? array.memory_limit_mb : name === 'runtime' ? array.time_limit_seconds : undefined;

interface HistogramProps {
  readonly measure: TaskMeasure;
  readonly distribution: DistributionAnswer;
  /** What the tasks asked for. */
  readonly limit: number | undefined;
}

function Histogram({ measure: { title, format }, distribution, limit }: HistogramProps) {
  const { count, min, lower_quartile, median, upper_quartile, max, bins } = distribution;
  const most = Math.max(...bins.counts);
  const width = (bins.high - bins.low) / bins.counts.length;
  const edge = (bin: number) => format(bins.low + bin * width);
  return (
    <figure>
      <figcaption>
        <b>{title}</b> <span class="soft">{formatCount(count, 'task')}</span>
        {limit !== undefined && <span class="soft">, {format(limit)} asked for</span>}
      </figcaption>
      <div class="histogram" aria-hidden="true">
        {bins.counts.map((tasks, bin) => (
          <span key={edge(bin)} title={`${edge(bin)} to ${edge(bin + 1)}: ${formatCount(tasks, 'task')}`}>
            <span style={{ height: `${(100 * tasks) / most}%` }} class={tasks > 0 ? 'is-some' : undefined} />
          </span>
        ))}
      </div>
      <div class="histogram-ends soft" aria-hidden="true">
        <span>{format(bins.low)}</span>
        <span>{bins.high > bins.low && format(bins.high)}</span>
      </div>
      <dl>
        {min > bins.low && <Quantile name="least" value={format(min)} />}
        <Quantile name="quarter" value={format(lower_quartile)} />
        <Quantile name="half" value={format(median)} />
        <Quantile name="three quarters" value={format(upper_quartile)} />
        {max < bins.high && <Quantile name="most" value={format(max)} />}
      </dl>
    </figure>
  );
}

function Quantile({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
