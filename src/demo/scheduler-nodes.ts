import type { SchedulerNode, SchedulerNodes } from '../domain/nodes/scheduler-node.ts';
import { NODES, placesIn, QUARTERS } from './cluster.ts';
import type { DemoJob } from './life.ts';
import { DRAINED_NODE } from './trouble.ts';

/** What sinfo would say of the nodes while some jobs run. */
export function schedulerNodes(running: readonly DemoJob[], timeMs: number): SchedulerNodes {
  const taken = new Map<string, number>();
  for (const { nodes, quarters } of running)
    for (const node of nodes) taken.set(node, (taken.get(node) ?? 0) + quarters);
  return {
    timeMs,
    nodes: new Map([...NODES.keys()].map((node) => [node, schedulerNode(node, taken.get(node) ?? 0)])),
  };
}

function schedulerNode(node: string, quarters: number): SchedulerNode {
  const partition = NODES.get(node)!;
  const share = quarters / QUARTERS;
  const total = placesIn(partition).length;
  const isDrained = node === DRAINED_NODE;
  const use = quarters === 0 ? 'idle' : quarters === QUARTERS ? 'allocated' : 'mixed';
  return {
    node,
    state: isDrained ? `${use}+drain` : use,
    condition: isDrained ? 'drained' : 'up',
    ...(isDrained && { reason: 'DIMM B2 reports errors, a new one is ordered' }),
    partitions: [partition.name],
    cpus: partition.cores,
    cpusAllocated: partition.cores * share,
    memoryMb: partition.memoryMb,
    memoryAllocatedMb: Math.floor(partition.memoryMb * share),
    gpus: total === 0 ? [] : [{ model: partition.gpuModel!, total, allocated: total * share }],
    features: [],
  };
}
