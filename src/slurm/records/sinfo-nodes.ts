import { defined } from '../../domain/defined.ts';
import { isIdentity } from '../../domain/identity.ts';
import type { SchedulerNode } from '../../domain/nodes/scheduler-node.ts';
import { readCount } from '../values/count.ts';
import { readGpus } from '../values/gres.ts';
import { conditionOf } from '../values/node-state.ts';
import { recordCutter } from './record-cutter.ts';
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

interface SinfoReader {
  /** Reads the records that end in the next piece of the output. */
  read(text: string): void;
  /** Call this after the last piece: an incomplete record is counted as unreadable. */
  finish(): void;
  readonly nodes: ReadonlyMap<string, SchedulerNode>;
  readonly unreadable: Unreadable;
}

/**
 * Reads the output of sinfo with `sinfoNodeArguments(separator)` in pieces of any size, because that of
 * 10,000 nodes takes tens of milliseconds. Unreadable records are counted and skipped.
 */
export function createSinfoReader(separator: string): SinfoReader {
  const unreadable = new UnreadableRecords();
  const cutter = recordCutter(`${separator}\n`, unreadable);
  const nodes = new Map<string, SchedulerNode>();

  function addRecord(record: string): void {
    const values = record.split(separator).map((value) => value.trim());
    const [node = '', , partition = ''] = values;
    if (values.length !== COLUMNS.length || !isIdentity(node)) {
      unreadable.add(record, `It is not a node with ${COLUMNS.length} columns.`);
      return;
    }
    const known = nodes.get(node);
    nodes.set(node, known ? inPartition(known, partition) : readNode(node, values));
  }

  return {
    nodes,
    unreadable,
    read: (text) => cutter.cut(text).forEach(addRecord),
    finish() {
      const rest = cutter.takeRest();
      if (rest.trim() !== '') unreadable.add(rest, 'The output ends in the middle of a record.');
    },
  };
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
