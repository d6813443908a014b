import { defined } from '../../domain/defined.ts';
import { isIdentity } from '../../domain/identity.ts';
import type { SchedulerNode } from '../../domain/nodes/scheduler-node.ts';
import { readCount } from '../values/count.ts';
import { readGpus } from '../values/gres.ts';
import { conditionOf } from '../values/node-state.ts';
import { type Unreadable, UnreadableRecords } from './unreadable.ts';

/** Names of `sinfo --Format` that every version from 21.08 to 26.05 has (src/sinfo/opts.c). */
const COLUMNS = [
  'NodeList',
  'StateComplete',
  'Partition',
  'CPUsState',
  'Memory',
  'AllocMem',
  'Gres',
  'GresUsed',
  'Features',
  'Reason',
];

/** What sinfo prints for nothing. */
const NOTHING: ReadonlySet<string> = new Set(['', '(null)', 'none', 'n/a']);
/** A node in more partitions, or with more features, than anybody has. */
const MAX_NAMES = 256;
const MAX_REASON = 1000;

/**
 * Returns the arguments of sinfo that print each node, once for each of its partitions, with every column
 * ended by `separator`. The colon before it prevents sinfo from cutting columns at 20 characters.
 */
export const sinfoNodeArguments = (separator: string): string[] => [
  '-a',
  '-h',
  '-N',
  '--local',
  '-O',
  COLUMNS.map((column) => `${column}:${separator}`).join(','),
];

/**
 * Reads the output of sinfo with `sinfoNodeArguments(separator)`. Unreadable records are counted and skipped.
 */
export function readSinfoNodes(
  text: string,
  separator: string,
): { readonly nodes: ReadonlyMap<string, SchedulerNode>; readonly unreadable: Unreadable } {
  const unreadable = new UnreadableRecords();
  const nodes = new Map<string, SchedulerNode>();
  for (const record of text.split(`${separator}\n`)) {
    if (record.trim() === '') continue;
    const values = record.split(separator).map((value) => value.trim());
    const [node = '', , partition = ''] = values;
    if (values.length !== COLUMNS.length || !isIdentity(node)) {
      unreadable.add(record, `It is not a node with ${COLUMNS.length} columns.`);
      continue;
    }
    const known = nodes.get(node);
    nodes.set(node, known ? inPartition(known, partition) : readNode(node, values));
  }
  return { nodes, unreadable };
}

function readNode(node: string, values: readonly string[]): SchedulerNode {
  const [, state = '', partition = '', cpus = '', memory, memoryAllocated, gres = '', gresUsed = ''] = values;
  // Allocated, idle, other and total.
  const [cpusAllocated, , , total] = cpus.split('/').map(readCount);
  const reason = values[9]!;
  return defined<SchedulerNode>({
    node,
    state,
    condition: conditionOf(state),
    reason: NOTHING.has(reason.toLowerCase()) ? undefined : reason.slice(0, MAX_REASON),
    partitions: [nameOf(partition)],
    cpus: total,
    cpusAllocated,
    memoryMb: readCount(memory),
    memoryAllocatedMb: readCount(memoryAllocated),
    gpus: readGpus(gres, gresUsed),
    features: NOTHING.has(values[8]!) ? [] : values[8]!.split(',').slice(0, MAX_NAMES),
  });
}

const inPartition = (node: SchedulerNode, partition: string): SchedulerNode =>
  node.partitions.length < MAX_NAMES
    ? { ...node, partitions: [...node.partitions, nameOf(partition)].sort() }
    : node;

/** The star marks the default partition. */
const nameOf = (partition: string): string => partition.replace(/\*$/, '');
