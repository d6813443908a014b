import { useEffect } from 'preact/hooks';
import type { NodeAnswer, NodeListAnswer } from '../../api/node-list.ts';
import { formatBytes, formatCount, formatPercent, shorten } from '../../domain/figures.ts';
import { writeTerm } from '../parts/filter.ts';
import { Moment } from '../parts/moment.tsx';
import { Problem } from '../parts/problem.tsx';
import { getJson } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';
import { addressOf } from '../parts/router.ts';

const POLL_MS = 15_000;
/** More rows than anybody reads; the API has all. */
const MAX_ROWS = 2000;
/** A clock that is further off than this makes times of samples hard to compare. */
const CLOCK_SECONDS = 10;

/** The nodes whose agents report: how busy they are, and what is amiss. */
export function NodesPage() {
  const { value, error } = useResource('nodes', (signal) => getJson<NodeListAnswer>('v1/nodes', {}, signal), {
    everyMs: POLL_MS,
  });
  useEffect(() => {
    document.title = 'Nodes · hpc-observe';
  }, []);
  if (!value) return error ? <Problem error={error} /> : <p class="soft">Reading …</p>;
  const { nodes } = value;
  if (nodes.length === 0)
    return (
      <>
        <h1>No node has reported yet</h1>
        <p>
          Run the agent on the compute nodes:{' '}
          <code>hpc-observe agent --server {new URL('.', document.baseURI).href}</code>
        </p>
      </>
    );
  const silent = nodes.filter((node) => node.silent).length;
  return (
    <>
      <h1 class="visually-hidden">Nodes</h1>
      {error && <Problem error={error} />}
      <p role="status">
        {formatCount(nodes.length, 'node')}
        {silent > 0 && `, ${silent} of them silent`}
      </p>
      <div class="wide">
        <NodeTable nodes={nodes.slice(0, MAX_ROWS)} />
      </div>
      {nodes.length > MAX_ROWS && <p class="soft">The first {MAX_ROWS} are shown; GET /v1/nodes has all.</p>}
    </>
  );
}

function NodeTable({ nodes }: { nodes: readonly NodeAnswer[] }) {
  return (
    <table class="nodes">
      <thead>
        <tr>
          <th scope="col">Node</th>
          <th scope="col" class="figure">
            Jobs
          </th>
          <th scope="col" class="figure">
            CPUs used by jobs
          </th>
          <th scope="col" class="figure">
            Memory used by jobs
          </th>
          <th scope="col" class="figure">
            Load
          </th>
          <th scope="col">GPUs</th>
          <th scope="col" class="figure">
            Reported
          </th>
          <th scope="col">What is amiss</th>
        </tr>
      </thead>
      <tbody>
        {nodes.map((node) => (
          <NodeRow key={node.node} node={node} />
        ))}
      </tbody>
    </table>
  );
}

/** Of a silent node only what it is, and since when; old values would pass for those of now. */
function NodeRow({ node }: { node: NodeAnswer }) {
  const { silent } = node;
  return (
    <tr class={silent ? 'is-silent' : undefined}>
      <th scope="row">
        <a href={addressOf('jobs', { filter: `${writeTerm('node', node.node)} state:running` })}>
          {node.node}
        </a>
      </th>
      <td class="figure">{silent ? '' : node.jobs}</td>
      <td class="figure">{silent ? '' : ofText(node.job_cpus_used, node.cpus, shorten)}</td>
      <td class="figure">{silent ? '' : ofText(node.job_memory_bytes, node.memory_bytes, formatBytes)}</td>
      <td class="figure">{silent || node.load1 === undefined ? '' : node.load1.toFixed(1)}</td>
      <td>{silent ? '' : gpusText(node)}</td>
      <td class="figure">
        <Moment time={node.received} isRelative />
      </td>
      <td class="amiss">{troublesOf(node).join(' ')}</td>
    </tr>
  );
}

function ofText(
  used: number | null | undefined,
  all: number | null | undefined,
  format: (value: number) => string,
): string {
  if (typeof all !== 'number') return typeof used === 'number' ? format(used) : '';
  return typeof used === 'number' ? `${format(used)} of ${format(all)}` : `of ${format(all)}`;
}

/** Such as `4 × H100, 85 %`. */
function gpusText({ gpus }: NodeAnswer): string {
  if (gpus.length === 0) return '';
  const models = [...Map.groupBy(gpus, ({ model }) => model ?? 'GPU')];
  const names = models.map(([model, of]) => `${of.length} × ${model}`).join(', ');
  const known = gpus.flatMap(({ utilization_percent }) => utilization_percent ?? []);
  if (known.length === 0) return names;
  return `${names}, ${formatPercent(known.reduce((sum, one) => sum + one, 0) / known.length)}`;
}

function troublesOf({ silent, collectors = [], clock_difference_seconds }: NodeAnswer): string[] {
  const clock = Math.abs(clock_difference_seconds);
  return [
    ...(silent ? ['Its agent is silent.'] : []),
    ...(!silent && clock > CLOCK_SECONDS ? [`Its clock differs by ${Math.round(clock)} s.`] : []),
    ...(silent ? [] : (collectors ?? []).flatMap(({ message }) => message ?? [])),
  ];
}
