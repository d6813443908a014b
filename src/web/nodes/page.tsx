import { useEffect } from 'preact/hooks';
import type { NodeListAnswer } from '../../api/node-list.ts';
import { formatCount } from '../../domain/figures.ts';
import { Problem } from '../parts/problem.tsx';
import { getJson } from '../parts/request.ts';
import { useResource } from '../parts/resource.ts';
import { stateOf } from './node-state.ts';
import { NodeTable } from './table.tsx';

const POLL_MS = 15_000;

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
  const silent = nodes.filter((node) => stateOf(node) === 'silent').length;
  return (
    <>
      <h1 class="visually-hidden">Nodes</h1>
      {error && <Problem error={error} />}
      <p role="status">
        {formatCount(nodes.length, 'node')}
        {silent > 0 && `, ${silent} of them silent`}
      </p>
      <NodeTable nodes={nodes} />
    </>
  );
}
