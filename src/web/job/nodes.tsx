import { useState } from 'preact/hooks';
import type { SummaryAnswer } from '../../api/summary.ts';
import { formatBytes, formatMb, formatPercent, groupDigits } from '../../domain/figures.ts';
import { nodeAddress } from '../parts/router.ts';

const FIRST_ROWS = 10;
const MOST_ROWS = 500;

type NodeSummary = SummaryAnswer['nodes'][number];

/** Lists the nodes of a run with what each used, the idlest first, and its GPUs. */
export function NodeTable({ summary }: { summary: SummaryAnswer }) {
  const [rows, setRows] = useState(FIRST_ROWS);
  const nodes = [...summary.nodes].sort(
    (one, other) => (one.cpu_usage?.mean ?? 0) - (other.cpu_usage?.mean ?? 0),
  );
  if (nodes.length === 0) return null;
  const hasGpu = nodes.some(({ gpu_usage }) => gpu_usage);
  return (
    <div class="node-tables">
      <section aria-labelledby="nodes">
        <h2 id="nodes">Nodes</h2>
        {nodes.length > 1 && <Imbalance nodes={nodes} />}
        <table>
          <thead>
            <tr>
              <th scope="col">Node</th>
              <Head names={['CPU, mean', 'CPU, most', 'Memory, mean', 'Memory, most']} />
              {hasGpu && <Head names={['GPU, mean', 'GPU, most']} />}
              <Head names={['Samples']} />
            </tr>
          </thead>
          <tbody>
            {nodes.slice(0, rows).map(({ node, cpu_usage, memory_usage_mb, gpu_usage, samples }) => (
              <tr key={node}>
                <th scope="row">
                  <a href={nodeAddress(node)}>{node}</a>
                </th>
                <Load load={cpu_usage} format={formatPercent} />
                <Load load={memory_usage_mb} format={formatMb} />
                {hasGpu && <Load load={gpu_usage} format={formatPercent} />}
                <td class="figure">{groupDigits(samples)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <More shown={rows} count={nodes.length} noun="nodes" onAll={() => setRows(MOST_ROWS)} />
      </section>
      <GpuTable nodes={summary.nodes} />
    </div>
  );
}

const Head = ({ names }: { names: readonly string[] }) => (
  <>
    {names.map((name) => (
      <th key={name} scope="col" class="figure">
        {name}
      </th>
    ))}
  </>
);

interface LoadProps {
  readonly load: { readonly mean: number; readonly max: number } | undefined;
  readonly format: (value: number) => string;
}

const Load = ({ load, format }: LoadProps) => (
  <>
    <td class="figure">{load && format(load.mean)}</td>
    <td class="figure">{load && format(load.max)}</td>
  </>
);

/** Says of each measure how far the mean of the nodes is below the busiest of them. */
function Imbalance({ nodes }: { nodes: readonly NodeSummary[] }) {
  const means = (pick: (node: NodeSummary) => { mean: number } | undefined) =>
    imbalanceOf(nodes.map((node) => pick(node)?.mean));
  const all = [
    ['CPU', means(({ cpu_usage }) => cpu_usage)],
    ['memory', means(({ memory_usage_mb }) => memory_usage_mb)],
    ['GPU', means(({ gpu_usage }) => gpu_usage)],
  ] as const;
  const texts = all.flatMap(([name, share]) =>
    share === undefined ? [] : [`${name} ${formatPercent(100 * share)}`],
  );
  if (texts.length === 0) return null;
  return (
    <p class="soft" title="(busiest node − mean of the nodes) / busiest node">
      Imbalance: {texts.join(', ')}. 0 % means that all nodes did the same.
    </p>
  );
}

/** (most − mean) / most; undefined if nothing was measured, or nothing was used. */
export function imbalanceOf(means: readonly (number | undefined)[]): number | undefined {
  const known = means.filter((mean) => mean !== undefined);
  const most = known.reduce((one, other) => Math.max(one, other), 0);
  if (known.length < 2 || most === 0) return undefined;
  return (most - known.reduce((sum, mean) => sum + mean) / known.length) / most;
}

/** Lists the GPUs of the nodes, the idlest first; nothing where they could not be told apart. */
function GpuTable({ nodes }: { nodes: readonly NodeSummary[] }) {
  const [rows, setRows] = useState(FIRST_ROWS);
  const gpus = nodes
    .flatMap(({ node, gpus = [] }) => gpus.map((gpu) => ({ node, ...gpu })))
    .sort((one, other) => (one.utilization_percent?.mean ?? 0) - (other.utilization_percent?.mean ?? 0));
  if (gpus.length === 0) return null;
  return (
    <section aria-labelledby="gpus">
      <h2 id="gpus">GPUs</h2>
      <table aria-labelledby="gpus">
        <thead>
          <tr>
            <th scope="col">Node</th>
            <th scope="col">GPU</th>
            <Head names={['Use, mean', 'Use, most', 'Idle', 'Memory, mean', 'Memory, most']} />
          </tr>
        </thead>
        <tbody>
          {gpus.slice(0, rows).map((gpu) => (
            <tr key={`${gpu.node} ${gpu.gpu}`}>
              <td>
                <a href={nodeAddress(gpu.node)}>{gpu.node}</a>
              </td>
              <th scope="row" class="uuid" title={gpu.gpu}>
                {gpu.gpu}
              </th>
              <Load load={gpu.utilization_percent} format={formatPercent} />
              <td class="figure">{gpu.idle_share !== undefined && formatPercent(100 * gpu.idle_share)}</td>
              <Load load={gpu.memory_used_bytes} format={(bytes) => formatBytes(Math.round(bytes))} />
            </tr>
          ))}
        </tbody>
      </table>
      <More shown={rows} count={gpus.length} noun="GPUs" onAll={() => setRows(MOST_ROWS)} />
    </section>
  );
}

interface MoreProps {
  readonly shown: number;
  readonly count: number;
  readonly noun: string;
  readonly onAll: () => void;
}

/** Says that only the idlest are shown, and shows the others. */
function More({ shown, count, noun, onAll }: MoreProps) {
  if (count <= shown) return null;
  return (
    <p class="soft">
      The {shown} idlest of {count} {noun}.{' '}
      {shown < MOST_ROWS ? (
        <button type="button" onClick={onAll}>
          Show {count > MOST_ROWS ? MOST_ROWS : 'all'}
        </button>
      ) : (
        'The summary as JSON has all.'
      )}
    </p>
  );
}
