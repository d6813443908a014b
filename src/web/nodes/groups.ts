import type { NodeSummaryAnswer } from '../../api/node-list.ts';
import { stateOf } from './node-state.ts';

// Which nodes are shown, and under which headings. Pure.

export const GROUPINGS = ['partition', 'name', 'none'] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface NodeGroup {
  readonly name: string;
  readonly nodes: readonly NodeSummaryAnswer[];
}

/** More headings than this are no help: the smallest groups are one. */
const MAX_GROUPS = 40;

const NAMES: Record<Grouping, (node: NodeSummaryAnswer) => string> = {
  // A node of several partitions is shown once.
  partition: ({ scheduler }) => scheduler?.partitions[0] ?? 'no partition',
  // `r01n` of r01n05.example.org: the rack, or the kind of node.
  name: ({ node }) => node.split('.')[0]!.replace(/\d+$/, '') || node,
  none: () => '',
};

/** Names that make more groups than this are each a name of its own. */
const MAX_USUAL_GROUPS = 12;

/** Returns how nodes are grouped unless the reader chooses: by partition where the scheduler tells any. */
export function usualGrouping(nodes: readonly NodeSummaryAnswer[]): Grouping {
  if (nodes.some(({ scheduler }) => scheduler)) return 'partition';
  return groupNodes(nodes, 'name').length <= MAX_USUAL_GROUPS ? 'name' : 'none';
}

/** Groups nodes; the groups are in the order of their names, the nodes in that of theirs. */
export function groupNodes(nodes: readonly NodeSummaryAnswer[], grouping: Grouping): NodeGroup[] {
  const groups = [...Map.groupBy(nodes, NAMES[grouping])].map(([name, of]) => ({ name, nodes: of }));
  const largest = groups.toSorted((one, other) => other.nodes.length - one.nodes.length);
  const kept = groups.length > MAX_GROUPS ? largest.slice(0, MAX_GROUPS - 1) : largest;
  const rest = largest.slice(kept.length).flatMap(({ nodes: of }) => of);
  return [
    ...kept.sort((one, other) => one.name.localeCompare(other.name, 'en', { numeric: true })),
    ...(rest.length > 0 ? [{ name: 'others', nodes: rest }] : []),
  ];
}

/** Returns the nodes with every word of a filter in name, state, partitions, GPUs, features or reason. */
export function filterNodes(
  nodes: readonly NodeSummaryAnswer[],
  filter: string,
): readonly NodeSummaryAnswer[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return words.length === 0
    ? nodes
    : nodes.filter((node) => words.every((word) => textOf(node).includes(word)));
}

const textOf = (node: NodeSummaryAnswer): string => {
  const { scheduler, gpu_models } = node;
  return [
    node.node,
    stateOf(node),
    ...gpu_models.map(({ model = '' }) => model),
    ...(scheduler ? [scheduler.state, ...scheduler.partitions, ...scheduler.features, scheduler.reason] : []),
  ]
    .join(' ')
    .toLowerCase();
};
