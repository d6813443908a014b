import type { SummaryAnswer } from '../../api/summary.ts';
import { formatMb, formatPercent, groupDigits } from '../../domain/figures.ts';

const FIRST_ROWS = 50;

/** Lists the nodes of a run with what each used, the idlest first. */
export function NodeTable({ summary }: { summary: SummaryAnswer }) {
  const nodes = [...summary.nodes].sort(
    (one, other) => (one.cpu_usage?.mean ?? 0) - (other.cpu_usage?.mean ?? 0),
  );
  if (nodes.length === 0) return null;
  const imbalance = imbalanceOf(nodes.map(({ cpu_usage }) => cpu_usage?.mean));
  const hasGpu = nodes.some(({ gpu_usage }) => gpu_usage);
  return (
    <section aria-labelledby="nodes">
      <h2 id="nodes">Nodes</h2>
      {imbalance !== undefined && nodes.length > 1 && (
        <p class="soft">
          CPU imbalance {formatPercent(100 * imbalance)}: the difference between the busiest and the idlest
          node, of the busiest.
        </p>
      )}
      <table>
        <thead>
          <tr>
            <th scope="col">Node</th>
            <th scope="col" class="figure">
              CPU, mean
            </th>
            <th scope="col" class="figure">
              CPU, most
            </th>
            <th scope="col" class="figure">
              Memory, mean
            </th>
            <th scope="col" class="figure">
              Memory, most
            </th>
            {hasGpu && (
              <th scope="col" class="figure">
                GPU, mean
              </th>
            )}
            {hasGpu && (
              <th scope="col" class="figure">
                GPU, most
              </th>
            )}
            <th scope="col" class="figure">
              Samples
            </th>
          </tr>
        </thead>
        <tbody>
          {nodes.slice(0, FIRST_ROWS).map(({ node, cpu_usage, memory_usage_mb, gpu_usage, samples }) => (
            <tr key={node}>
              <th scope="row">{node}</th>
              <td class="figure">{cpu_usage && formatPercent(cpu_usage.mean)}</td>
              <td class="figure">{cpu_usage && formatPercent(cpu_usage.max)}</td>
              <td class="figure">{memory_usage_mb && formatMb(memory_usage_mb.mean)}</td>
              <td class="figure">{memory_usage_mb && formatMb(memory_usage_mb.max)}</td>
              {hasGpu && <td class="figure">{gpu_usage && formatPercent(gpu_usage.mean)}</td>}
              {hasGpu && <td class="figure">{gpu_usage && formatPercent(gpu_usage.max)}</td>}
              <td class="figure">{groupDigits(samples)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {nodes.length > FIRST_ROWS && (
        <p class="soft">
          The {FIRST_ROWS} idlest of {nodes.length} nodes; the summary as JSON has all.
        </p>
      )}
    </section>
  );
}

/** (most − least) / most; undefined if nothing was measured. */
function imbalanceOf(means: readonly (number | undefined)[]): number | undefined {
  const known = means.filter((mean) => mean !== undefined);
  const most = known.reduce((one, other) => Math.max(one, other), 0);
  if (most === 0) return undefined;
  return (most - known.reduce((one, other) => Math.min(one, other), most)) / most;
}
