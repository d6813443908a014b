import { PARTITIONS } from './cluster.ts';
import { createRandom } from './random.ts';

const HOUR_MS = 3_600_000;
/** A node is silent for this long, then another. */
const SILENCE_MS = 3 * HOUR_MS;
/** So that a silence is old enough to be seen at full hours. */
const OFFSET_MS = 100 * 60_000;

/** The node whose agent is silent at a time, and since when: a switch of its rack hangs. */
export function silentNode(timeMs: number): { readonly node: string; readonly sinceMs: number } {
  const turn = Math.floor((timeMs - OFFSET_MS) / SILENCE_MS);
  const { nodes } = PARTITIONS[0]!;
  const node = nodes[Math.floor(createRandom(turn)() * nodes.length)]!;
  return { node, sinceMs: turn * SILENCE_MS + OFFSET_MS };
}

/** A node without its file system fails every job within seconds, for this part of each turn. */
const HOLE_TURN_MS = 2 * HOUR_MS;
const HOLE_MS = HOUR_MS;

/** The node that fails every job that starts on it at a time; undefined while there is none. */
export function blackHole(timeMs: number): string | undefined {
  return timeMs % HOLE_TURN_MS < HOLE_MS ? holeOf(turnOf(timeMs)) : undefined;
}

/** Nodes that get no other jobs at a time, because they fail them, or soon will. */
export const shunnedNodes = (timeMs: number): readonly string[] => [
  DRAINED_NODE,
  ...[0, 1].map((later) => holeOf(turnOf(timeMs) + later)),
];

/** A node that waits for somebody with a screwdriver. */
export const DRAINED_NODE = 'cpu008';

const turnOf = (timeMs: number): number => Math.floor(timeMs / HOLE_TURN_MS);

function holeOf(turn: number): string {
  const { nodes } = PARTITIONS[0]!;
  return nodes[Math.floor(createRandom(turn ^ 0x2545f491)() * nodes.length)]!;
}

/** Whether the service hears of a node at a time. */
export const isHeard = (node: string, timeMs: number): boolean => silentNode(timeMs).node !== node;
