import type { NodeAmountAnswer, NodeSummaryAnswer } from '../../api/node-list.ts';
import { formatMb, shorten } from '../../domain/figures.ts';
import { Moment } from '../parts/moment.tsx';
import { nodeAddress } from '../parts/router.ts';
import { stateOf, troublesOf, WORDS } from './node-state.ts';

/** More rows than anybody reads; the filter finds the others. */
const MAX_ROWS = 1000;

const COLUMNS = [
  'CPUs used',
  'given',
  'in all',
  'Memory used',
  'given',
  'in all',
  'GPUs used',
  'given',
  'in all',
];

/** The nodes as a table: for readers who do not see the grid, for phones and for printing. */
export function NodeTable({ nodes }: { nodes: readonly NodeSummaryAnswer[] }) {
  return (
    <>
      <div class="wide">
        <table class="nodes">
          <thead>
            <tr>
              <th scope="col">Node</th>
              <th scope="col">State</th>
              <th scope="col" class="figure">
                Jobs
              </th>
              {COLUMNS.map((name) => (
                <th key={name} scope="col" class="figure">
                  {name}
                </th>
              ))}
              <th scope="col" class="figure">
                Reported
              </th>
              <th scope="col">What is amiss</th>
            </tr>
          </thead>
          <tbody>
            {nodes.slice(0, MAX_ROWS).map((node) => (
              <NodeRow key={node.node} node={node} />
            ))}
          </tbody>
        </table>
      </div>
      {nodes.length > MAX_ROWS && (
        <p class="soft">The first {MAX_ROWS} are shown; filter to see others, or ask GET /v1/nodes.</p>
      )}
    </>
  );
}

function NodeRow({ node }: { node: NodeSummaryAnswer }) {
  return (
    <tr class={stateOf(node) === 'silent' ? 'is-silent' : undefined}>
      <th scope="row">
        <a href={nodeAddress(node.node)}>{node.node}</a>
      </th>
      <td title={node.scheduler?.state}>{node.scheduler?.state ?? WORDS[stateOf(node)]}</td>
      <td class="figure">{node.jobs}</td>
      <Amount amount={node.cpus} format={shorten} />
      <Amount amount={node.memory_mb} format={formatMb} />
      <Amount amount={node.gpus} format={shorten} />
      <td class="figure">{node.agent && <Moment time={node.agent.received} isRelative />}</td>
      <td class="amiss">{troublesOf(node).join(' ')}</td>
    </tr>
  );
}

function Amount({ amount, format }: { amount: NodeAmountAnswer; format: (value: number) => string }) {
  const { used, allocated, total } = amount;
  const text = (value: number | undefined) => (value === undefined ? '' : format(value));
  // Of a node without any there is nothing to say.
  const isNone = total === undefined && !allocated && !used;
  return (
    <>
      <td class="figure">{isNone ? '' : text(used)}</td>
      <td class="figure">{isNone ? '' : text(allocated)}</td>
      <td class="figure">{isNone ? '' : text(total)}</td>
    </>
  );
}
