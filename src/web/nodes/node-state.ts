import type { NodeSummaryAnswer } from '../../api/node-list.ts';

/** What a tile shows by its shape. */
export type NodeState = 'up' | 'drained' | 'down' | 'silent';

export const WORDS: Record<NodeState, string> = {
  up: 'up',
  drained: 'drained',
  down: 'down',
  silent: 'silent',
};

/** A clock that is further off than this makes times of samples hard to compare. */
const CLOCK_SECONDS = 10;

/** Returns the state of a node: what keeps jobs away comes before what is only not known. */
export function stateOf({ scheduler, agent }: NodeSummaryAnswer): NodeState {
  if (scheduler && scheduler.condition !== 'up') return scheduler.condition;
  return agent?.silent ? 'silent' : 'up';
}

/** Returns what is amiss with a node, a sentence each. */
export function troublesOf({ scheduler, agent }: NodeSummaryAnswer): string[] {
  const reason = scheduler && scheduler.condition !== 'up' ? scheduler.reason : undefined;
  const clock = Math.abs(agent?.clock_difference_seconds ?? 0);
  return [
    ...(reason === undefined ? [] : [`${reason}.`]),
    ...(agent?.silent ? ['Its agent is silent.'] : []),
    ...(agent && !agent.silent && clock > CLOCK_SECONDS
      ? [`Its clock differs by ${Math.round(clock)} s.`]
      : []),
    ...(agent?.troubles ?? []),
  ];
}
