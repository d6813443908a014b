import type { NodeCondition } from '../../domain/nodes/scheduler-node.ts';

/**
 * Words of the complete state of a node (`idle+drain`, sinfo(1) NODE STATE CODES) that keep jobs away. A node
 * that is powered down is well: it starts when a job needs it.
 */
const DOWN = ['down', 'error', 'future', 'unknown', 'not_responding', 'invalid_reg'];
const DRAINED = ['drain', 'drained', 'draining', 'fail', 'failing', 'maint', 'maintenance'];

/** Returns whether a node in a state, as `sinfo -O StateComplete` prints it, takes new jobs. */
export function conditionOf(state: string): NodeCondition {
  const words = state.toLowerCase().split('+');
  const isAny = (known: readonly string[]) => words.some((word) => known.includes(word));
  if (isAny(DOWN)) return 'down';
  return isAny(DRAINED) ? 'drained' : 'up';
}
